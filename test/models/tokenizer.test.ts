import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Json } from "../../src/compiler/base/digest.js";
import { digestOfJson } from "../../src/runtime/models/digest-cache.js";
import { createTokenizer, type Tokenizer } from "../../src/runtime/models/tokenizer.js";
import { root } from "./fixture.js";

type JsonObject = Readonly<Record<string, Json>>;

function readObject(...path: readonly string[]): JsonObject {
  return JSON.parse(readFileSync(join(root, ...path), "utf8")) as JsonObject;
}

function load(folder: readonly string[], changes: JsonObject = {}): Tokenizer {
  const config = { ...readObject(...folder, "tokenizer_config.json"), ...changes };
  const outcome = createTokenizer(readObject(...folder, "tokenizer.json"), config, digestOfJson);
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome.value;
}

const stories = ["..", "shared", "models", "stories260K"];
const gpt2 = ["..", "shared", "tokenizers", "gpt2"];
const tiny = ["stdlib", "models", "gpt2-tiny"];
const absent = (folder: readonly string[]): string | false =>
  existsSync(join(root, ...folder, "tokenizer.json")) ? false : `${folder.join("/")} is not here`;

test("SentencePiece-like: BOS by convention, once", { skip: absent(stories) }, () => {
  const tokenizer = load(stories);
  assert.deepEqual(
    [tokenizer.facts.size, tokenizer.facts.bosToken, tokenizer.facts.bosTokenId, tokenizer.facts.addsBos],
    [512, "<s>", 1, true],
  );
  assert.deepEqual(tokenizer.facts.specialTokenIds, [0, 1, 2]);
  const ids = tokenizer.encode("Once upon a time");
  assert.equal(ids[0], 1);
  assert.deepEqual(tokenizer.encode("Once upon a time", false), ids.slice(1));
  assert.deepEqual(tokenizer.encode("<s>Once").filter((id) => id === 1).length, 1);
  assert.deepEqual(tokenizer.encode(""), [1]);
  assert.deepEqual(tokenizer.encode("", false), []);
  // transformers does not read the flag where there is a tokenizer.json.
  assert.equal(load(stories, { add_bos_token: false }).facts.addsBos, true);
});

test("SentencePiece-like: readable tokens and byte lengths", { skip: absent(stories) }, () => {
  const tokenizer = load(stories);
  const text = "Once upon a time, there was é 🙂\nEnd";
  const ids = tokenizer.encode(text, false);
  assert.equal(
    ids
      .map((id) => tokenizer.decodeToken(id))
      .join("")
      .replaceAll("\uFFFD", ""),
    " Once upon a time, there was é \nEnd",
  );
  // One byte more than the text: the tokenizer puts a space before it.
  const bytes = ids.reduce((sum, id) => sum + (tokenizer.byteLength(id) ?? NaN), 0);
  assert.equal(bytes, Buffer.byteLength(text) + 1);
  assert.equal(tokenizer.byteLength(1), 0);
  assert.equal(tokenizer.read(text).pieces.join(""), text);
});

for (const [name, folder] of [
  ["GPT-2's", gpt2],
  ["gpt2-tiny's", tiny],
] as const) {
  test(`${name} tokenizer: bytes, readable tokens, no BOS`, { skip: absent(folder) }, () => {
    const tokenizer = load(folder);
    assert.equal(tokenizer.facts.addsBos, false);
    assert.equal(tokenizer.facts.bosToken, "<|endoftext|>");
    for (const text of ["Hello world", " naïve café — 日本語 🙂\n\ttabs  two", "𝔘nicode"]) {
      const ids = tokenizer.encode(text);
      assert.equal(
        ids.reduce((sum, id) => sum + (tokenizer.byteLength(id) ?? NaN), 0),
        Buffer.byteLength(text),
      );
      assert.equal(tokenizer.pieces(ids).join(""), text);
    }
    assert.equal(tokenizer.decodeToken(tokenizer.encode("a b")[1] ?? -1), " b");
    const [bos = -1, ...rest] = tokenizer.encode("Hello", true);
    assert.equal(bos, tokenizer.facts.bosTokenId);
    assert.deepEqual(rest, tokenizer.encode("Hello"));
    assert.equal(tokenizer.byteLength(bos), 0);
  });
}

test("lone surrogates become U+FFFD instead of an exception", { skip: absent(tiny) }, () => {
  const tokenizer = load(tiny);
  assert.deepEqual(tokenizer.encode("a\uD800b"), tokenizer.encode("a\uFFFDb"));
  assert.equal(tokenizer.read("a\uD800b").pieces.join(""), "a\uD800b");
});

test("what is not known is refused by its name", { skip: absent(tiny) }, () => {
  const definition = readObject(...tiny, "tokenizer.json");
  const model = definition["model"] as JsonObject;
  const reason = (changes: JsonObject, config: JsonObject = {}): string => {
    const outcome = createTokenizer({ ...definition, ...changes }, config, digestOfJson);
    return outcome.ok ? "" : outcome.reason;
  };
  const bpe = (changes: JsonObject): string => reason({ model: { ...model, ...changes } });
  const split = (Regex: string): string =>
    reason({ pre_tokenizer: { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false } });
  assert.equal(reason({}), "");
  assert.match(reason({ normalizer: { type: "Mystery" } }), /it has the normalizer "Mystery"/);
  assert.match(reason({ pre_tokenizer: { type: "UnicodeScripts" } }), /it has the pre-tokenizer "UnicodeScripts"/);
  assert.match(reason({ pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, more: 1 } }), /a field "more"/);
  assert.match(reason({ extra: 1 }), /tokenizer.json has a field "extra"/);
  let nested: JsonObject = { type: "NFC" };
  for (let depth = 0; depth < 20_000; depth++) nested = { type: "Sequence", normalizers: [nested] };
  assert.match(reason({ normalizer: nested }), /its parts are nested too deep/);
  assert.match(reason({}, { tokenizer_class: "T5Tokenizer" }), /for the class T5Tokenizer/);
  assert.match(reason({}, { split_special_tokens: true }), /split_special_tokens/);
  assert.match(bpe({ dropout: 0.1 }), /`dropout` of the model BPE is 0.1/);
  assert.match(bpe({ merges: [["Ġ", "nowhere"]] }), /needs the token "nowhere", which is not in its vocabulary/);
  assert.match(bpe({ merges: ["a b c"] }), /"a b c" is no pair of tokens/);
  for (const id of [-1, 0.5, 2 ** 31, "5"]) assert.match(bpe({ vocab: { a: id } }), /the id of its token "a" is/);
  assert.match(bpe({ vocab: { a: 1, b: 1 } }), /"a" and "b" have the same id, 1/);
  assert.match(bpe({ vocab: { ["a".repeat(20_000)]: 1 } }), /a token of 20000 characters/);
  assert.match(split("(a"), /a group that does not end/);
  assert.match(split("[[:alpha:]]"), /a POSIX class/);
  assert.match(split("\\p{Klingon}"), /has \\p\{Klingon\}/);
  assert.match(split("(a)\\1"), /has \\1/);
  assert.match(split("(".repeat(5000)), /more than 200 groups/);
  assert.match(split("(?i:é)"), /beyond ASCII where case is ignored/);
});

test("tokens may be called like what objects have", { skip: absent(tiny) }, () => {
  const vocab = JSON.parse('{"__proto__":0,"constructor":1,"toString":2,"[UNK]":3}') as JsonObject;
  const model = { type: "WordLevel", vocab, unk_token: "[UNK]" };
  const outcome = createTokenizer({ model, pre_tokenizer: { type: "WhitespaceSplit" } }, {}, digestOfJson);
  assert.ok(outcome.ok);
  assert.deepEqual(outcome.value.encode("constructor __proto__ toString valueOf"), [1, 0, 2, 3]);
});

test("an unknown word is not BOS, although both have one id", () => {
  const model = { type: "WordLevel", vocab: { "<s>": 0, a: 1 }, unk_token: "<s>" };
  const options = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const definition = {
    model,
    pre_tokenizer: { type: "WhitespaceSplit" },
    added_tokens: [{ id: 0, content: "<s>", ...options }],
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      pair: [],
      special_tokens: { "<s>": { id: "<s>", ids: [0], tokens: ["<s>"] } },
    },
  };
  const outcome = createTokenizer(definition, { bos_token: "<s>" }, digestOfJson);
  if (!outcome.ok) throw new Error(outcome.reason);
  const tokenizer = outcome.value;
  const encoded = ["b a", "<s> a", " <s>"].map((text) => tokenizer.encode(text));
  assert.deepEqual(encoded, [[0, 0, 1], [0, 1], [0]]);
});
