/** What the compiler is told about texts: pieces, continuations, and beginnings of long texts. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Json } from "../../src/compiler/base/digest.js";
import type { EncodedText } from "../../src/compiler/ir/encodings.js";
import { placeOfToken } from "../../src/compiler/check/texts/named-tokens.js";
import { beginningOf, encodeTexts } from "../../src/runtime/models/encode-texts.js";
import { digestOfJson } from "../../src/runtime/models/digest-cache.js";
import { createTokenizer, type Tokenizer } from "../../src/runtime/models/tokenizer.js";
import { root } from "./fixture.js";

type JsonObject = Readonly<Record<string, Json>>;

function load(folder: string): Tokenizer {
  const read = (name: string): JsonObject => JSON.parse(readFileSync(join(folder, name), "utf8")) as JsonObject;
  const outcome = createTokenizer(read("tokenizer.json"), read("tokenizer_config.json"), digestOfJson);
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome.value;
}

function encode(tokenizer: Tokenizer, text: string, as: "text" | "continuation" = "text"): EncodedText {
  const [encoded] = encodeTexts(tokenizer, { key: "", model: "", texts: [text], as, limit: null });
  assert.ok(encoded !== undefined);
  return encoded;
}

/** Byte-level BPE of 1,024 and of 50,257 tokens, and byte-fallback BPE that puts a space before every text. */
const kinds = [
  ["gpt2-tiny", join(root, "stdlib", "models", "gpt2-tiny")],
  ["GPT-2", join(root, "..", "shared", "tokenizers", "gpt2")],
  ["stories260K", join(root, "..", "shared", "models", "stories260K")],
] as const;
const folder = join(root, "stdlib", "prompts");
const packs = readdirSync(folder)
  .filter((name) => name.endsWith(".jsonl"))
  .map((name) => readFileSync(join(folder, name), "utf8"));

for (const [name, path] of kinds) {
  const skip = existsSync(join(path, "tokenizer.json")) ? false : `no ${name} here`;

  test(`${name}: pieces are the text, one for each id`, { skip }, () => {
    const tokenizer = load(path);
    const texts = [
      "Mary",
      " Mary",
      "  two",
      "naïve café — 日本語 🙂\n\ttabs  two\r\n",
      "\uFEFFmark",
      "e\u0301",
      ...packs,
    ];
    for (const text of texts) {
      const { ids, pieces } = encode(tokenizer, text);
      assert.deepEqual(ids, tokenizer.encode(text, false));
      assert.equal(pieces.length, ids.length);
      assert.equal(pieces.join(""), text);
    }
    // A character of several tokens belongs to the last of them.
    const { ids, pieces } = encode(tokenizer, "a🙂b");
    assert.ok(ids.length > 3);
    assert.deepEqual(pieces.filter(Boolean).slice(-2), ["🙂", "b"]);
  });

  test(`${name}: a continuation is the text as it is written`, { skip }, () => {
    const tokenizer = load(path);
    for (const text of [" Mary", "Mary", ")", " the", "\n", "é"]) {
      assert.equal(encode(tokenizer, text, "continuation").pieces.join(""), text);
    }
    // Behind another text the same ids follow, which is what a continuation is for.
    for (const text of [" Mary", " the", " was"]) {
      const start = encode(tokenizer, "John gave it to Tom and").ids;
      const whole = encode(tokenizer, `John gave it to Tom and${text}`).ids;
      assert.deepEqual(whole.slice(start.length), encode(tokenizer, text, "continuation").ids);
    }
  });

  test(`${name}: the beginning of a long text has the tokens of the whole`, { skip }, () => {
    const tokenizer = load(path);
    const awkward = "one  two\n\n\nthree.\n\n  four!?\n\t five's\r\n\r\nsix\n\n";
    for (const text of [packs.join(""), packs.join("").replaceAll(" ", "\n\n"), awkward.repeat(300)]) {
      const whole = tokenizer.encode(text, false);
      for (const limit of [1, 2, 10, 100, 1000, whole.length - 1, whole.length, whole.length + 1]) {
        assert.deepEqual(beginningOf(tokenizer, text, limit).ids, whole.slice(0, limit));
      }
    }
  });

  test(`${name}: no more is encoded than a beginning takes`, { skip }, () => {
    const tokenizer = load(path);
    const text = packs.join("").repeat(20);
    let characters = 0;
    const counting: Tokenizer = {
      ...tokenizer,
      read: (part) => {
        characters += part.length;
        return tokenizer.read(part);
      },
    };
    assert.equal(beginningOf(counting, text, 1000).ids.length, 1000);
    assert.ok(characters > 1000 && characters <= 16_000, String(characters));
    // Where a text has no place to cut, all of it is encoded.
    const solid = "-".repeat(5000);
    assert.deepEqual(beginningOf(tokenizer, solid, 3).ids, tokenizer.encode(solid, false).slice(0, 3));
  });

  test(`${name}: a named token is found however it is split`, { skip }, () => {
    const tokenizer = load(path);
    const text = "Then Mary, whom Mary's friend José 🙂 called Mary, left";
    const encoded = encode(tokenizer, text);
    const upTo = (literal: string): string => {
      const place = placeOfToken(literal, encoded);
      assert.ok(place !== null, literal);
      return encoded.pieces.slice(0, place + 1).join("");
    };
    for (const literal of ["Mary", " Mary", "friend", "José", "🙂", "left", "Then", "y, whom"]) {
      // The token's end is the first end of a token at or behind the end of the last occurrence.
      const end = text.lastIndexOf(literal) + literal.length;
      const found = upTo(literal).length;
      assert.ok(found >= end, literal);
      const place = placeOfToken(literal, encoded) ?? 0;
      assert.ok(encoded.pieces.slice(0, place).join("").length < end, literal);
    }
    assert.equal(placeOfToken("Martha", encoded), null);
    assert.equal(placeOfToken("", encoded), null);
  });
}
