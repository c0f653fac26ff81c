/** What is said where a gradient, or a metric that is made of gradients, does not mean what one might think. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileText, fixtureFacts, messagesOf } from "./compiling.js";

const facts = (name: string): ReturnType<typeof fixtureFacts> => fixtureFacts(`../families/models/${name}`);
const around = {
  models: {
    "./gemma": await facts("gemma2"),
    "./opt": await facts("opt-350m"),
    "*": await fixtureFacts("gpt2-f32"),
  },
};

const continued = `model m from "./m"
prompts p from [{ text: "the cat sat", continuation: " on the mat" }]
prompts short from [{ text: "the cat sat", continuation: " on" }]
`;
/** Codes and spans of what is said of a measure. */
function said(head: string, measure: string): readonly string[] {
  const text = `${head}${measure}\n`;
  // The small models lack ids of words that tests use, and axes that are renamed say so: neither is tested here.
  const diagnostics = compileText(text, around).diagnostics.filter(({ code }) => code !== "A4007" && code !== "A8003");
  return diagnostics.map(({ code, primary }) => `${code} ${text.slice(primary?.span.start, primary?.span.end)}`);
}

test("a metric that reads a continuation of several tokens says that its gradient has the prompt's positions", () => {
  const measured = (item: string, texts = "p"): readonly string[] =>
    said(continued, `experiment e with ${texts} measure ${item}`);
  for (const metric of ["saliency", "input_times_gradient"]) {
    const use = `${metric}(continuation_logprob, layer: L1)`;
    assert.deepEqual(measured(use), [`A8038 ${use}`]);
  }
  const plain = "grad(continuation_loss, z[L0])";
  assert.deepEqual(measured(`norm(${plain} over pos, d_head) as g`), [`A8038 ${plain}`]);
  // Once for all layers, and never of what the prompt alone decides, or where the continuation is asked for.
  assert.deepEqual(measured("saliency(continuation_logprob)"), ["A8038 saliency(continuation_logprob)"]);
  assert.deepEqual(measured("saliency(loss)"), []);
  assert.deepEqual(measured('saliency(logits[" mat"] at last)'), []);
  assert.deepEqual(measured("saliency(continuation_logprob)", "short"), []);
  assert.deepEqual(measured("norm(grad(continuation_logprob, z[L0]) at continuation over pos, d_head) as g"), []);
});

const pairs = (model: string): string => `model m from "${model}"
prompts p from [{ clean: "the cat sat", corrupt: "the dog sat", answer: " on", distractor: " in" }]
`;

test("integrated gradients need a way from one text to the other", () => {
  const use = "integrated_gradients(logit_diff)";
  assert.deepEqual(said(pairs("./m"), `measure ${use}`), [`A8035 ${use}`]);
  assert.deepEqual(said(pairs("./m"), `ablate heads L0 measure ${use}`), [`A8035 ${use}`]);
  const way = "metric way(share: scalar) = resid_pre[L0] + share * (resid_pre[L0] of corrupt - resid_pre[L0])\n";
  assert.deepEqual(said(pairs("./m"), `${way}set resid_pre[L0] to way(share: 0.25) measure ${use}`), []);
  // A metric of one's own may be called so.
  const own = "metric integrated_gradients(x: [*]) = x\n";
  assert.deepEqual(said(pairs("./m"), `${own}measure ${use}`), [`A8001 integrated_gradients`]);
});

test("edges are refused where what heads add is normed together, as paths are", () => {
  for (const [model, what] of [
    ["./gemma", "norms what its heads give together"],
    ["./opt", "norms the stream after each addition"],
  ] as const)
    for (const slot of ["q", "k", "v"]) {
      const use = `edges_to_${slot}(logit_diff, reader_head: 0, reader: L1)`;
      assert.deepEqual(said(pairs(model), `measure ${use}`), [`A3004 ${use}`]);
      const found = messagesOf(`${pairs(model)}measure ${use}`, around).at(-1) ?? "";
      assert.ok(found.endsWith(`found edges_to_${slot} of m, which ${what}`), found);
    }
  assert.deepEqual(said(pairs("./m"), "measure edges_to_q(logit_diff, reader_head: 0, reader: L1)"), []);
  assert.deepEqual(said(pairs("./gemma"), "measure attribution(logit_diff)"), []);
});

test("a gradient is that of numbers, and 0 where the metric comes before the site", () => {
  const measured = (item: string): readonly string[] => said(continued, `experiment e with short measure ${item} as g`);
  const argument = "argmax(logits at last over vocab)";
  assert.deepEqual(measured(`grad(${argument}, z[L0])`), [`A3001 ${argument}`]);
  assert.deepEqual(measured("grad(loss > 1, z[L0])"), ["A3001 loss > 1"]);
  const before = "grad(norm(z[L0]), resid_pre[L1])";
  assert.deepEqual(measured(before), [`A8034 ${before}`]);
});
