/**
 * Fills in what commands print: in README.md and docs/*.md everything between `<!-- output: ARGUMENTS -->` and
 * `<!-- end output -->` becomes what `atlasc ARGUMENTS` prints. Runs start from an empty folder. The pictures are
 * made anew as well. Start it after a build: `node scripts/outputs.mjs`.
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";

const root = join(import.meta.dirname, "..");
const runs = mkdtempSync(join(tmpdir(), "atlasc-outputs-"));

/** What a command prints, errors and results together, with the temporary folder called `runs`. */
function printed(command) {
  const words = command.trim().split(/\s+/);
  const keepsRuns = words[0] === "run";
  const args = [join(root, "dist/bin/atlasc.js"), ...words, ...(keepsRuns ? ["--runs", runs] : [])];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", COLUMNS: "100" },
  });
  // How far a slow run has come is no part of what it says in the end.
  const said = stderr.replace(/^\d+\/\d+ units, .*\n/gm, "");
  const text = `${said}${stdout}`.replaceAll(runs, "runs").replaceAll(`${root}/`, "");
  return text.replace(/ in \d+\.\d s\.$/m, " in … s.").trimEnd();
}

for (const path of ["README.md", ...readdirSync(join(root, "docs")).map((name) => join("docs", name))]) {
  if (!path.endsWith(".md")) continue;
  const file = join(root, path);
  const before = readFileSync(file, "utf8");
  const filled = before.replace(
    /(<!-- output: ([^\n]*) -->)[^]*?(<!-- end output -->)/g,
    (_whole, start, command, end) => `${start}\n\n\`\`\`text\n${printed(command)}\n\`\`\`\n\n${end}`,
  );
  const after = await format(filled, { ...(await resolveConfig(file)), filepath: file });
  if (after === before) continue;
  writeFileSync(file, after);
  console.log(`${path} written`);
}

/** Pictures that the documents show: the protocol, its figure, and the name in docs/images. */
const pictures = [
  ["head-sweep", "figure-1-heatmap.png", "head-sweep.png"],
  ["tutorial-tracing", "figure-1-heatmap.png", "tracing.png"],
  ["tutorial-steering", "figure-1-line.png", "steering.png"],
  ["logit-lens", "figure-1-heatmap.png", "logit-lens.png"],
  ["attention", "figure-1-heatmap.png", "task-attention.png"],
  ["patching", "figure-1-heatmap.png", "task-patching.png"],
  ["steering", "figure-1-line.png", "task-steering.png"],
  ["loss-by-token", "figure-1-text.png", "loss-by-token.png"],
  ["correlation", "figure-1-scatter.png", "task-correlation.png"],
  ["probe", "figure-1-probe.png", "task-probe.png"],
];
for (const [protocol, figure, image] of pictures) {
  const folder = join(runs, protocol);
  // Tasks that are shown by their picture alone have not been run for a document.
  const task = `docs/examples/tasks/${protocol}.atlas`;
  if (!existsSync(folder) && existsSync(join(root, task))) printed(`run ${task}`);
  for (const run of existsSync(folder) ? readdirSync(folder) : []) {
    mkdirSync(join(root, "docs/images"), { recursive: true });
    copyFileSync(join(folder, run, "outputs", figure), join(root, "docs/images", image));
    console.log(`docs/images/${image} written`);
  }
}
rmSync(runs, { recursive: true, force: true });
