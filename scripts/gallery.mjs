/**
 * Fills in docs/gallery.md and the table of pipelines/seeds/README.md: runs every protocol of pipelines/seeds on the models that
 * ship, copies the figures that the page names to docs/images/gallery, and writes what was concluded. Start it after a build:
 * `node scripts/gallery.mjs`, and then `node scripts/outputs.mjs` for what commands print. Runs are kept in a folder
 * of their own, `--runs FOLDER`, so that it can be started again.
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
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { conclusionsOf } from "../dist/test/end-to-end/conclusions.js";

const root = join(import.meta.dirname, "..");
const given = process.argv.indexOf("--runs");
const runs = given === -1 ? mkdtempSync(join(tmpdir(), "atlasc-gallery-")) : process.argv[given + 1];
const images = join(root, "docs/images/gallery");

/** An SVG above this size is shown as PNG. */
const largestSvg = 40_000;

/** The run folder of a protocol, and its record. */
function run(name) {
  const protocol = `pipelines/seeds/${name}.atlas`;
  const args = [join(root, "dist/bin/atlasc.js"), "run", protocol, "--runs", runs];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`${protocol} ended with ${status}\n${stderr}`);
  const folder = join(runs, name, "latest");
  return { folder, record: JSON.parse(readFileSync(join(folder, "record.json"), "utf8")) };
}

const found = new Map();
for (const file of readdirSync(join(root, "pipelines/seeds")).sort()) {
  if (!file.endsWith(".atlas")) continue;
  const name = file.replace(".atlas", "");
  const { folder, record } = run(name);
  const conclusions = record.decisions.flatMap(({ outcome }) => (outcome === null ? [] : conclusionsOf(outcome)));
  found.set(name, { folder, conclusions });
  console.log(`${name}: ${conclusions.length} conclusions`);
}

/** Copies a figure and returns its path from docs/. */
function picture(name, number) {
  const outputs = join(found.get(name).folder, "outputs");
  const [svg] = readdirSync(outputs).filter((file) => file.startsWith(`figure-${number}-`) && file.endsWith(".svg"));
  if (svg === undefined) throw new Error(`${name} has no figure ${number}`);
  const file = statSync(join(outputs, svg)).size > largestSvg ? svg.replace(/svg$/, "png") : svg;
  const image = `${name}-${number}${file.slice(file.lastIndexOf("."))}`;
  mkdirSync(images, { recursive: true });
  copyFileSync(join(outputs, file), join(images, image));
  return { path: `images/gallery/${image}`, kind: file.replace(/^figure-\d+-|\.\w+$/g, "") };
}

async function fill(path, pattern, replacement) {
  const file = join(root, path);
  const before = readFileSync(file, "utf8");
  const filled = before.replace(pattern, replacement);
  const after = await format(filled, { ...(await resolveConfig(file)), filepath: file });
  if (after === before) return;
  writeFileSync(file, after);
  console.log(`${path} written`);
}

/** Verdicts, classes and places alone, for a cell of a table. */
function inShort(conclusions) {
  const said = conclusions.filter((line) => !/^(compare|correlate|principal)/.test(line));
  return said.map((line) => line.replace(/^\*\*([A-Z ]+)\*\*: .*$/, "$1")).join("; ") || "numbers alone";
}

const shown = new Set();
await fill(
  "docs/gallery.md",
  /(<!-- gallery: (\S+) ([\d,]+) -->)[^]*?(<!-- end gallery -->)/g,
  (_whole, start, name, numbers, end) => {
    if (!found.has(name)) throw new Error(`there is no pipelines/seeds/${name}.atlas`);
    shown.add(name);
    const pictures = numbers.split(",").map((number) => {
      const { path, kind } = picture(name, number);
      return `![Figure ${number} of ${name}: ${kind}](${path})`;
    });
    const { conclusions } = found.get(name);
    const link = `[\`${name}.atlas\`](../pipelines/seeds/${name}.atlas)`;
    return [start, `${link} concludes`, conclusions.map((line) => `- ${line}`).join("\n"), ...pictures, end].join(
      "\n\n",
    );
  },
);
for (const name of found.keys()) if (!shown.has(name)) console.error(`docs/gallery.md does not show ${name}`);

await fill(
  "pipelines/seeds/README.md",
  /(<!-- conclusions: (\S+) -->)[^]*?(<!-- end conclusions -->)/g,
  (_whole, start, name, end) => `${start} ${inShort(found.get(name).conclusions)} ${end}`,
);
if (given === -1 && existsSync(runs)) rmSync(runs, { recursive: true, force: true });
