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
  assert.equal(load(stories, { add_bos_token: false }).facts.addsBos, false);
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
  assert.equal(tokenizer.decode(ids), text);
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
      assert.equal(tokenizer.decode(ids), text);
    }
    assert.equal(tokenizer.decodeToken(tokenizer.encode("a b")[1] ?? -1), " b");
    const [bos = -1, ...rest] = tokenizer.encode("Hello", true);
    assert.equal(bos, tokenizer.facts.bosTokenId);
    assert.deepEqual(rest, tokenizer.encode("Hello"));
    assert.equal(tokenizer.byteLength(bos), 0);
    assert.equal(tokenizer.decode([]), "");
  });
}

test("lone surrogates become U+FFFD instead of an exception", { skip: absent(tiny) }, () => {
  const tokenizer = load(tiny);
  assert.deepEqual(tokenizer.encode("a\uD800b"), tokenizer.encode("a\uFFFDb"));
  assert.equal(tokenizer.decode(tokenizer.encode("🙂")), "🙂");
});

test("whether BOS is added: the config's word, then the post-processor, then the class", { skip: absent(tiny) }, () => {
  const definition = readObject(...tiny, "tokenizer.json");
  const template = {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "<|endoftext|>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    pair: [],
    special_tokens: {},
  };
  const adds = (processor: Json, config: JsonObject): boolean | null => {
    const outcome = createTokenizer({ ...definition, post_processor: processor }, config, digestOfJson);
    return outcome.ok ? outcome.value.facts.addsBos : null;
  };
  const bos = { bos_token: { content: "<|endoftext|>" } };
  assert.equal(adds(null, bos), false);
  assert.equal(adds(null, { ...bos, tokenizer_class: "LlamaTokenizer" }), true);
  assert.equal(adds(null, { ...bos, add_bos_token: true }), true);
  const processors: Json = { type: "Sequence", processors: [{ type: "ByteLevel", trim_offsets: true }, template] };
  assert.equal(adds(processors, bos), true);
  assert.equal(adds(processors, { ...bos, add_bos_token: false }), false);
  assert.equal(adds(null, { add_bos_token: true }), false);
});
