/** The clause `curvature` as it is checked: columns and axes, blocks of layers and of heads, what may be saved. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fixtureFacts, messagesOf, protocolOf } from "./compiling.js";

const around = { models: { "*": await fixtureFacts("gpt2-f32") } };
const alone = `model gpt2 from "gpt2"\nprompts p from ["the cat sat"]\n`;

test("a curvature has the columns it computes, over layers and not over prompts", () => {
  const text = `${alone}experiment sharp curvature of loss over params attention L* top 2 trace density probes 3 seed 1
  plot line of sharp.trace over layer
  plot density of sharp
  table sharp.eigenvalue by value`;
  assert.deepEqual(messagesOf(text.replace(" by value", ""), around), []);
  const [study] = protocolOf(text.replace(" by value", ""), around).studies;
  assert.deepEqual(study?.curvature?.layers, [0, 1, 2]);
  assert.deepEqual(messagesOf(`${text}\nplot line of sharp.trace over prompt`, around), [
    "A2017 sharp measures several metrics: say which metric",
    "A2013 sharp has no axis prompt",
  ]);
});

test("a curvature says over which parameters, of which layers, and what to compute", () => {
  const curvature = (clause: string): readonly string[] =>
    messagesOf(`${alone}experiment sharp curvature of loss over params ${clause}`, around);
  assert.deepEqual(curvature("attentoin L0 trace probes 3"), ["A2003 unknown name attentoin"]);
  assert.deepEqual(curvature("mlp L9 trace probes 3"), [
    "A4201 L9 is beyond gpt2, which has 3 layers (the last is L2)",
  ]);
  assert.deepEqual(curvature("mlp L0.H1 trace probes 3"), ["A3004 expected layers such as L9 or L*, found L0.H1"]);
  assert.deepEqual(curvature("mlp L0"), ["A2007 curvature needs a value for what to compute"]);
  assert.deepEqual(curvature("mlp L0 trace"), ["A2007 curvature needs a value for probes"]);
  // What would do nothing is refused: whoever writes it expects something of it.
  assert.deepEqual(curvature("mlp L0 top 1 probes 3"), [
    "A3040 `probes` is for trace, density and coupling, and nothing of that is asked for",
  ]);
  assert.deepEqual(curvature("mlp L0 trace probes 3 steps 9"), [
    "A3040 `steps` is for top and density, and nothing of that is asked for",
  ]);
  assert.deepEqual(curvature("mlp L0 density probes 3 steps 9"), []);
  assert.deepEqual(curvature("mlp L0 top 0"), ["A3005 0 is not a whole number of at least 1"]);
});

test("heads that are named are blocks of their own, and their couplings have an axis of pairs and two of heads", () => {
  const text = `${alone}experiment sharp curvature of loss over params W_V L2.H1, L0.H3, L2.H0..1 trace coupling probes 2`;
  // Of L0 there is one head, between which and itself there is no coupling.
  assert.deepEqual(messagesOf(text, around), ["A3040 a coupling is between heads, and there is one of L0"]);
  const more = `${text.replace("L0.H3", "L0.H2..3")}
  plot heatmap of sharp.trace over layer, head
  plot heatmap of sharp.coupling_matrix over head, other by layer
  table sharp.coupling, sharp.coupling_se`;
  const { studies, results } = protocolOf(more, around);
  const { curvature } = studies[0] ?? {};
  assert.deepEqual(
    [curvature?.layers, curvature?.heads],
    [
      [2, 0],
      [
        [0, 1],
        [2, 3],
      ],
    ],
  );
  const axes = results[0]?.axes.map(({ name, levels }) => [name, levels]);
  assert.deepEqual(axes, [
    ["layer", [2, 0]],
    ["head", [0, 1, 2, 3]],
    ["pair", ["0-1", "2-3"]],
    ["other", [0, 1, 2, 3]],
  ]);
});

test("several models have the levels of all, and heads of one kind", async () => {
  // Three layers with four heads, and two layers with six heads, of which three share a key.
  const models = { "./wide": await fixtureFacts("gpt2-f32"), "./grouped": await fixtureFacts("llama-tied-f32") };
  for (const [first, second] of [
    ["wide", "grouped"],
    ["grouped", "wide"],
  ]) {
    const clause = (asked: string): string => `model a from "./${first}"\nmodel b from "./${second}"
    prompts p from ["the cat sat"]
    experiment sharp on a, b curvature of loss over params ${asked}`;
    assert.deepEqual(messagesOf(clause("W_Q L*.H* trace probes 2"), { models }), []);
    const { results } = protocolOf(clause("W_Q L*.H* trace probes 2"), { models });
    const levels = results[0]?.axes
      .filter(({ name }) => name === "layer" || name === "head")
      .map((axis) => axis.levels);
    assert.deepEqual(levels, [
      [0, 1, 2],
      [0, 1, 2, 3, 4, 5],
    ]);
    const [own, other] = first === "wide" ? ["kv_heads", "heads"] : ["heads", "kv_heads"];
    const message = `A3040 in b the heads of W_V are ${own}, and in another model ${other}`;
    assert.deepEqual(messagesOf(clause("W_V L0.H0..1 trace probes 2"), { models }), [message]);
    assert.deepEqual(messagesOf(clause("W_V L0 trace probes 2"), { models }), []);
  }
});

test("eigenvectors are saved of a curvature that has some, and not otherwise", () => {
  const saved = (statement: string, name = "sharp"): readonly string[] =>
    messagesOf(`${alone}experiment sharp ${statement}\nlet more = 2 * sharp\nsave ${name} to "x.safetensors"`, around);
  const curvature = "curvature of loss over params mlp L0";
  assert.deepEqual(saved(`${curvature} top 1`).slice(1), []);
  const expected = "A3004 expected an experiment with a curvature that has `top`, whose eigenvectors are tensors";
  assert.deepEqual(saved(`${curvature} trace probes 2`).slice(1), [`${expected}, found sharp`]);
  assert.deepEqual(saved("measure loss"), [`${expected}, found sharp`]);
  assert.deepEqual(saved("measure loss", "more"), [`${expected}, found more`]);
});

test("corpora, intervened runs and continuations of several lengths are refused, in words of their own", () => {
  const files = { "story.txt": "the cat sat on the mat" };
  const asked = "curvature of nll over params W_V L0.H1 top 1";
  const refused = (texts: string, clause: string): readonly string[] =>
    messagesOf(`model gpt2 from "gpt2"\n${texts}\nexperiment sharp ${clause}`, { ...around, files });
  assert.deepEqual(refused('corpus c from "story.txt" window 4', asked), [
    "A3040 a curvature is over prompts, and c is a corpus",
  ]);
  assert.deepEqual(refused('prompts p from ["the cat sat"]', `ablate heads L0 ${asked}`), [
    "A3040 a curvature is that of the unmodified model",
  ]);
  const continued =
    'prompts p from [{ text: "the cat", continuation: " sat" }, { text: "the", continuation: " cat sat" }]';
  const message = "A3040 the continuations of p have several lengths, and a curvature is over texts of one kind";
  assert.deepEqual(new Set(refused(continued, asked)), new Set([message]));
});
