/**
 * Compiles into dist/, and puts the command line together in dist/bin/. The compiler is incremental and deletes nothing:
 * outputs whose source is gone are removed here, and when an output is missing, its memory is discarded, so that it
 * writes everything again.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { buildSync } from "esbuild";
import { writeSchemaValidators } from "./schema-validators.mjs";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const endings = [".js.map", ".d.ts", ".js"];

rmSync(join(dist, "bin"), { recursive: true, force: true });

/** Every file below a folder of the repository, as a path relative to it; none when there is no such folder. */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

for (const output of filesBelow(dist)) {
  const ending = endings.find((candidate) => output.endsWith(candidate));
  if (ending === undefined) continue;
  const source = join(root, `${output.slice(dist.length, -ending.length)}.ts`);
  if (!existsSync(source)) rmSync(output, { force: true });
}

const sources = ["grammar", "src", "test", "bench"].flatMap((folder) => filesBelow(join(root, folder)));
// The extension of VS Code is a program of its own, see scripts/vscode.mjs; tests open a part of it.
const extension = join(root, "grammar", "vscode");
const missing = sources.some((source) => {
  if (source.startsWith(extension)) return false;
  if (!source.endsWith(".ts") || source.endsWith(".d.ts")) return false;
  const stem = join(dist, source.slice(root.length, -".ts".length));
  return endings.some((ending) => !existsSync(stem + ending));
});
if (missing) rmSync(join(dist, ".tsbuildinfo"), { force: true });

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.json")], { stdio: "inherit" });
if (status === 0) {
  // See grammar/chevrotain.ts. The package exports only its entry, so the single file is found beside that.
  const entry = createRequire(import.meta.url).resolve("chevrotain");
  copyFileSync(join(dirname(entry), "..", "chevrotain.mjs"), join(dist, "grammar/chevrotain.js"));
  await writeSchemaValidators(root, dist);
  // The statistics packages are hundreds of small files, which take longer to find than to run, and every command loads the
  // others, most of them in the slower form of modules: they are put in, too.
  const inside = ["ml-matrix", "commander", "onnx-proto", "@noble/hashes"];
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const installed = Object.keys(dependencies).filter((name) => !name.startsWith("@stdlib/") && !inside.includes(name));
  // A command opens some two hundred of our files, one after the other. In a few files it starts a quarter sooner.
  buildSync({
    entryPoints: {
      atlasc: join(dist, "src/cli/main.js"),
      // Beside the command, where the engine's client looks for it.
      child: join(dist, "src/runtime/engine/child.js"),
      "template-worker": join(dist, "src/runtime/models/template-worker.js"),
      "reading-worker": join(dist, "src/runtime/models/reading-worker.js"),
    },
    outdir: join(dist, "bin"),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: installed,
    // One of them asks for a module of Node's by `require`, which ES modules do not have.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
    // Names stay, for the traces of faults of ours.
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: "warning",
  });
  chmodSync(join(dist, "bin/atlasc.js"), 0o755);
}
process.exitCode = status ?? 1;
