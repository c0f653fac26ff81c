/** Tokenizers that would take for ever: their regexes run where they can be stopped. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EncodingRequest } from "../../src/compiler/ir/encodings.js";
import { readTexts } from "../../src/runtime/models/chat-texts.js";
import { digestOfJson } from "../../src/runtime/models/digest-cache.js";
import { createTokenizer, type Tokenizer } from "../../src/runtime/models/tokenizer.js";
import type { JsonObject } from "../../src/runtime/models/model-json.js";

function tokenizerOf(parts: JsonObject): Tokenizer {
  const model = { type: "WordLevel", vocab: { "[UNK]": 0, a: 1, aa: 2 }, unk_token: "[UNK]" };
  const outcome = createTokenizer({ model, ...parts }, {}, digestOfJson);
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome.value;
}

const split = (Regex: string): JsonObject => ({
  pre_tokenizer: { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false },
});
const asking = (texts: readonly string[]): EncodingRequest => ({ key: "", model: "", texts, as: "text", limit: null });

test("a regex that does not end is a problem of its text and of those behind it", async () => {
  const tokenizer = tokenizerOf(split("(a+)+b|a+"));
  assert.notEqual(tokenizer.doubtful, null);
  const [short, endless, last] = await readTexts(tokenizer, asking(["aa", "a".repeat(60), "a"]), 500);
  assert.deepEqual(short?.ids, [2]);
  assert.match(endless?.problem ?? "", /a regex of tokenizer.json does not end within 0.5 seconds/);
  assert.match(last?.problem ?? "", /does not end/);
});

test("a regex of a normalizer runs nowhere else either", async () => {
  const normalizer = { type: "Replace", pattern: { Regex: "(a+)+b" }, content: "" };
  const added = { id: 3, content: "a".repeat(60), normalized: true };
  const flags = { single_word: false, lstrip: false, rstrip: false, special: false };
  // Its added token would be normalized when the tokenizer is opened.
  const tokenizer = tokenizerOf({ normalizer, added_tokens: [{ ...added, ...flags }] });
  const [read] = await readTexts(tokenizer, asking(["a"]), 500);
  assert.match(read?.problem ?? "", /does not end/);
});

test("an unknown regex that ends gives what it gives anywhere", async () => {
  const tokenizer = tokenizerOf(split("a{1,2}"));
  const [read] = await readTexts(tokenizer, asking(["aaa é"]));
  assert.deepEqual(read?.ids, [2, 1, 0]);
  assert.deepEqual(read.pieces, ["aa", "a", " é"]);
});

test("normalizers that double a text again and again are a problem of the text, and no end of the process", async () => {
  const doubling = { type: "Replace", pattern: { String: "a" }, content: "aa" };
  const normalizer = { type: "Sequence", normalizers: Array.from({ length: 60 }, () => doubling) };
  const [read] = await readTexts(tokenizerOf({ normalizer }), asking(["aaa"]));
  assert.match(read?.problem ?? "", /more than 64 times as much/);
  const blown = { type: "Replace", pattern: { String: "a" }, content: "a".repeat(1e6) };
  const [other] = await readTexts(tokenizerOf({ normalizer: blown }), asking(["a".repeat(1e5)]));
  assert.match(other?.problem ?? "", /more than 64 times as much/);
});

test("what a model has no token for is a problem of the text", async () => {
  const model = { type: "BPE", vocab: { a: 0 }, merges: [], unk_token: "[UNK]" };
  const [sound, unknown] = await readTexts(tokenizerOf({ model }), asking(["a", "ab"]));
  assert.deepEqual(sound?.ids, [0]);
  assert.match(unknown?.problem ?? "", /no token for an unknown character/);
});

test("long texts without a place to split take a time in proportion", () => {
  const vocab: Record<string, number> = { a: 0 };
  const merges: [string, string][] = [];
  for (let n = 1; n < 12; n++) {
    const half = "a".repeat(2 ** (n - 1));
    vocab[half + half] = n;
    merges.push([half, half]);
  }
  const tokenizer = tokenizerOf({ model: { type: "BPE", vocab, merges } });
  const began = performance.now();
  assert.equal(tokenizer.read("a".repeat(2 ** 18)).ids.length, 2 ** (18 - 11));
  assert.ok(performance.now() - began < 20_000);
});
