/** Estimated work of every family of models, against multiplications counted by hand. */
import assert from "node:assert/strict";
import test from "node:test";
import { layerFlops } from "../../src/compiler/analysis/reads.js";
import { rowWorkOf } from "../../src/compiler/lower/cost.js";
import { lowerKnown } from "../../src/compiler/lower/graph.js";
import { planProtocol } from "../../src/compiler/lower/plan.js";
import type { randomModels } from "../models/fixture.js";
import { capabilities, compileText, fixtureFacts, numerics } from "./compiling.js";

/**
 * For 10 tokens: floating-point operations, two for each product of two numbers. `weights`: sizes of a layer's matrices,
 * which each token goes through. `attention`: numbers of queries of all heads, of which each of 10 meets each of 10 keys once
 * for the scores, and values once for the mix.
 */
interface Counted {
  readonly weights: number;
  readonly attention: number;
  readonly layers: number;
  /** d_model × vocab. */
  readonly unembedding: number;
}

const gpt2: Counted = { weights: 24 * 72 + 24 * 24 + 2 * 24 * 96, attention: 24, layers: 3, unembedding: 24 * 61 };
const neox: Counted = { weights: 32 * 96 + 32 * 32 + 2 * 32 * 48, attention: 32, layers: 2, unembedding: 32 * 61 };
// Two of six heads have keys and values; the gated MLP has three matrices.
const llama: Counted = {
  weights: 24 * (24 + 8 + 8) + 24 * 24 + 3 * 24 * 40,
  attention: 24,
  layers: 2,
  unembedding: 24 * 61,
};

const counted: Readonly<Record<(typeof randomModels)[number], Counted>> = {
  "gpt2-f32": gpt2,
  "gpt2-bf16": gpt2,
  "gpt2-f16": { ...gpt2, weights: 24 * 72 + 24 * 24 + 2 * 24 * 56 },
  "llama-tied-f32": llama,
  "llama-rope3-bf16": llama,
  "llama-bias-f16": { ...llama, weights: 24 * (36 + 12 + 12) + 36 * 24 + 3 * 24 * 40, attention: 36 },
  "neox-parallel-f32": neox,
  "neox-sequential-bf16": neox,
  "neox-half-f16": neox,
  "mistral-f32": llama,
  "qwen2-bf16": llama,
};

const text = `model m from "./m"
prompts p from ["one two three four five six seven eight nine ten"]
experiment e on m with p measure max(logits) as largest
`;

for (const [name, { weights, attention, layers, unembedding }] of Object.entries(counted)) {
  test(`${name}: operations of 10 tokens`, async () => {
    const { value } = compileText(text, { models: { "*": await fixtureFacts(name) } });
    assert.ok(value.protocol !== null);
    const layer = 2 * 10 * weights + 2 * 2 * 10 * 10 * attention;
    const [model] = [...value.models.values()];
    assert.ok(model !== undefined);
    assert.equal(layerFlops(model.signature, 10), layer);
    const options = { memoryBudget: 2 ** 30, numerics, capabilities, passes: [] };
    const { graphs, cost } = planProtocol(value.protocol, value.models, options).value;
    const whole = layers * layer + 2 * 10 * unembedding;
    assert.equal(cost.flops, whole);
    const [graph] = graphs;
    assert.ok(graph !== undefined);
    assert.equal(rowWorkOf(graph, lowerKnown(model.graph, graph), model.graph)(10).flops, whole);
  });
}

test("the same, as plain numbers", async () => {
  const flops = async (name: string): Promise<number> => {
    const { value } = compileText(text, { models: { "*": await fixtureFacts(name) } });
    const [model] = [...value.models.values()];
    return model === undefined ? 0 : layerFlops(model.signature, 10);
  };
  assert.equal(await flops("gpt2-f32"), 147_840);
  assert.equal(await flops("neox-parallel-f32"), 156_160);
  assert.equal(await flops("llama-tied-f32"), 97_920);
  assert.equal(await flops("mistral-f32"), 97_920);
  assert.equal(await flops("qwen2-bf16"), 97_920);
});
