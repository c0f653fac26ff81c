import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { test, type TestContext } from "node:test";
import { buildModelGraph } from "../../src/compiler/models/family.js";
import { addOutput, eliminateDeadNodes } from "../../src/compiler/onnx/edit.js";
import type { OpenedModel } from "../../src/runtime/models/open-model.js";
import { packageRoot } from "../../src/runtime/models/places.js";
import { readFixture, root, type RandomFixture } from "./fixture.js";
import { idsTensor, runGraph } from "./run-graph.js";
import { codes, copyOfModel, editJson, openIsolated, temporaryFolder } from "./temporary.js";

/** Logits of an opened random model agree with the fixture of the model that it is a copy of. */
async function assertRuns(opened: OpenedModel | null, name: string): Promise<void> {
  assert.ok(opened !== null);
  const fixture = readFixture<RandomFixture>(name);
  const built = buildModelGraph(opened.facts).value;
  assert.ok(fixture !== null && built !== null);
  const info = { name: "logits", type: "float32" as const, shape: ["row", "pos", "vocab"] };
  const graph = eliminateDeadNodes(addOutput(built.graph, "logits", info));
  const { logits } = await runGraph(graph, opened.externalDataFolder, { input_ids: idsTensor(fixture.ids) });
  assert.ok(logits?.data.every((x, i) => Math.abs(x - (fixture.logits[i] ?? NaN)) <= 5e-5));
}

/** What opening a damaged copy of a model says: one diagnostic at the source, with a code and a text. */
async function assertFault(t: TestContext, folder: string, code: string, message: RegExp): Promise<void> {
  const { value, diagnostics } = await openIsolated(t, folder);
  assert.equal(value, null);
  assert.deepEqual(codes(diagnostics), [code]);
  assert.match(diagnostics[0]?.message ?? "", message);
  assert.equal(diagnostics[0]?.primary?.span.file, "test.atlas");
}

test("the package's root is the folder of its package.json", () => {
  assert.ok(existsSync(join(packageRoot(), "tsconfig.json")));
});

test("a path relative to the protocol, one file", async (t) => {
  const { value } = await openIsolated(t, "./test/fixtures/models/gpt2-f32");
  await assertRuns(value, "gpt2-f32");
  assert.equal(value?.tokenizer, null);
});

test("a sharded checkpoint; equal contents have equal digests wherever they lie", async (t) => {
  const here = await openIsolated(t, "./test/fixtures/models/llama-tied-f32");
  await assertRuns(here.value, "llama-tied-f32");
  assert.ok(new Set(Object.values(here.value?.facts.tensors ?? {}).map((entry) => entry.file)).size > 1);
  const copy = await openIsolated(t, copyOfModel(t, "llama-tied-f32"));
  assert.equal(copy.value?.facts.digest, here.value?.facts.digest);
  const other = await openIsolated(t, "./test/fixtures/models/gpt2-f32");
  assert.notEqual(other.value?.facts.digest, here.value?.facts.digest);
});

test("no such folder: names its neighbours", async (t) => {
  const { value, diagnostics } = await openIsolated(t, "./test/fixtures/models/gpt2-f23");
  assert.equal(value, null);
  assert.deepEqual(codes(diagnostics), ["A4010"]);
  assert.match(diagnostics[0]?.hint ?? "", /gpt2-f32/);
  const packaged = await openIsolated(t, "@stdlib/models/no-such-model");
  assert.deepEqual(codes(packaged.diagnostics), ["A4010"]);
  // The place of the package on this machine says nothing to the author of the protocol.
  assert.ok(!packaged.diagnostics[0]?.message.includes(root));
});

test("paths that cannot be looked at are missing, never an exception", async (t) => {
  for (const source of ["./package.json/inside", "./a\u0000b", `./${"x".repeat(300)}`, "someone/a\u0000b"]) {
    const { value, diagnostics } = await openIsolated(t, source);
    assert.equal(value, null);
    assert.match(codes(diagnostics).join(), /^A401[06]$/);
  }
});

test("a folder without config.json", async (t) => {
  await assertFault(t, temporaryFolder(t), "A4011", /no config\.json/);
});

test("a config that is not JSON, or no object", async (t) => {
  const folder = copyOfModel(t, "gpt2-f32");
  writeFileSync(join(folder, "config.json"), '{"model_type": ');
  await assertFault(t, folder, "A4012", /config\.json .* not valid JSON/);
  writeFileSync(join(folder, "config.json"), "[1]");
  await assertFault(t, folder, "A4012", /not an object/);
});

test("a file that cannot be read", async (t) => {
  const folder = copyOfModel(t, "gpt2-f32");
  mkdirSync(join(folder, "tokenizer.json"));
  await assertFault(t, folder, "A4019", /tokenizer\.json .* cannot be read/);
});

test("no weights at all", async (t) => {
  const folder = copyOfModel(t, "gpt2-f32");
  rmSync(join(folder, "model.safetensors"));
  await assertFault(t, folder, "A4013", /neither model\.safetensors nor/);
});

test("a truncated weight file, and one that never was safetensors", async (t) => {
  const folder = copyOfModel(t, "gpt2-f32");
  const file = join(folder, "model.safetensors");
  truncateSync(file, readFileSync(file).length - 1);
  await assertFault(t, folder, "A4014", /ends after \d+ bytes, inside tensor/);
  truncateSync(file, 100);
  await assertFault(t, folder, "A4014", /inside its header/);
  writeFileSync(file, "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
  await assertFault(t, folder, "A4014", /damaged or no safetensors file/);
});

test("a shard that is missing, and an index without a map", async (t) => {
  const folder = copyOfModel(t, "llama-tied-f32");
  rmSync(join(folder, "model-00002-of-00005.safetensors"));
  await assertFault(t, folder, "A4015", /model-00002-of-00005\.safetensors/);
  editJson(join(folder, "model.safetensors.index.json"), { weight_map: {} });
  await assertFault(t, folder, "A4012", /no weight_map/);
});

test("an index cannot point outside the model's folder", async (t) => {
  const folder = copyOfModel(t, "llama-tied-f32");
  const index = join(folder, "model.safetensors.index.json");
  editJson(index, { weight_map: { a: "../llama-tied-f32/model-00001-of-00005.safetensors" } });
  await assertFault(t, folder, "A4015", /\.\.\//);
});

test("a tokenizer that cannot be used", async (t) => {
  const folder = copyOfModel(t, "gpt2-f32");
  writeFileSync(join(folder, "tokenizer.json"), '{"version": "1.0", "model": {"type": "Abacus"}}');
  await assertFault(t, folder, "A4018", /tokenizer .* cannot be used/);
});

test("a class that reads the tokenizer otherwise than its file says is told", async (t) => {
  const folder = copyOfModel(t, "gpt2-f32");
  const open = async (definition: object, config: object): Promise<readonly string[]> => {
    writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(definition));
    writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify(config));
    const { diagnostics } = await openIsolated(t, folder);
    return diagnostics.map(({ code, message }) => `${code} ${message}`);
  };
  const digits = { ...smallTokenizer, pre_tokenizer: { type: "Digits", individual_digits: true } };
  const [told = ""] = await open(digits, {});
  assert.match(told, /^A8040 .* has another `pre_tokenizer` than GPT2Tokenizer, as which transformers 5.24 reads it/);
  assert.deepEqual(await open(digits, { tokenizer_class: "PreTrainedTokenizerFast" }), []);
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false };
  assert.deepEqual(await open({ ...smallTokenizer, pre_tokenizer: byteLevel }, {}), []);
});

test("revisions of a local folder take missing tokenizer files from it", async (t) => {
  const folder = copyOfModel(t, "gpt2-f32");
  const revision = join(folder, "revisions", "step100");
  mkdirSync(revision, { recursive: true });
  for (const file of ["config.json", "model.safetensors"]) renameSync(join(folder, file), join(revision, file));
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(smallTokenizer));
  const { value } = await openIsolated(t, folder, "step100");
  await assertRuns(value, "gpt2-f32");
  assert.equal(value?.facts.revision, "step100");
  assert.equal(value.facts.tokenizer?.size, 3);
  const missing = await openIsolated(t, folder, "step1000");
  assert.deepEqual(codes(missing.diagnostics), ["A4017"]);
  assert.match(missing.diagnostics[0]?.hint ?? "", /step100/);
  assert.deepEqual(codes((await openIsolated(t, folder, "../..")).diagnostics), ["A4017"]);
});

const commit = "0123abc".padEnd(40, "0");

/** Puts a model into the layout of Hugging Face's cache: snapshots of links into blobs. */
function hubCache(t: TestContext, name: string, repository: string): string {
  const cache = temporaryFolder(t);
  const model = join(cache, `models--${repository.replace("/", "--")}`);
  const snapshot = join(model, "snapshots", commit);
  for (const folder of ["blobs", "refs", join("snapshots", commit)])
    mkdirSync(join(model, folder), { recursive: true });
  writeFileSync(join(model, "refs", "main"), commit);
  const source = copyOfModel(t, name);
  for (const file of readdirSync(source)) {
    renameSync(join(source, file), join(model, "blobs", `hash-of-${file}`));
    symlinkSync(join("..", "..", "blobs", `hash-of-${file}`), join(snapshot, file));
  }
  return cache;
}

for (const name of ["gpt2-bf16", "llama-tied-f32"]) {
  test(`${name} in Hugging Face's cache is read in place`, async (t) => {
    const cache = hubCache(t, name, "someone/model");
    const { value, diagnostics } = await openIsolated(t, "someone/model", null, { HF_HUB_CACHE: cache });
    assert.deepEqual(diagnostics, []);
    assert.equal(basename(value?.externalDataFolder ?? ""), "blobs");
    await assertRuns(value, name);
    const byCommit = await openIsolated(t, "someone/model", commit, { HF_HUB_CACHE: cache });
    assert.equal(byCommit.value?.facts.digest, value?.facts.digest);
    const local = await openIsolated(t, `./test/fixtures/models/${name}`);
    assert.equal(local.value?.facts.digest, value?.facts.digest);
    const unknown = await openIsolated(t, "someone/model", "step5", { HF_HUB_CACHE: cache });
    assert.deepEqual(codes(unknown.diagnostics), ["A4017"]);
  });
}

test("a Hub model that is not here says how to get it", async (t) => {
  const { diagnostics } = await openIsolated(t, "openai-community/gpt2");
  assert.deepEqual(codes(diagnostics), ["A4016"]);
  assert.match(diagnostics[0]?.hint ?? "", /atlasc models pull openai-community\/gpt2/);
});

const smallTokenizer = {
  version: "1.0",
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: null,
  decoder: { type: "ByteLevel" },
  model: { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"] },
};

test("weights that change while they are read are not opened", async (t) => {
  const folder = copyOfModel(t, "gpt2-f32");
  const path = join(folder, "model.safetensors");
  // What is hashed must be what lies there: here the system's time of the last change never stands still.
  const timer = setInterval(() => {
    utimesSync(path, 1, 1);
  }, 1);
  try {
    await assertFault(t, folder, "A4019", /model\.safetensors of .* cannot be read: while it was being read, it was /);
  } finally {
    clearInterval(timer);
  }
});
