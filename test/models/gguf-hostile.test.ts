/** GGUF files that somebody damaged or made to do harm: each is refused in a sentence, at once and without much memory. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { buildModelGraph } from "../../src/compiler/models/family.js";
import { openModel } from "../../src/runtime/models/open-model.js";
import { root } from "./fixture.js";
import { codes, openIsolated, temporaryFolder } from "./temporary.js";

const sample = readFileSync(join(root, "test", "fixtures", "gguf", "llama.gguf"));

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value: string | Buffer): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const key = (name: string | Buffer, type: number, ...value: readonly Buffer[]): Buffer =>
  Buffer.concat([text(name), u32(type), ...value]);
const architecture = key("general.architecture", 8, text("llama"));

interface Tensor {
  readonly name?: string;
  readonly shape?: readonly (number | bigint)[];
  readonly type?: number;
  readonly offset?: number | bigint;
}

/** A file of these parts, with 64 bytes of numbers. */
function file(
  keys: readonly Buffer[] = [architecture],
  tensors: readonly Tensor[] = [],
  { version = 3, keyCount = keys.length, tensorCount = tensors.length }: Record<string, number | bigint> = {},
): Buffer {
  const listed = tensors.map(({ name = "a", shape = [4], type = 0, offset = 0 }) =>
    Buffer.concat([text(name), u32(shape.length), ...shape.map(u64), u32(type), u64(offset)]),
  );
  const head = Buffer.concat([
    Buffer.from("GGUF"),
    u32(Number(version)),
    u64(tensorCount),
    u64(keyCount),
    ...keys,
    ...listed,
  ]);
  return Buffer.concat([head, Buffer.alloc((32 - (head.length % 32)) % 32), Buffer.alloc(64)]);
}

/** The sample with bytes that stand in it replaced by as many others. */
function changed(from: string, to: string): Buffer {
  const at = sample.indexOf(from);
  assert.ok(at > 0 && from.length === to.length);
  const bytes = Buffer.from(sample);
  bytes.write(to, at, "latin1");
  return bytes;
}

const damaged: readonly (readonly [what: string, bytes: Buffer, reason: RegExp])[] = [
  ["an empty file", Buffer.alloc(0), /0 bytes long/],
  ["another file", Buffer.from("PK\x03\x04".padEnd(40)), /does not begin with GGUF/],
  ["version 1", file([], [], { version: 1 }), /version 1/],
  ["big-endian numbers", file([], [], { version: 0x03000000 }), /big-endian/],
  ["2⁶⁰ keys", file([], [], { keyCount: 2n ** 60n }), /1152921504606846976 keys/],
  ["2⁶⁰ tensors", file([], [], { tensorCount: 2n ** 60n }), /1152921504606846976 tensors/],
  ["keys that are not there", file([], [], { keyCount: 60_000 }), /"" twice/],
  ["a key twice", file([architecture, architecture]), /"general\.architecture" twice/],
  ["a string of 2⁶² bytes", file([key("a", 8, u64(2n ** 62n))]), /claims 4611686018427387904 bytes/],
  ["a string past the end", file([key("a", 8, u64(100_000))]), /ends after 128 bytes/],
  ["a string that is no UTF-8", file([key("a", 8, text(Buffer.from([0xff])))]), /"a" is not UTF-8/],
  ["a value of no type", file([key("a", 77)]), /of type 77/],
  ["a list of 2⁶³ items", file([key("a", 9, u32(0), u64(2n ** 63n))]), /9223372036854775808 items/],
  ["a list that is not there", file([key("a", 9, u32(0), u64(1_000_000))]), /ends after/],
  ["lists in lists", file([key("a", 9, u32(9), u64(1), u32(9), u64(1))]), /list of lists/],
  ["a huge number", file([key("a", 10, u64(2n ** 63n))]), /too large/],
  ["an alignment of 7", file([architecture, key("general.alignment", 4, u32(7))]), /aligned to 7/],
  ["no architecture", file([]), /no general\.architecture/],
  ["an unknown architecture", file([key("general.architecture", 8, text("\x1b[31mmamba"))]), /"\\u001b\[31mmamba"/],
  ["a quantisation that is not read", file(undefined, [{ type: 16 }]), /IQ2_XXS; F32, F16/],
  ["a type that ggml has not", file(undefined, [{ type: 999 }]), /number 999/],
  ["no dimensions", file(undefined, [{ shape: [] }]), /0 dimensions/],
  ["nine dimensions", file(undefined, [{ shape: [1, 1, 1, 1, 1, 1, 1, 1, 1] }]), /9 dimensions/],
  ["a dimension of 0", file(undefined, [{ shape: [0] }]), /shape \[0\]/],
  ["2¹²⁴ numbers", file(undefined, [{ shape: [2n ** 40n, 2n ** 40n] }]), /shape/],
  ["half a block", file(undefined, [{ shape: [33], type: 8 }]), /no whole blocks of Q8_0/],
  ["numbers past the end", file(undefined, [{ shape: [4000] }]), /would end after/],
  ["an offset past the end", file(undefined, [{ offset: 2n ** 50n }]), /would end after/],
  ["an offset between", file(undefined, [{ offset: 4 }]), /not aligned/],
  ["tensors that overlap", file(undefined, [{ shape: [12] }, { name: "b", offset: 32 }]), /"b" overlaps/],
  ["a tensor twice", file(undefined, [{}, { offset: 32 }]), /"a" twice/],
  ["a tensor called __metadata__", file(undefined, [{ name: "__metadata__" }]), /called __metadata__/],
  [
    "a tensor under two names",
    file(undefined, [{ name: "output.weight" }, { name: "lm_head.weight", offset: 32 }]),
    /two of its/,
  ],
  ["a part of the file", sample.subarray(0, 3000), /ends after 3000 bytes/],
  ["heads that do not fit", changed("attn_q.weight", "attn_k.weight"), /twice/],
  ["a tokenizer without tokens", file([architecture, key("tokenizer.ggml.model", 8, text("gpt2"))]), /without tokens/],
  [
    "a kind of tokenizer",
    file([architecture, key("tokenizer.ggml.model", 8, text("bert")), key("tokenizer.ggml.tokens", 9, u32(8), u64(0))]),
    /"bert"/,
  ],
  ["stretched angles", file([architecture, key("llama.rope.scaling.type", 8, text("yarn"))]), /"yarn"/],
  ["a mixture", file([architecture, key("llama.expert_count", 4, u32(8))]), /expert_count is 8/],
  ["a part of a model", file([architecture, key("split.count", 4, u32(3))]), /one of 3 files/],
  ["NaN", file([architecture, key("llama.rope.freq_base", 6, Buffer.from([0, 0, 0xc0, 0x7f]))]), /is NaN/],
];

async function opened(t: TestContext, bytes: Buffer): Promise<Awaited<ReturnType<typeof openIsolated>>> {
  const path = join(temporaryFolder(t), "model.gguf");
  writeFileSync(path, bytes);
  return openIsolated(t, path);
}

test("what cannot be used is refused by name", async (t) => {
  for (const [what, bytes, reason] of damaged) {
    await t.test(what, async (inner) => {
      const { value, diagnostics } = await opened(inner, bytes);
      assert.equal(value, null);
      assert.deepEqual(codes(diagnostics), ["A4024"]);
      assert.match(diagnostics[0]?.message ?? "", reason);
    });
  }
});

test("what is read otherwise than the file says is told with the model", async (t) => {
  const bytes = readFileSync(join(root, "test", "fixtures", "gguf", "byte-level.gguf"));
  bytes.write("gpt-9", bytes.indexOf("gpt-2"));
  const { diagnostics } = await opened(t, bytes);
  assert.deepEqual(codes(diagnostics), ["A8036"]);
  assert.match(diagnostics[0]?.message ?? "", /cuts texts as "gpt-9"/);
});

test("every byte of a header may be damaged: the file is refused or is a model, and nothing is thrown", async (t) => {
  const home = temporaryFolder(t);
  const path = join(home, "model.gguf");
  for (let at = 0; at < 1200; at += 17) {
    const bytes = Buffer.from(sample);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
    writeFileSync(path, bytes);
    const request = { source: path, revision: null, baseFolder: root, span: null };
    const { value } = await openModel(request, { home, variables: {} });
    if (value !== null) buildModelGraph(value.facts);
  }
});

test("metadata that nothing reads is told", async (t) => {
  const { value } = await opened(t, changed("llama.context_length", "llama.context_mength"));
  assert.ok(value !== null);
  const { diagnostics } = buildModelGraph(value.facts);
  assert.deepEqual(codes(diagnostics), ["A8031"]);
  assert.match(diagnostics[0]?.message ?? "", /llama\.context_mength/);
});

test("tensors that nothing reads are told", async (t) => {
  const bytes = changed("output_norm.weight", "output_morn.weight");
  const { value } = await opened(t, bytes);
  assert.ok(value !== null);
  const { diagnostics } = buildModelGraph(value.facts);
  assert.deepEqual(codes(diagnostics), ["A4004", "A8032"]);
});

test("pipes and devices are no files", async (t) => {
  const folder = temporaryFolder(t);
  assert.equal(spawnSync("mkfifo", [join(folder, "pipe.gguf")]).status, 0);
  symlinkSync("/dev/zero", join(folder, "zero.gguf"));
  for (const name of ["pipe.gguf", "zero.gguf"]) {
    const { diagnostics } = await openIsolated(t, join(folder, name));
    assert.match(diagnostics[0]?.message ?? "", /no regular file/);
  }
});

test("a folder with one GGUF file is that model; of several, one is to be named", async (t) => {
  const folder = join(temporaryFolder(t), "model");
  mkdirSync(folder);
  writeFileSync(join(folder, "a.gguf"), sample);
  const one = await openIsolated(t, folder);
  assert.deepEqual(one.value?.facts.storage, { F16: 16, F32: 5 });
  writeFileSync(join(folder, "b.gguf"), sample);
  const two = await openIsolated(t, folder);
  assert.match(two.diagnostics[0]?.hint ?? "", /a\.gguf, b\.gguf: name one/);
});

test("what a file becomes is made once, and again when it was damaged or taken away", async (t) => {
  const home = temporaryFolder(t);
  const path = join(home, "model.gguf");
  copyFileSync(join(root, "test", "fixtures", "gguf", "llama.gguf"), path);
  const open = async (): ReturnType<typeof openModel> =>
    openModel({ source: path, revision: null, baseFolder: root, span: null }, { home, variables: {} });
  const first = await open();
  const weights = first.value?.weightFiles[0];
  assert.ok(weights !== undefined);
  const cache = join(home, ".cache", "atlasc", "gguf");
  assert.equal(readdirSync(cache).length, 1, "one folder and nothing half done");
  assert.deepEqual((await open()).value?.weightFiles[0]?.identity, weights.identity, "the same file");
  truncateSync(weights.path, 1000);
  const again = await open();
  assert.deepEqual(again.diagnostics, []);
  assert.equal(again.value?.weightFiles[0]?.digest, weights.digest);
  assert.equal(again.value.facts.digest, first.value?.facts.digest);
});
