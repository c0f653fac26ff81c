/** Every component of tokenizer.json against PyPI `tokenizers`: ids and offsets of lines that they disagree about. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { JsonObject } from "../../src/runtime/models/model-json.js";
import { readEncoder, type Encoder } from "../../src/runtime/models/tokenizer/encoder.js";
import { root } from "./fixture.js";

interface Fixture {
  readonly library: string;
  readonly models: JsonObject;
  readonly lines: readonly string[];
  /** `digests` has six characters for each line. */
  readonly tokenizers: Readonly<Record<string, { readonly definition: JsonObject; readonly digests: string }>>;
}

const path = join(root, "test", "fixtures", "tokenizers", "components.json.gz");
const { models, lines, tokenizers } = JSON.parse(gunzipSync(readFileSync(path)).toString()) as Fixture;

function encoderOf(definition: JsonObject): Encoder {
  const { model } = definition;
  return readEncoder(typeof model === "string" ? { ...definition, model: models[model] ?? null } : definition);
}

/** The library counts characters, and here UTF-16 units are counted. */
function inCharacters(text: string, offset: number): number {
  return Array.from(text.slice(0, offset)).length;
}

/** Ids and offsets as test/fixtures/tokenizers/make.py writes them. */
function encoded(encoder: Encoder, text: string): readonly (readonly number[])[] {
  const { ids, starts, ends } = encoder.encode(text);
  return [ids, starts.map((at) => inCharacters(text, at)), ends.map((at) => inCharacters(text, at))];
}

test("every component has its tokenizers in the fixture", () => {
  assert.ok(Object.keys(tokenizers).length >= 130);
  assert.ok(lines.length >= 150);
});

for (const [name, { definition, digests }] of Object.entries(tokenizers)) {
  test(`${name}: ids and offsets are the library's`, () => {
    const encoder = encoderOf(definition);
    for (const [i, line] of lines.entries()) {
      const made = encoded(encoder, line);
      const digest = createHash("sha256").update(JSON.stringify(made)).digest("hex").slice(0, 6);
      assert.equal(digest, digests.slice(6 * i, 6 * i + 6), `${JSON.stringify(line)} → ${JSON.stringify(made)}`);
    }
  });
}
