/**
 * Model folders that are broken, from the protocol: the fault is at the source that names the model, and the exit code
 * of the command is 1. What opening a model reports in detail is tested in test/models.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { createWorkspace } from "../check/workspace.js";
import { checkCarets } from "../support/carets.js";

const workspace = createWorkspace();
after(workspace.end);

const models = join(workspace.folder, "models");
const at = (name: string, file: string): string => join(models, name, file);

function edit(path: string, changes: Readonly<Record<string, unknown>>): void {
  const content = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify({ ...content, ...changes }));
}

/** Damages a copy of the model. */
const broken: readonly (readonly [string, string, string, (name: string) => void])[] = [
  [
    "no-config",
    "A4011",
    "the folder",
    (name) => {
      rmSync(at(name, "config.json"));
    },
  ],
  [
    "no-weights",
    "A4013",
    "the folder",
    (name) => {
      rmSync(at(name, "model.safetensors"));
    },
  ],
  [
    "cut-off",
    "A4014",
    "model.safetensors of",
    (name) => {
      truncateSync(at(name, "model.safetensors"), 5000);
    },
  ],
  [
    "mamba",
    "A4001",
    "./models/mamba is a mamba model, which atlasc cannot build",
    (name) => {
      edit(at(name, "config.json"), { model_type: "mamba" });
    },
  ],
  [
    "bad-json",
    "A4012",
    "config.json of",
    (name) => {
      writeFileSync(at(name, "config.json"), "{");
    },
  ],
  [
    "half-config",
    "A4002",
    "config.json of ./models/half-config has no n_layer",
    (name) => {
      edit(at(name, "config.json"), { n_layer: undefined });
    },
  ],
  [
    "missing",
    "A4010",
    "there is no folder",
    (name) => {
      rmSync(join(models, name), { recursive: true });
    },
  ],
];

before(() => {
  for (const [name, , , damage] of broken) {
    cpSync(join(models, "gpt2"), join(models, name), { recursive: true });
    damage(name);
  }
});

for (const [name, code, message] of broken) {
  test(`${name}: ${code}, at the source, once`, async () => {
    const source = `"./models/${name}"`;
    const line = `model m from ${source}`;
    const carets = `#${" ".repeat(line.length - source.length - 1)}${"^".repeat(source.length)} ${code}: ${message}`;
    const text = `${line}\n${carets}\nprompts p from ["A text."]\nablate heads L40 measure loss, R_V window 3\ntable experiment_1\n`;
    const { diagnostics, rendered } = await workspace.plan(`${name}.atlas`, text);
    // Nothing is said about the layers of a model that nobody knows.
    assert.deepEqual(checkCarets({ path: `${name}.atlas`, text }, diagnostics), [], rendered);
  });
}

test("a model of the Hub that is not on this machine says how to get it", async () => {
  process.env["HF_HUB_CACHE"] = join(workspace.folder, "hub");
  const { diagnostics } = await workspace.plan(
    "hub.atlas",
    'model m from "nobody/nothing"\nprompts p from ["a"]\nmeasure loss',
  );
  assert.deepEqual(
    diagnostics.map((d) => d.code),
    ["A4016"],
  );
  assert.match(diagnostics[0]?.hint ?? "", /atlasc models pull nobody\/nothing/);
});

test("an imported model lies beside the file that imports it", async () => {
  mkdirSync(join(workspace.folder, "deep"));
  writeFileSync(join(workspace.folder, "deep", "models.atlas"), 'model gpt2 from "../models/gpt2"\n');
  const text = 'import "./deep/models"\nprompts p from ["A text."]\nmeasure loss\n';
  const { diagnostics, planned, rendered } = await workspace.plan("main.atlas", text);
  assert.deepEqual(diagnostics, [], rendered);
  assert.equal(planned?.protocol.models[0]?.source, "../models/gpt2");
});

test("the command ends with 1 and says every mistake on standard error", () => {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const main = fileURLToPath(new URL(`../../src/cli/main.${extension}`, import.meta.url));
  const file = join(workspace.folder, "wrong.atlas");
  writeFileSync(
    file,
    'model gpt2 from "./models/gpt2"\nprompts p from "./files/nothing.txt"\nablate heads L3 measure R_W, norm(zed[L0]) as x\n',
  );
  const { status, stderr, stdout } = spawnSync(process.execPath, [...process.execArgv, main, "check", file], {
    encoding: "utf8",
  });
  assert.equal(status, 1, stderr);
  for (const code of ["A4101", "A4201", "A2001", "A2004"]) assert.match(stderr, new RegExp(`error\\[${code}\\]`));
  assert.match(stdout, /4 errors/);
});
