/** What npm is told: which scripts of packages may run, and what the package exports and contains. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { root } from "../support/root.js";
import { filesBelow, textOf } from "./sources.js";

type Target = string | { readonly types: string; readonly default: string };

const manifest = JSON.parse(textOf("package.json")) as {
  readonly types: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, Target>>;
  readonly files: readonly string[];
  readonly allowScripts: Readonly<Record<string, boolean>>;
};
const lock = JSON.parse(textOf("package-lock.json")) as {
  readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>;
};

const targets = [
  manifest.types,
  ...Object.values(manifest.bin),
  ...Object.values(manifest.exports).flatMap((target) =>
    typeof target === "string" ? [target] : [target.types, target.default],
  ),
].map((path) => path.replace(/^\.\//, ""));

test("everything that package.json exports exists and is part of the package", () => {
  const included = (path: string): boolean =>
    path === "package.json" || manifest.files.some((entry) => path === entry || path.startsWith(`${entry}/`));
  assert.ok(targets.length > 8);
  assert.deepEqual(
    targets.filter((path) => !existsSync(join(root, path)) || !included(path)),
    [],
  );
});

test("everything that package.json lists as a part of the package exists", () => {
  const plain = manifest.files.filter((entry) => !entry.startsWith("!"));
  assert.deepEqual(
    plain.filter((entry) => !existsSync(join(root, entry))),
    [],
  );
});

// docs/decisions/0089-what-the-npm-package-holds.md; scripts/package-check.mjs installs it.
test("the package is small, and holds what the README's first command needs", () => {
  const { status, stdout } = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  assert.equal(status, 0);
  const [packed] = JSON.parse(stdout) as readonly { size: number; files: readonly { path: string }[] }[];
  assert.ok(packed !== undefined);
  assert.ok(packed.size < 15_000_000, `${packed.size} bytes`);
  const paths = new Set(packed.files.map(({ path }) => path));
  for (const path of [
    "dist/bin/atlasc.js",
    "dist/bin/child.js",
    "scripts/before-install.mjs",
    "pipelines/head-sweep.atlas",
  ]) {
    assert.ok(paths.has(path), path);
  }
  for (const model of ["gpt2-tiny", "pythia-tiny", "llama-tiny", "pythia-tiny-seed2"]) {
    assert.ok(paths.has(`stdlib/models/${model}/model.safetensors`), model);
  }
});

// docs/decisions/0049-no-install-script-of-onnxruntime.md
test("the lock file keeps onnxruntime-node from downloading CUDA libraries", () => {
  const withScripts = Object.entries(lock.packages)
    .filter(([path, entry]) => path !== "" && entry.hasInstallScript === true)
    .map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));
  assert.ok("node_modules/onnxruntime-node" in lock.packages);
  assert.ok(!withScripts.includes("onnxruntime-node"), 'take its "hasInstallScript" out of package-lock.json again');
  assert.equal(manifest.allowScripts["onnxruntime-node"], false);
  assert.deepEqual(
    withScripts.filter((name) => !(name in manifest.allowScripts)),
    [],
    "say in package.json's allowScripts whether these may run their install scripts",
  );
});

test(".npmrc holds settings that npm knows, and no others", () => {
  const keys = textOf(".npmrc")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split("=")[0]);
  assert.deepEqual(keys, ["fund", "audit"]);
});

test("workflows pin every action to a commit and may only read the repository", () => {
  const workflows = filesBelow(".github/workflows", ".yml").map(textOf);
  assert.ok(workflows.length > 0);
  for (const workflow of workflows) {
    const actions = [...workflow.matchAll(/uses: (\S+)/g)].map(([, action = ""]) => action);
    assert.deepEqual(
      actions.filter((action) => !/@[0-9a-f]{40}$/.test(action)),
      [],
    );
    assert.match(workflow, /^permissions:\n {2}contents: read\n\n/m);
    assert.doesNotMatch(workflow, /secrets\.|write/);
  }
});
