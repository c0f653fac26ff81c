/** Interventions as conditions: each test is a form of the language with the smallest example of it. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { checkConditions } from "../../src/compiler/check/conditions.js";
import { drawPrompts } from "../../src/compiler/check/interventions/replacements.js";
import { buildModelGraph } from "../../src/compiler/models/family.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import type { Study, TokenizedTexts } from "../../src/compiler/ir/protocol.js";
import { compileText, fixtureFacts, markedText, messagesOf, protocolOf } from "./compiling.js";
import { conditionText } from "./condition-text.js";

const pairs = [
  { clean: "when mary met john he gave mary", corrupt: "when anna met john he gave anna", answer: " x", other: " y" },
  { clean: "so mary and john left mary", corrupt: "so anna and john left anna", answer: " x", other: " y" },
];
// 3 layers, 4 heads, 96 neurons; and grouped queries: 2 layers, 6 heads, 2 key-value heads.
const around = {
  models: {
    "*": await fixtureFacts("gpt2-f32"),
    llama: await fixtureFacts("llama-tied-f32"),
    neox: await fixtureFacts("neox-parallel-f32"),
  },
  files: {
    "pairs.jsonl": pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(""),
    "story.txt": "it rained all day and nobody came\n",
  },
};

const declarations = `
model gpt2 from "gpt2"
prompts p from ["the cat sat", "a dog ran off"]
prompts q from ["the dog sat", "a cat ran off"]
prompts longer from ["and so the dog sat", "and then a cat ran off"]
prompts short from ["it rained", "it snowed"]
prompts three from ["a", "b", "c"]
prompts pairs from "pairs.jsonl" clean "clean" corrupt "corrupt" answer "answer" distractor "other"
corpus story from "story.txt" window 4
`;

const studiesOf = (text: string): readonly Study[] => protocolOf(declarations + text, around).studies;
/** Every condition but the baseline. */
const conditions = (text: string): readonly string[] => {
  const study = studiesOf(text).at(-1);
  const [baseline, ...changed] = study?.conditions ?? [];
  assert.deepEqual(baseline, { coordinates: {}, writes: [] });
  return changed.map(conditionText);
};
const withP = (clauses: string): readonly string[] => conditions(`experiment e with p ${clauses} measure loss`);
const messages = (text: string): readonly string[] => messagesOf(declarations + text, around);
const refused = (clauses: string): readonly string[] => messages(`experiment e with p ${clauses} measure loss`);

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
          experiments: none,
          lets: none,
          statements: [],
        },
        model: { name: "large", signature: { ...signature, layers: 80, neurons: 28_672 }, assumed: false },
        textsName: "p",
        runsOn: "p",
        texts: null,
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

suite("scale", () => {
  test("by a number, or by each of a list: the axis factor", () => {
    assert.deepEqual(withP("scale heads L1.H0 by 0.5"), ["layer=1 head=0: z[1].0 * 0.5"]);
    assert.deepEqual(withP("scale heads L0..1 together by [0, 2]"), [
      ...["factor=0: 0..1", "factor=2: 0..1"].map((line, i) => {
        const change = i === 0 ? "= 0" : "* 2";
        const writes = [0, 1].flatMap((layer) => [0, 1, 2, 3].map((head) => `z[${layer}].${head} ${change}`));
        return `${line.split(":")[0] ?? ""}: ${writes.join("; ")}`;
      }),
    ]);
    const strengths = "param strengths = [-1, 0.5]\nexperiment e with p scale mlp L0 by strengths measure loss";
    assert.deepEqual(conditions(strengths), [
      "layer=0 factor=-1: mlp_out[0] * -1",
      "layer=0 factor=0.5: mlp_out[0] * 0.5",
    ]);
  });

  test("masked scores stay masked", () => {
    assert.deepEqual(withP("scale scores L0.H1 by 0.5"), ["layer=0 head=1: scores[0].1 * 0.5"]);
    assert.deepEqual(refused("scale scores L0 by 0"), ["A3005 0 is not a factor above 0, as scores need"]);
    assert.deepEqual(refused("scale mlp L0 by nll"), [
      "A3004 expected a number such as 0.5, or a list of numbers, found nll",
    ]);
  });
});

suite("steer and set", () => {
  test("add a value, or put one in its place", () => {
    assert.deepEqual(withP("steer resid_pre L1 by 4 * resid_pre[L0] at last"), [
      "layer=1: resid_pre[1] at -1 += multiply(4, resid_pre[0])",
    ]);
    assert.deepEqual(withP("steer mlp L1 by -mlp_out[L0]"), ["layer=1: mlp_out[1] += negate(mlp_out[0])"]);
    assert.deepEqual(withP("set resid_post[L0] at last to resid_pre[L0]"), [": resid_post[0] at -1 = resid_pre[0]"]);
    assert.deepEqual(withP("set final to 2 * final"), [": final = multiply(2, final)"]);
  });

  test("of one head, whose value has no axis head", () => {
    assert.deepEqual(withP("set z[L1.H2] to z[L1.H3]"), [": z[1].2 = select(z[1] axis=head index=3)"]);
    assert.deepEqual(withP("steer heads L1.H2 by z[L0.H2]"), [
      "layer=1 head=2: z[1].2 += select(z[0] axis=head index=2)",
    ]);
  });

  test("a sweep of the site moves the value along, and another sweep of the value is an axis of its own", () => {
    assert.deepEqual(withP("set resid_mid[L0..1] to resid_pre[L0..1]"), [
      "layer=0: resid_mid[0] = resid_pre[0]",
      "layer=1: resid_mid[1] = resid_pre[1]",
    ]);
    assert.deepEqual(withP("steer resid_mid L0..1 by resid_pre[L0..1]"), [
      "layer=0: resid_mid[0] += resid_pre[0]",
      "layer=1: resid_mid[1] += resid_pre[1]",
    ]);
    assert.deepEqual(withP("set z[L1.H2] to z[L1.H0..1]"), [
      "head=0: z[1].2 = select(z[1] axis=head index=0)",
      "head=1: z[1].2 = select(z[1] axis=head index=1)",
    ]);
    const metric = "metric push(times: scalar = 1) = times * resid_pre[L0]\n";
    assert.deepEqual(
      conditions(`${metric}experiment e with p steer resid_pre L1 by push(times: [2, 3]) at last measure loss`),
      [
        "layer=1 times=2: resid_pre[1] at -1 += multiply(2, resid_pre[0])",
        "layer=1 times=3: resid_pre[1] at -1 += multiply(3, resid_pre[0])",
      ],
    );
    assert.deepEqual(refused("steer resid_pre L1..2 by resid_pre[L0..1]"), [
      "A3006 two sweeps of the axis layer have different values",
    ]);
  });

  test("what is a number, or the site itself elsewhere, is the same condition as ablate and patch make", () => {
    const same = (set: string, sugar: string): void => {
      const [one] = studiesOf(`experiment e with p ${set} measure loss`);
      const [other] = studiesOf(`experiment e with p ${sugar} measure loss`);
      assert.deepEqual(one?.conditions[1]?.writes, other?.conditions[1]?.writes);
    };
    same("set mlp_out[L0] to 0", "ablate mlp L0");
    same("set z[L0.H1] at last to 0.5", "ablate heads L0.H1 at last by constant 0.5");
    same("set z[L0] at last to z[L0] of q", "patch z L0 at last from q into p");
    same("set z[L0.H1] to z[L0.H1] of q", "patch heads L0.H1 from q into p");
  });

  test("from other texts: averages, prompts beside prompts, the other half of a pair", () => {
    assert.deepEqual(
      withP("steer resid_pre L1 by 4 * (mean(resid_post[L1] of q) - mean(resid_post[L1] of short)) at last"),
      ["layer=1: resid_pre[1] at -1 += multiply(4, subtract(mean(resid_post[1] of q), mean(resid_post[1] of short)))"],
    );
    assert.deepEqual(withP("set resid_pre[L0] at last to (resid_pre[L0] of short at last)"), [
      ": resid_pre[0] at -1 = at(resid_pre[0] index=-1) of short",
    ]);
    assert.deepEqual(conditions("experiment e with pairs steer mlp L1 by mlp_out[L0] of corrupt measure loss"), [
      "layer=1: mlp_out[1] += mlp_out[0] of pairs (corrupt)",
    ]);
    assert.deepEqual(refused("set resid_pre[L0] to resid_pre[L0] of short"), [
      "A4304 prompt 0 of p has 3 tokens and prompt 0 of short has 2; here they must be equally long",
    ]);
  });

  test("the value's axes are among the site's, as long as they are", () => {
    const wrong = compileText(`${declarations}experiment e with p set resid_pre[L1] to z[L0] measure loss`, around);
    assert.deepEqual(
      wrong.diagnostics.map((d) => [d.message, d.expected, d.found]),
      [["this value does not fit resid_pre[1]", "[pos, d_model=24]", "[pos, «head=4», d_head=6]"]],
    );
    assert.equal(markedText(wrong), "z[L0]");
    assert.deepEqual(refused("steer resid_pre L1 by resid_pre[L0] last 2"), [
      "A4311 this value does not fit resid_pre[1]",
    ]);
    assert.deepEqual(refused("steer resid_pre L1 by mean(nll)"), ["A4311 this value does not fit resid_pre[1]"]);
  });

  test("reads only what is computed before the site", () => {
    assert.deepEqual(refused("steer resid_pre L1 by mlp_out[L1]"), [
      "A4309 mlp_out[1] is computed after resid_pre[1], so what is put there cannot depend on it",
    ]);
    assert.deepEqual(refused("set resid_post[L0] to resid_pre[L1]"), [
      "A4309 resid_pre[1] is computed after resid_post[0], so what is put there cannot depend on it",
    ]);
    assert.deepEqual(withP("steer resid_pre L1 by resid_pre[L1]"), ["layer=1: resid_pre[1] += resid_pre[1]"]);
  });

  test("what is no site, or none that can be changed", () => {
    assert.deepEqual(refused("set logprobs to 0"), ["A4302 logprobs cannot be changed: nothing in the model reads it"]);
    assert.deepEqual(refused("set (2 * final) to 0"), [
      "A3004 expected a site to set, such as z[L5] or z[L5.H3], found 2 * final",
    ]);
    assert.deepEqual(refused("set loss to 0"), ["A3004 expected a site to set, such as z[L5] or z[L5.H3], found loss"]);
    assert.deepEqual(refused("set z to 0"), ["A3003 z exists in every layer: say which"]);
    assert.deepEqual(refused("steer layer L0 by 1"), [
      "A3004 expected one site to steer, such as resid_pre, found attention and MLP of a layer",
    ]);
  });
});

suite("several interventions", () => {
  test("all apply, and their sweeps multiply", () => {
    assert.deepEqual(withP("ablate heads L0.H0..1 scale mlp L0..1 together by [2, 3]"), [
      "layer=0 head=0 factor=2: z[0].0 = 0; mlp_out[0] * 2; mlp_out[1] * 2",
      "layer=0 head=0 factor=3: z[0].0 = 0; mlp_out[0] * 3; mlp_out[1] * 3",
      "layer=0 head=1 factor=2: z[0].1 = 0; mlp_out[0] * 2; mlp_out[1] * 2",
      "layer=0 head=1 factor=3: z[0].1 = 0; mlp_out[0] * 3; mlp_out[1] * 3",
    ]);
  });

  test("an axis that two have is one axis where they agree, and an error where not", () => {
    assert.deepEqual(withP("ablate attention L0..1 scale mlp L0..1 by 2"), [
      "layer=0: attn_out[0] = 0; mlp_out[0] * 2",
      "layer=1: attn_out[1] = 0; mlp_out[1] * 2",
    ]);
    assert.deepEqual(refused("ablate attention L0 scale mlp L0..1 by 2"), [
      "A3006 two sweeps of the axis layer have different values",
    ]);
  });

  test("nothing is changed twice in one condition", () => {
    assert.deepEqual(refused("ablate heads L0 scale z L0 by 2"), ["A4301 z[0] is changed twice in one condition"]);
    assert.deepEqual(refused("ablate heads L0.H1 at last scale z L0.H1 at 2 by 2"), [
      "A4301 entry 1 of z[0] is changed twice in one condition",
    ]);
    // Other heads, and positions that no prompt has in common.
    assert.deepEqual(withP("ablate heads L0.H1 together scale z L0.H2 by 2"), [
      "layer=0 head=2: z[0].1 = 0; z[0].2 * 2",
    ]);
    assert.deepEqual(withP("ablate mlp L0 at last scale mlp L0 at 0 by 2"), [
      "layer=0: mlp_out[0] at -1 = 0; mlp_out[0] at 0 * 2",
    ]);
  });
});

suite("a corpus", () => {
  const onStory = (clause: string): readonly string[] =>
    messages(`experiment e with story ${clause} measure mean(nll over pos) as loss`);

  test("can be ablated and scaled", () => {
    for (const clause of [
      "ablate mlp L0",
      "ablate mlp L0 by mean",
      "ablate mlp L0 by constant 1",
      "scale mlp L0 by 2",
    ]) {
      assert.deepEqual(onStory(clause), [], clause);
    }
    assert.deepEqual(refused("ablate mlp L0 by mean of story"), []);
  });

  test("has no prompts to pair and no positions", () => {
    const needs = (what: string): readonly string[] => [`A4308 ${what} needs prompts, and story is a corpus`];
    assert.deepEqual(onStory("ablate mlp L0 at last"), needs("`at`"));
    assert.deepEqual(onStory("ablate mlp L0 by resample from p"), needs("`resample`"));
    assert.deepEqual(onStory("ablate mlp L0 by mean per position"), needs("a mean `per position`"));
    assert.deepEqual(refused("ablate mlp L0 by resample from story"), needs("`resample`"));
    assert.deepEqual(messages("patch mlp L0 from story into p measure loss"), needs("`patch`"));
  });
});

test("resampling draws every other prompt that is long enough, the same for a seed", () => {
  const set = (name: string, lengths: readonly number[]): TokenizedTexts => ({
    name,
    model: "m",
    prompts: lengths.map((length, index) => ({
      index,
      text: "",
      ids: Array.from({ length }, () => 1),
      columns: {},
      numbers: {},
    })),
    bos: false,
    period: null,
    documents: null,
  });
  const own = set("own", [3, 3, 3, 3]);
  const draws = Array.from({ length: 40 }, (_, seed) => drawPrompts(own, own, seed));
  assert.deepEqual(draws[5], drawPrompts(own, own, 5));
  for (const drawn of draws) {
    assert.ok(typeof drawn !== "number" && drawn.every((prompt, index) => prompt !== index));
  }
  const first = new Set(draws.map((drawn) => (typeof drawn === "number" ? -1 : drawn[0])));
  assert.deepEqual([...first].sort(), [1, 2, 3]);
  // Of the other set only prompt 1 is long enough; a set of one prompt has nothing else.
  assert.deepEqual(drawPrompts(own, set("other", [2, 5]), 1), [1, 1, 1, 1]);
  assert.equal(drawPrompts(own, set("other", [2, 2]), 1), 0);
  assert.deepEqual(drawPrompts(set("one", [4]), set("one", [4]), 1), [0]);
});
