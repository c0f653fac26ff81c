/** What is put around texts, and what transformers' classes make of a tokenizer's files, against AutoTokenizer. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { digestOfJson } from "../../src/runtime/models/digest-cache.js";
import { createTokenizer } from "../../src/runtime/models/tokenizer.js";
import { withSpecialTokensMap } from "../../src/runtime/models/tokenizer/older-files.js";
import type { JsonObject } from "../../src/runtime/models/model-json.js";
import { root } from "./fixture.js";

interface Folder {
  readonly kind: string;
  readonly processor: string;
  readonly post_processor: JsonObject | null;
  readonly tokenizer_config: JsonObject & { readonly tokenizer_class?: string };
  readonly config: { readonly model_type: string };
  /** special_tokens_map.json and added_tokens.json, and `padding` of tokenizer.json. */
  readonly files?: Readonly<Record<string, JsonObject>>;
  /** The class that AutoTokenizer takes. */
  readonly class: string;
  /** Null where transformers refuses the folder. */
  readonly ids: readonly (readonly number[])[] | null;
}

interface Fixture {
  readonly texts: readonly string[];
  readonly models: JsonObject;
  readonly kinds: Readonly<Record<string, JsonObject & { readonly model: string }>>;
  readonly folders: readonly Folder[];
}

const path = join(root, "test", "fixtures", "tokenizers", "special-tokens.json.gz");
const fixture = JSON.parse(gunzipSync(readFileSync(path)).toString()) as Fixture;

test("there are at least fifty folders", () => {
  assert.ok(fixture.folders.length >= 50);
});

for (const [i, folder] of fixture.folders.entries()) {
  const { kind, processor, tokenizer_config: stated, config: model, files = {} } = folder;
  const config = withSpecialTokensMap(stated, files["special_tokens_map.json"] ?? {});
  const { model: name = "", ...parts } = fixture.kinds[kind] ?? {};
  const { bos_token, eos_token, unk_token, tokenizer_class, ...others } = folder.tokenizer_config;
  const named = [bos_token, eos_token, unk_token].filter((token) => token !== undefined).length;
  const title = [
    kind,
    `post-processor ${processor}`,
    tokenizer_class ?? "no class",
    model.model_type,
    `${named} names`,
  ];
  test(`${i} ${[...title, JSON.stringify(others), JSON.stringify(files)].join(", ")}`, () => {
    const definition = { ...parts, post_processor: folder.post_processor, model: fixture.models[name] ?? null };
    const { padding = null, "added_tokens.json": added } = files;
    const made = createTokenizer({ ...definition, padding }, config, digestOfJson, model, added);
    if (!made.ok) {
      // A refusal says why; what is read must be right.
      assert.match(made.reason, /for the class|which has a BPE model|several of its post-processors|library gives/);
      return;
    }
    const { before = [], after = [] } = made.value.facts;
    for (const [t, ids] of (folder.ids ?? []).entries()) {
      const text = fixture.texts[t] ?? "";
      assert.deepEqual([...before, ...made.value.read(text).ids, ...after], ids, JSON.stringify(text));
    }
  });
}
