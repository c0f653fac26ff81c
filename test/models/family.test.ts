import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { buildModelGraph, families, readSignature } from "../../src/compiler/models/family.js";
import type { ModelFacts } from "../../src/compiler/models/model.js";
import { allSites } from "../../src/compiler/models/site-values.js";
import { siteKey } from "../../src/compiler/models/sites.js";
import { codes, copyOfModel, editJson, openIsolated } from "./temporary.js";

async function factsOf(t: TestContext, name: string): Promise<ModelFacts> {
  const { value } = await openIsolated(t, `./test/fixtures/models/${name}`);
  assert.ok(value !== null);
  return value.facts;
}

/** Facts with other config fields; undefined removes one. */
function withConfig(facts: ModelFacts, changes: Readonly<Record<string, unknown>>): ModelFacts {
  const config = Object.fromEntries(
    Object.entries({ ...facts.config, ...changes }).filter(([, value]) => value !== undefined),
  ) as ModelFacts["config"];
  return { ...facts, config };
}

/** Building fails with exactly one diagnostic of this code; its text and its two facts match. */
function assertFault(facts: ModelFacts, code: string, ...patterns: readonly RegExp[]): void {
  const { value, diagnostics } = buildModelGraph(facts);
  assert.equal(value, null);
  assert.deepEqual(codes(diagnostics), [code]);
  const [found] = diagnostics;
  const whole = [found?.message, found?.expected, found?.found].join(" | ");
  for (const pattern of patterns) assert.match(whole, pattern);
}

test("an unsupported architecture names the supported ones", async (t) => {
  const facts = await factsOf(t, "gpt2-f32");
  assertFault(withConfig(facts, { model_type: "mamba" }), "A4001", /mamba/, /gpt2, gpt_neox, llama, mistral, qwen2, /);
  assert.ok(families.length >= 5);
});

test("a config that lacks a field, or has it of another kind", async (t) => {
  const facts = await factsOf(t, "llama-tied-f32");
  assertFault(withConfig(facts, { hidden_size: undefined, head_dim: 4 }), "A4002", /no hidden_size/);
  assertFault(withConfig(facts, { model_type: undefined }), "A4002", /no model_type/);
  assertFault(
    withConfig(facts, { num_hidden_layers: "two" }),
    "A4003",
    /num_hidden_layers = "two"/,
    /positive integer/,
  );
});

test("a tensor that is missing, of another shape, or of a type that is not read", async (t) => {
  const facts = await factsOf(t, "gpt2-f32");
  const name = "transformer.h.1.mlp.c_fc.bias";
  const entry = facts.tensors[name];
  assert.ok(entry !== undefined);
  const { [name]: _, ...without } = facts.tensors;
  assertFault({ ...facts, tensors: without }, "A4004", /no tensor transformer\.h\.1\.mlp\.c_fc\.bias/);
  const reshaped = { ...facts.tensors, [name]: { ...entry, shape: [2, 48] } };
  assertFault({ ...facts, tensors: reshaped }, "A4005", /c_fc\.bias/, /\[96\]/, /\[2, 48\]/);
  const retyped = { ...facts.tensors, [name]: { ...entry, type: "other" as const, storedType: "I8" } };
  assertFault({ ...facts, tensors: retyped }, "A4006", /stored as I8/);
});

test("settings that are not implemented are refused by name", async (t) => {
  const gpt2 = await factsOf(t, "gpt2-f32");
  const llama = await factsOf(t, "llama-tied-f32");
  const mistral = await factsOf(t, "mistral-f32");
  const neox = await factsOf(t, "neox-parallel-f32");
  const refused: readonly (readonly [ModelFacts, Readonly<Record<string, unknown>>, RegExp])[] = [
    [gpt2, { activation_function: "quick_gelu" }, /activation_function = quick_gelu/],
    // Every object of JavaScript has something of this name.
    [gpt2, { activation_function: "constructor" }, /activation_function = constructor/],
    [gpt2, { add_cross_attention: true }, /add_cross_attention/],
    [gpt2, { n_head: 5 }, /n_head = 5/],
    [gpt2, { quantization_config: { bits: 4 } }, /quantization_config/],
    [llama, { hidden_act: "mish" }, /hidden_act = mish/],
    [llama, { rope_parameters: { rope_type: "mrope", rope_theta: 1e4 } }, /rope_parameters\.rope_type = mrope/],
    [llama, { is_causal: false }, /is_causal = false/],
    [llama, { is_causal: null }, /is_causal = null/],
    [llama, { per_layer_config: { "0": { head_dim: 8 } } }, /per_layer_config/],
    [neox, { head_dim: 16 }, /head_dim = 16/],
    [llama, { num_key_value_heads: 4 }, /num_key_value_heads = 4/],
    [llama, { layer_types: ["full_attention", "sliding_attention"] }, /layer_types = sliding_attention/],
    [llama, { partial_rotary_factor: 0.5, rope_parameters: undefined }, /partial_rotary_factor = 0\.5/],
    [neox, { hidden_act: "quick_gelu" }, /hidden_act = quick_gelu/],
  ];
  for (const [facts, changes, message] of refused) assertFault(withConfig(facts, changes), "A4003", message);
  for (const window of [null, 16, 64]) {
    assert.ok(buildModelGraph(withConfig(mistral, { sliding_window: window })).value !== null);
  }
});

test("configs of transformers 4 and 5 give the same graph", async (t) => {
  const build = (facts: ModelFacts): unknown => buildModelGraph(facts).value?.graph;
  const neox = await factsOf(t, "neox-half-f16");
  const oldNeox = { rope_parameters: undefined, rotary_emb_base: 2000, rotary_pct: 0.5 };
  assert.deepEqual(build(withConfig(neox, oldNeox)), build(neox));
  const llama3 = await factsOf(t, "llama-rope3-bf16");
  const { rope_theta: theta, ...scaling } = llama3.config["rope_parameters"] as Record<string, unknown>;
  const oldLlama = { rope_parameters: undefined, rope_theta: theta, rope_scaling: scaling };
  assert.deepEqual(build(withConfig(llama3, oldLlama)), build(llama3));
  const linear = await factsOf(t, "llama-bias-f16");
  const oldLinear = { rope_parameters: undefined, rope_theta: 1e4, rope_scaling: { type: "linear", factor: 2 } };
  assert.deepEqual(build(withConfig(linear, oldLinear)), build(linear));
  assert.notEqual(build(linear), null);
});

test("the signature lists the sites that the graph has", async (t) => {
  for (const [name, parallel] of [
    ["neox-parallel-f32", true],
    ["neox-sequential-bf16", false],
    ["llama-tied-f32", false],
  ] as const) {
    const built = buildModelGraph(await factsOf(t, name)).value;
    assert.ok(built !== null);
    assert.equal(built.signature.parallelResidual, parallel);
    assert.equal(built.signature.sites.includes("resid_mid"), !parallel);
    assert.deepEqual(Object.keys(built.values).sort(), allSites(built.signature).map(siteKey).sort());
  }
  const signature = readSignature(await factsOf(t, "llama-tied-f32")).value;
  assert.deepEqual([signature?.heads, signature?.kvHeads, signature?.dHead, signature?.neurons], [6, 2, 4, 40]);
});

test("GPT-2 checkpoints without the transformer prefix", async (t) => {
  const facts = await factsOf(t, "gpt2-f32");
  const tensors = Object.fromEntries(
    Object.entries(facts.tensors).map(([name, entry]) => [name.replace("transformer.", ""), entry]),
  );
  assert.ok(buildModelGraph({ ...facts, tensors }).value !== null);
});

test("faults of a config on disk reach the user as diagnostics", async (t) => {
  const folder = copyOfModel(t, "gpt2-f32");
  editJson(join(folder, "config.json"), { model_type: "gpt9" });
  const { value } = await openIsolated(t, folder);
  assert.ok(value !== null);
  assertFault(value.facts, "A4001", /gpt9/);
});
