/** What becomes of the fields of config.json: read, known to be harmless, refused, or named in a warning. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { buildModelGraph } from "../../src/compiler/models/family.js";
import type { ModelFacts } from "../../src/compiler/models/model.js";
import { createConfigReader, type ConfigReader } from "../../src/compiler/models/parts/config.js";
import { codes, openIsolated } from "./temporary.js";

function readerOf(config: ModelFacts["config"]): ConfigReader {
  const facts = { source: "m", revision: null, config, tensors: {}, digest: "", tokenizer: null };
  return createConfigReader(facts);
}

/** What a reader said, code and found value. */
function said(reader: ConfigReader): readonly string[] {
  return reader.diagnostics.map(({ code, message }) => `${code} ${message}`);
}

test("an absent field takes its fallback; null is a value that only optional fields have", () => {
  const reader = readerOf({ heads: null, window: null });
  assert.equal(reader.integer("layers", 12), 12);
  assert.equal(reader.optionalInteger("window", 4096), null);
  assert.equal(reader.optionalInteger("other_window", 4096), 4096);
  assert.deepEqual(said(reader), []);
  reader.integer("heads", 8);
  reader.integer("width");
  assert.deepEqual(codes(reader.diagnostics), ["A4003", "A4002"]);
});

test("a field of another kind is refused, once however often it is read", () => {
  const wrong = { layers: 1.5, width: "8", scale: "1", tied: 1, act: 3, types: ["a", 1], rope: [1], big: 2 ** 53 };
  const reader = readerOf(wrong);
  for (let round = 0; round < 2; round++) {
    for (const field of ["layers", "width", "big"]) reader.integer(field);
    reader.number("scale");
    reader.flag("tied", false);
    reader.text("act");
    reader.texts("types");
    reader.section("rope");
  }
  assert.deepEqual(
    codes(reader.diagnostics),
    Array.from({ length: 8 }, () => "A4003"),
  );
});

test("two spellings of a field must agree", () => {
  assert.equal(readerOf({ n_embd: 8, hidden_size: 8 }).integer(["n_embd", "hidden_size"]), 8);
  const reader = readerOf({ n_embd: 8, hidden_size: 16 });
  reader.integer(["n_embd", "hidden_size"]);
  assert.match(said(reader).join(), /A4003 .*hidden_size = 16/);
});

test("what was not read is unread, unless it is known to be harmless", () => {
  const reader = readerOf({ constructor: 1, a: 1, dtype: "f", rope: { type: "x", factor: 2, dtype: 1 }, __proto__: 3 });
  reader.integer("a");
  reader.section("rope")?.text("type");
  assert.deepEqual(reader.unread(), ["constructor", "rope.factor", "rope.dtype"]);
  assert.deepEqual(readerOf(JSON.parse('{"__proto__": 1}') as ModelFacts["config"]).unread(), ["__proto__"]);
});

test("a field that nothing reads is named in one warning", async (t) => {
  const { value } = await openIsolated(t, "./test/fixtures/models/llama-tied-f32");
  assert.ok(value !== null);
  const config = { ...value.facts.config, residual_multiplier: 2, qk_norm: true };
  const { value: built, diagnostics } = buildModelGraph({ ...value.facts, config });
  assert.ok(built !== null);
  assert.deepEqual(codes(diagnostics), ["A8031"]);
  assert.match(diagnostics[0]?.message ?? "", /reads: residual_multiplier, qk_norm$/);
});
