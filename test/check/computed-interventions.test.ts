/** Scaling, steering and setting, several interventions at once, corpora, and resampling. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { drawPrompts } from "../../src/compiler/check/interventions/replacements.js";
import type { TokenizedTexts } from "../../src/compiler/ir/protocol.js";
import { compileText, markedText } from "./compiling.js";
import { around, conditions, declarations, messages, refused, studiesOf, withP } from "./intervention-support.js";

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

  test("a list of numbers in a product is the axis of factors that scale has", () => {
    const swept = [
      "layer=1 factor=-2: resid_pre[1] += multiply(-2, resid_pre[0])",
      "layer=1 factor=3: resid_pre[1] += multiply(3, resid_pre[0])",
    ];
    assert.deepEqual(withP("steer resid_pre L1 by [-2, 3] * resid_pre[L0]"), swept);
    assert.deepEqual(refused("steer resid_pre L1 by [-2, 3] * [1, 2] * resid_pre[L0]"), [
      "A3006 two sweeps of the axis factor have different values",
    ]);
    assert.deepEqual(refused("steer resid_pre L1 by [nll] * resid_pre[L0]"), [
      "A3004 expected a number or a layer, found a tensor with axes",
    ]);
    assert.deepEqual(refused("steer resid_pre L1 by resid_pre[L0] + [1, 2]"), [
      "A3004 expected a tensor, a number or a layer, found [1, 2]",
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
      [["this value does not fit resid_pre[L1]", "[pos, d_model=24]", "[pos, «head=4», d_head=6]"]],
    );
    assert.equal(markedText(wrong), "z[L0]");
    assert.deepEqual(refused("steer resid_pre L1 by resid_pre[L0] last 2"), [
      "A4311 this value does not fit resid_pre[L1]",
    ]);
    assert.deepEqual(refused("steer resid_pre L1 by mean(nll)"), ["A4311 this value does not fit resid_pre[L1]"]);
  });

  test("reads only what is computed before the site", () => {
    assert.deepEqual(refused("steer resid_pre L1 by mlp_out[L1]"), [
      "A4309 mlp_out[L1] is computed after resid_pre[L1], so what is put there cannot depend on it",
    ]);
    assert.deepEqual(refused("set resid_post[L0] to resid_pre[L1]"), [
      "A4309 resid_pre[L1] is computed after resid_post[L0], so what is put there cannot depend on it",
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
      group: null,
      fields: {},
      numbers: {},
    })),
    bos: false,
    input: "text" as const,
    continuation: 0,
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
