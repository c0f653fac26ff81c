/** Tokenizers of GGUF files against AutoTokenizer with `gguf_file` (training/gguf_models.py tokenizers): ids are the same. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readGgufHeader, type Metadata, type MetadataItem } from "../../src/runtime/models/gguf/header.js";
import { tokenizerFilesOf } from "../../src/runtime/models/gguf/tokenizer-files.js";
import { createTokenizer } from "../../src/runtime/models/tokenizer.js";
import { root } from "./fixture.js";

interface Cases {
  readonly texts: readonly string[];
  readonly cases: readonly {
    readonly file: string;
    /** Metadata in place of the file's own; null: without that key. */
    readonly changes: Readonly<Record<string, MetadataItem | null>>;
    readonly ids: readonly (readonly number[])[];
  }[];
}

const folder = join(root, "test", "fixtures", "gguf");
const { texts, cases } = JSON.parse(readFileSync(join(folder, "tokenizers.json"), "utf8")) as Cases;

function metadataOf(file: string, changes: Cases["cases"][number]["changes"]): Metadata {
  const header = readGgufHeader(join(folder, file));
  if (!header.ok) throw new Error(header.reason);
  const metadata = new Map(header.value.metadata);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) metadata.delete(key);
    else metadata.set(key, value);
  }
  return metadata;
}

for (const { file, changes, ids } of cases) {
  test(`${file} with ${JSON.stringify(changes)} gives the ids of transformers`, () => {
    const files = tokenizerFilesOf(metadataOf(file, changes));
    assert.ok(files !== null);
    const tokenizer = createTokenizer(files.definition, files.config, () => "");
    if (!tokenizer.ok) throw new Error(tokenizer.reason);
    const { before = [], after = [] } = tokenizer.value.facts;
    const found = texts.map((text) => [...before, ...tokenizer.value.read(text).ids, ...after]);
    assert.deepEqual(found, ids);
  });
}

test("what transformers does otherwise than the file says is told", () => {
  const remarks = (file: string, changes: Cases["cases"][number]["changes"]): readonly string[] =>
    tokenizerFilesOf(metadataOf(file, changes))?.remarks ?? [];
  assert.deepEqual(remarks("byte-level.gguf", {}), []);
  assert.match(remarks("byte-level.gguf", { "tokenizer.ggml.pre": "smollm" }).join(), /cuts texts as "smollm"/);
  assert.match(remarks("byte-level.gguf", { "tokenizer.ggml.pre": null }).join(), /does not say how/);
  assert.deepEqual(remarks("sentencepiece.gguf", {}), []);
  assert.match(remarks("sentencepiece.gguf", { "tokenizer.ggml.add_space_prefix": false }).join(), /no space before/);
});
