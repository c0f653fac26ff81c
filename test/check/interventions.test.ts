/** Interventions as conditions: each test is a form of the language with the smallest example of it. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { checkConditions } from "../../src/compiler/check/interventions/conditions.js";
import { buildModelGraph } from "../../src/compiler/models/family.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { protocolOf } from "./compiling.js";
import { conditionText } from "./condition-text.js";
import { around, conditions, declarations, messages, refused, studiesOf, withP } from "./intervention-support.js";

suite("ablate", () => {
  test("heads, neurons, MLP, attention and layers, each place in turn", () => {
    assert.deepEqual(withP("ablate heads L1.H2..3"), ["layer=1 head=2: z[1].2 = 0", "layer=1 head=3: z[1].3 = 0"]);
    assert.deepEqual(withP("ablate neurons L0.N5"), ["layer=0 neuron=5: mlp_act[0].5 = 0"]);
    assert.deepEqual(withP("ablate mlp L1, L-1, L1"), ["layer=1: mlp_out[1] = 0", "layer=2: mlp_out[2] = 0"]);
    assert.deepEqual(withP("ablate attention L0"), ["layer=0: attn_out[0] = 0"]);
    assert.deepEqual(withP("ablate layer L0"), ["layer=0: attn_out[0] = 0; mlp_out[0] = 0"]);
  });

  test("a key-value head with every query head that reads it", () => {
    assert.deepEqual(
      conditions('model llama from "llama"\nexperiment e on llama with p ablate kv_heads L0.H1 measure loss'),
      ["layer=0 kv_head=1: z[0].3 = 0; z[0].4 = 0; z[0].5 = 0"],
    );
  });

  test("together is one condition, and a place that is named twice is changed once", () => {
    assert.deepEqual(withP("ablate heads L0.H1, L2.H0, L0.H1 together"), [": z[0].1 = 0; z[2].0 = 0"]);
  });

  test("by zero, constants, means, and values of other prompts", () => {
    assert.deepEqual(withP("ablate mlp L0 by zero"), ["layer=0: mlp_out[0] = 0"]);
    assert.deepEqual(withP("ablate mlp L0 by constant -0.5"), ["layer=0: mlp_out[0] = -0.5"]);
    assert.deepEqual(withP("ablate mlp L0 by mean"), ["layer=0: mlp_out[0] = mean of p"]);
    assert.deepEqual(withP("ablate mlp L0 by mean of three"), ["layer=0: mlp_out[0] = mean of three"]);
    assert.deepEqual(conditions("experiment e with short ablate mlp L0 by mean per position measure loss"), [
      "layer=0: mlp_out[0] = mean of short per position",
    ]);
    const [drawn = ""] = withP("ablate mlp L0 by resample from longer seed 3");
    assert.match(drawn, /^layer=0: mlp_out\[0\] = longer\[[01], [01]\]$/);
    assert.deepEqual(
      conditions("param half = 1 / 2\nexperiment e with p ablate mlp L0 by constant half measure loss"),
      ["layer=0: mlp_out[0] = 0.5"],
    );
  });

  test("with a set of pairs, means and resamples can name its halves", () => {
    assert.deepEqual(conditions("experiment e with pairs ablate mlp L0 by mean of corrupt measure loss"), [
      "layer=0: mlp_out[0] = mean of pairs (corrupt)",
    ]);
  });

  test("what cannot be", () => {
    assert.deepEqual(refused("ablate mlp L0.H1"), ["A3004 expected a layer such as L5, found L0.H1"]);
    assert.deepEqual(refused("ablate heads L0.N1"), ["A3004 expected heads such as L5.H3, or a layer, found L0.N1"]);
    assert.deepEqual(refused("ablate mlp L0 by mean of x"), ["A2010 unknown prompt set x"]);
    assert.deepEqual(refused("ablate mlp L0 by mean of clean"), ["A2010 unknown prompt set clean"]);
    assert.deepEqual(refused('ablate mlp L0 by constant "x"'), ['A3004 expected a number such as 0.5, found "x"']);
    assert.deepEqual(refused("ablate mlp L0 by constant 1e39"), ["A3005 1e+39 is not a number that float32 can hold"]);
    assert.deepEqual(refused("ablate mlp L0 by mean per position"), [
      "A4304 prompt 0 of p has 3 tokens and prompt 1 of p has 4; here they must be equally long",
    ]);
    assert.deepEqual(refused("ablate mlp L0 by resample from short"), [
      "A4307 short has no other prompt of at least 3 tokens, which prompt 0 of p has",
    ]);
    assert.deepEqual(refused("ablate mlp L0 by resample from q seed 0.5"), [
      "A3005 0.5 is not a seed: a whole number below 4294967296",
    ]);
  });

  test("more conditions than are possible", () => {
    const signature = buildModelGraph(around.models["*"]).value?.signature;
    assert.ok(signature !== undefined);
    const [experiment] = parse({ path: "t.atlas", text: "ablate neurons L* measure loss" }).value.statements;
    assert.ok(experiment?.kind === "experiment");
    const found: string[] = [];
    const none = new Map<string, never>();
    const checked = checkConditions(
      {
        scope: {
          models: none,
          texts: none,
          metrics: none,
          params: none,
          declaredParams: none,
          experiments: none,
          lets: none,
          probes: none,
          references: [],
          statements: [],
        },
        model: { name: "large", signature: { ...signature, layers: 80, neurons: 28_672 }, assumed: false },
        textsName: "p",
        runsOn: "p",
        texts: null,
        besideOwn: (name: string) => name,
        otherTexts: () => null,
        tokenOf: () => null,
        period: null,
        patchSource: null,
        conditionAxes: new Set(),
        report: (d) => void found.push(`${d.code} ${d.message}; ${d.hint ?? ""}`),
        sourceOf: () => "",
      },
      "e",
      experiment,
      { shapes: none, studies: none },
    );
    assert.equal(checked.conditions.length, 1);
    assert.deepEqual(found, [
      "A3009 this sweep makes 2,293,760 conditions; at most 100,000 are possible; name fewer, such as L3.N0..99",
    ]);
  });
});

suite("positions", () => {
  test("one position adds no axis, a range is a sweep, and together takes the range at once", () => {
    assert.deepEqual(withP("ablate mlp L0 at last"), ["layer=0: mlp_out[0] at -1 = 0"]);
    assert.deepEqual(withP("ablate mlp L0 at 0"), ["layer=0: mlp_out[0] at 0 = 0"]);
    assert.deepEqual(withP("ablate mlp L0..1 at -2..-1"), [
      "layer=0 position=-2: mlp_out[0] at -2 = 0",
      "layer=0 position=-1: mlp_out[0] at -1 = 0",
      "layer=1 position=-2: mlp_out[1] at -2 = 0",
      "layer=1 position=-1: mlp_out[1] at -1 = 0",
    ]);
    assert.deepEqual(withP("ablate mlp L0..1 at -2..-1 together"), [
      ": mlp_out[0] at -2..-1 = 0; mlp_out[1] at -2..-1 = 0",
    ]);
    // All but the first, however long a prompt is.
    assert.deepEqual(withP("ablate mlp L0 at 1..-1 together"), [": mlp_out[0] at 1..-1 = 0"]);
  });

  test("the same for patches, scales, steering and set", () => {
    assert.deepEqual(withP("scale mlp L0 at -2..-1 by 2"), [
      "layer=0 position=-2: mlp_out[0] at -2 * 2",
      "layer=0 position=-1: mlp_out[0] at -1 * 2",
    ]);
    assert.deepEqual(withP("steer mlp_out L0 by 2 at -2..-1 together"), [": mlp_out[0] at -2..-1 += 2"]);
    assert.deepEqual(withP("set mlp_out[L0] at 0..1 to 2"), [
      "position=0: mlp_out[0] at 0 = 2",
      "position=1: mlp_out[0] at 1 = 2",
    ]);
    assert.deepEqual(withP("set mlp_out[L0] at 0..1 together to 2"), [": mlp_out[0] at 0..1 = 2"]);
    assert.deepEqual(conditions("patch mlp L0 at -2..-1 together from q into p measure loss"), [
      ": mlp_out[0] at -2..-1 = q[0, 1]",
    ]);
  });

  test("of a token in quotes, prompt by prompt", () => {
    const text = 'experiment e with pairs ablate mlp L0 at token "mary" measure loss';
    assert.deepEqual(conditions(text), ["layer=0: mlp_out[0] at [6, 5] = 0"]);
    assert.deepEqual(refused('ablate mlp L0 at token "cat"'), ['A4306 prompt 1 of p has no "cat"']);
  });

  test("that a prompt lacks, or in the wrong order", () => {
    assert.deepEqual(refused("ablate mlp L0 at 3"), ["A4305 prompt 0 of p has 3 tokens, so there is no position 3"]);
    assert.deepEqual(refused("ablate mlp L0 at -4..-1"), [
      "A4305 prompt 0 of p has 3 tokens, so there is no position -4",
    ]);
    assert.deepEqual(refused("ablate mlp L0 at 2..-2 together"), [
      "A4305 prompt 0 of p has 3 tokens, so there is no position 2..-2",
    ]);
    assert.deepEqual(refused("ablate mlp L0 at -1..-2"), ["A3012 the range -1..-2 is empty"]);
    assert.deepEqual(refused("ablate mlp L0 at 1..-1"), [
      "A3004 expected positions counted from one end, or `together` after the range, found 1..-1, as many as each text has",
    ]);
  });
});

suite("patch", () => {
  const patch = (clause: string): readonly string[] => conditions(`${clause} measure loss`);

  test("parts and sites, each place in turn, from the same prompt of the other set", () => {
    assert.deepEqual(patch("patch heads L0.H0..1 from q into p"), [
      "layer=0 head=0: z[0].0 = q[0, 1]",
      "layer=0 head=1: z[0].1 = q[0, 1]",
    ]);
    assert.deepEqual(patch("patch resid_pre L0..1 from q into p"), [
      "layer=0: resid_pre[0] = q[0, 1]",
      "layer=1: resid_pre[1] = q[0, 1]",
    ]);
    assert.deepEqual(patch("patch pattern L2.H1 from q into p"), ["layer=2 head=1: pattern[2].1 = q[0, 1]"]);
    assert.deepEqual(patch("patch pattern L2 from q into p"), ["layer=2: pattern[2] = q[0, 1]"]);
    assert.deepEqual(patch("patch embed from q into p"), [": embed = q[0, 1]"]);
    assert.deepEqual(patch("patch layer L0 at last from q into p"), [
      "layer=0: attn_out[0] at -1 = q[0, 1]; mlp_out[0] at -1 = q[0, 1]",
    ]);
  });

  test("between the halves of a set of pairs: the study runs on the half that is patched into", () => {
    const [study] = studiesOf("patch resid_pre L0 at -2..-1 from clean into corrupt measure loss");
    assert.equal(study?.texts, "pairs (corrupt)");
    assert.deepEqual(study.conditions.slice(1).map(conditionText), [
      "layer=0 position=-2: resid_pre[0] at -2 = pairs[0, 1]",
      "layer=0 position=-1: resid_pre[0] at -1 = pairs[0, 1]",
    ]);
    const [noise] = studiesOf("experiment e with pairs patch mlp L0 from corrupt into clean measure loss");
    assert.equal(noise?.texts, "pairs");
    assert.deepEqual(noise.conditions.slice(1).map(conditionText), ["layer=0: mlp_out[0] = pairs (corrupt)[0, 1]"]);
  });

  test("every text that it reads is part of the protocol", () => {
    const { texts } = protocolOf(`${declarations}patch mlp L0 from clean into corrupt measure loss`, around);
    assert.deepEqual(texts.map((set) => set.name).sort(), ["pairs", "pairs (corrupt)"]);
  });

  test("lengths may differ where both texts have the positions, counted from the end", () => {
    assert.deepEqual(patch("patch mlp L0 at last from longer into p"), ["layer=0: mlp_out[0] at -1 = longer[0, 1]"]);
    const unequal = "A4304 prompt 0 of p has 3 tokens and prompt 0 of longer has 5; here they must be equally long";
    assert.deepEqual(messages("patch mlp L0 from longer into p measure loss"), [unequal]);
    assert.deepEqual(messages("patch mlp L0 at 0 from longer into p measure loss"), [unequal]);
    assert.deepEqual(messages("patch mlp L0 at 0..-1 together from longer into p measure loss"), [unequal]);
    assert.deepEqual(messages("patch pattern L0 at last from longer into p measure loss"), [unequal]);
    assert.deepEqual(messages("patch mlp L0 at -3 from short into p measure loss"), [
      "A4305 prompt 0 of short has 2 tokens, so there is no position -3",
    ]);
  });

  test("what cannot be patched, from where, and into what", () => {
    const found = (clause: string): readonly string[] => messages(`${clause} measure loss`);
    assert.deepEqual(found("patch mlp L0 from three into p"), [
      "A4303 three (3) and p (2) do not have equally many prompts, so they cannot be paired",
    ]);
    assert.deepEqual(found("patch head_out L0 from q into p"), [
      "A4302 head_out cannot be changed: nothing in the model reads it",
    ]);
    assert.deepEqual(found("patch resid_pre L0.H1 from q into p"), ["A3002 resid_pre has no axis head"]);
    assert.deepEqual(found("patch resid_pre from q into p"), ["A3003 resid_pre exists in every layer: say which"]);
    assert.deepEqual(found("patch embed L0 from q into p"), [
      "A3004 expected embed without a place: the model has it once, found L0",
    ]);
    assert.deepEqual(found("patch residual L0 from q into p"), ["A2004 unknown site residual"]);
    assert.deepEqual(found("experiment e with p patch mlp L0 from p into q"), [
      "A3004 expected p, which the experiment runs on, found q",
    ]);
    assert.deepEqual(found("experiment e with q patch mlp L0 from clean into q"), ["A2010 unknown prompt set clean"]);
    assert.deepEqual(
      messages('model neox from "neox"\nexperiment e on neox patch resid_mid L0 from q into p measure loss'),
      ["A4203 neox has no site resid_mid"],
    );
  });
});
