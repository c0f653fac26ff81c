/** Which tensors of a checkpoint a family reads, whatever stands before their names, and what becomes of the others. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { buildModelGraph } from "../../src/compiler/models/family.js";
import type { ModelFacts, TensorEntry } from "../../src/compiler/models/model.js";
import { bareName, groupedNames } from "../../src/compiler/models/parts/weight-names.js";
import { codes, openIsolated } from "./temporary.js";

type Tensors = ModelFacts["tensors"];

async function factsOf(t: TestContext, name: string): Promise<ModelFacts> {
  const { value } = await openIsolated(t, `./test/fixtures/models/${name}`);
  assert.ok(value !== null);
  return value.facts;
}

/** The places in files of all initializers of a graph that is built of these tensors, with nothing said. */
function placesOf(facts: ModelFacts, expected: readonly string[] = []): readonly string[] {
  const { value, diagnostics } = buildModelGraph(facts);
  assert.deepEqual(codes(diagnostics), expected, JSON.stringify(diagnostics));
  assert.ok(value !== null);
  return value.graph.initializers
    .flatMap(({ data }) => (data.kind === "external" ? [`${data.file} ${data.offset}`] : []))
    .sort();
}

function renamed(tensors: Tensors, rename: (name: string) => string): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, entry]) => [rename(name), entry]));
}

test("what programs put before names is taken away", () => {
  assert.equal(bareName("module._orig_mod.model.layers.0.norm.weight"), "layers.0.norm.weight");
  assert.equal(bareName("model.layers.0._orig_mod.norm.weight"), "layers.0.norm.weight");
  assert.equal(bareName("lm_head.weight"), "lm_head.weight");
  assert.equal(bareName("model"), "model");
});

test("a checkpoint is the same under every known prefix, whole or in part", async (t) => {
  for (const [name, base] of [
    ["llama-bias-f16", "model."],
    ["gpt2-f32", "transformer."],
    ["neox-parallel-f32", "gpt_neox."],
  ] as const) {
    const facts = await factsOf(t, name);
    const plain = placesOf(facts);
    let count = 0;
    const renamings: readonly ((name: string) => string)[] = [
      (tensor) => tensor.replace(base, ""),
      (tensor) => `module.${tensor}`,
      (tensor) => `_orig_mod.${tensor}`,
      (tensor) => tensor.replace(/\.(\d+)\./, ".$1._orig_mod."),
      (tensor) => `language_model.${tensor}`,
      (tensor) => (count++ % 2 === 0 ? tensor : tensor.replace(base, "")),
    ];
    for (const rename of renamings) {
      assert.deepEqual(placesOf({ ...facts, tensors: renamed(facts.tensors, rename) }), plain);
    }
  }
});

test("a prefix that is not known is named", async (t) => {
  const facts = await factsOf(t, "gpt2-f32");
  const { value, diagnostics } = buildModelGraph({ ...facts, tensors: renamed(facts.tensors, (n) => `student.${n}`) });
  assert.equal(value, null);
  // A few of the tensors and how many more: not one message for each. All are unread besides.
  assert.deepEqual(codes(diagnostics), ["A4004", "A4004", "A4004", "A4004", "A8032"]);
  assert.match(
    diagnostics[0]?.hint ?? "",
    /there is student\.transformer\.ln_f\.weight: .* without student\.transformer\./,
  );
  assert.match(diagnostics[3]?.hint ?? "", /more tensors are so$/);
});

test("tensors that nothing reads are named, and buffers that say nothing are not", async (t) => {
  const facts = await factsOf(t, "llama-tied-f32");
  const like = (name: string): TensorEntry => {
    const entry = facts.tensors[name];
    assert.ok(entry !== undefined);
    return entry;
  };
  const norm = like("model.norm.weight");
  const buffers = { "model.layers.0.self_attn.rotary_emb.inv_freq": norm, "model.layers.1.attn.masked_bias": norm };
  placesOf({ ...facts, tensors: { ...facts.tensors, ...buffers } });
  const more = {
    "model.layers.0.self_attn.q_proj.bias": norm,
    "model.layers.1.self_attn.q_proj.bias": norm,
    "model.layers.2.input_layernorm.weight": norm,
  };
  const { diagnostics } = buildModelGraph({ ...facts, tensors: { ...facts.tensors, ...more } });
  assert.deepEqual(codes(diagnostics), ["A8032"]);
  assert.match(
    diagnostics[0]?.message ?? "",
    /reads: model\.layers\.\{0,1\}\.self_attn\.q_proj\.bias, model\.layers\.2\.input_layernorm\.weight$/,
  );
});

test("names that differ in a number stand together", () => {
  const many = Array.from({ length: 40 }, (_, i) => `h.${i}.bias`);
  assert.deepEqual(groupedNames([...many, "a.weight"]), ["h.{0, … 40 in all}.bias", "a.weight"]);
});

test("tied matrices are one tensor, whichever is there; two are used as they are", async (t) => {
  const facts = await factsOf(t, "llama-tied-f32");
  const { "model.embed_tokens.weight": embedding, ...others } = facts.tensors;
  assert.ok(embedding !== undefined);
  const plain = placesOf(facts);
  assert.deepEqual(placesOf({ ...facts, tensors: { ...others, "lm_head.weight": embedding } }), plain);
  const head = { ...embedding, file: "other", offset: 0 };
  const both = placesOf({ ...facts, tensors: { ...facts.tensors, "lm_head.weight": head } }, ["A8033"]);
  assert.deepEqual(both, [...plain, "other 0"].sort());
});

test("an untied model needs its unembedding", async (t) => {
  const facts = await factsOf(t, "llama-tied-f32");
  const config = { ...facts.config, tie_word_embeddings: false };
  assert.deepEqual(codes(buildModelGraph({ ...facts, config }).diagnostics), ["A4004"]);
});

test("float64 weights are read by way of float32", async (t) => {
  const facts = await factsOf(t, "llama-tied-f32");
  const tensors = Object.fromEntries(
    Object.entries(facts.tensors).map(([name, entry]) => [name, { ...entry, type: "float64" as const }]),
  );
  const casts = (dtype?: "bf16"): readonly unknown[] => {
    const built = buildModelGraph({ ...facts, tensors, ...(dtype === undefined ? {} : { dtype }) }).value;
    const nodes = built?.graph.nodes.filter(({ op }) => op === "Cast") ?? [];
    return [...new Set(nodes.map(({ attributes }) => JSON.stringify(attributes["to"])))];
  };
  assert.equal(casts().length, 1);
  assert.equal(casts("bf16").length, 2);
});
