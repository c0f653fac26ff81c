/** Statements that compare and decide: what they name is checked, and the protocol keeps them with their text. */
import { resultType } from "../../src/compiler/ir/expression.js";
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import type { Decision } from "../../src/compiler/ir/protocol.js";
import { compileText, fixtureFacts, messagesOf, protocolOf } from "./compiling.js";

const around = { models: { "*": await fixtureFacts("gpt2-f32") } };
const head = `model gpt2 from "gpt2"
prompts short from ["the cat sat on the mat", "it rained all day long"]
prompts long from ["she went out to the garden", "nobody knew what it was"]
experiment plain with short, long measure gain layer [L1, L2], loss
experiment sweep with short ablate heads L0..1 measure loss
`;

const messages = (text: string): readonly string[] => messagesOf(head + text, around);

/** The decision that one statement makes. */
function decision(text: string): Decision {
  const { decisions } = protocolOf(head + text, around);
  assert.equal(decisions.length, 1, text);
  const [only] = decisions;
  assert.ok(only !== undefined);
  return only;
}

suite("every statement", () => {
  test("stands beside experiments and outputs, and says nothing where it is sound", () => {
    const text = `${head}compare plain.loss between prompts short, long\ntable sweep`;
    const { value, diagnostics } = compileText(text, around);
    assert.deepEqual(diagnostics, []);
    assert.equal(value.protocol?.studies.length, 3);
    assert.equal(value.protocol.outputs.length, 1);
  });

  test("is kept as it is written, on one line", () => {
    const { text } = decision(`hypothesis "heads matter"\n  expect mean(sweep.impact)\n    > 0 using t_test`);
    assert.equal(text, 'hypothesis "heads matter" expect mean(sweep.impact) > 0 using t_test');
  });

  test("reads results of an experiment", () => {
    assert.deepEqual(messages("find peak of 1 + 2 over layer"), [
      "A3004 expected a value of an experiment such as sweep.impact, found 1 + 2",
    ]);
    assert.deepEqual(messages('hypothesis "x" expect 1 < 2 using t_test'), [
      "A3004 expected a value of an experiment such as sweep.impact on one side at least, found 1 < 2",
    ]);
  });
});

suite("compare", () => {
  test("needs levels that the axis has, two at least, each once", () => {
    assert.deepEqual(messages("compare plain.loss between prompts short, long using welch_t correct holm"), []);
    assert.deepEqual(messages("compare plain.loss between prompts short, lang"), [
      "A2020 the axis prompts of plain has no lang",
    ]);
    assert.deepEqual(messages("compare plain.loss between prompts short"), [
      "A3004 expected two levels or more to compare, found short",
    ]);
    assert.deepEqual(messages("compare plain.loss between prompts short, short"), ["A1003 short is given twice"]);
    assert.deepEqual(messages("compare plain.loss between prompt short, long"), [
      "A2020 the axis prompt of plain has no short",
    ]);
    assert.deepEqual(messages("compare mean(plain.loss over prompts) between prompts short, long"), [
      "A2013 the mean of plain has no axis prompts",
    ]);
  });

  test("takes every way of writing a level that a condition takes, each once, or all of them", () => {
    const levels = (text: string): unknown => (decision(text) as Extract<Decision, { kind: "compare" }>).levels;
    assert.deepEqual(levels("compare plain.gain between layer L1, L2"), [1, 2]);
    assert.deepEqual(levels("compare plain.gain between layer 1, 2"), [1, 2]);
    assert.deepEqual(levels("compare plain.gain between layer L1..2"), [1, 2]);
    assert.deepEqual(levels('compare plain.gain between prompts "short", long'), ["short", "long"]);
    assert.equal(levels("compare plain.gain between layer"), null);
    assert.equal(levels("compare plain.gain between layer correct holm"), null);
    assert.deepEqual(messages("table plain where layer in [1, 9]"), ["A2020 the axis layer of plain has no 9"]);
    assert.deepEqual(messages("table plain where layer in 1..3 step 2"), ["A2020 the axis layer of plain has no 3"]);
    assert.deepEqual(messages("table plain where layer in 1..9"), []);
    assert.deepEqual(messages("compare plain.gain between layer L1..3"), ["A2020 the axis layer of plain has no 3"]);
    assert.deepEqual(messages("compare plain.gain between layer L1, 1"), ["A1003 1 is given twice"]);
    assert.deepEqual(messages("compare plain.gain between layer L-1, L1"), [
      "A3004 expected layers counted from the start, such as L9 or L9..10, found L-1",
    ]);
    assert.deepEqual(messages("compare plain.gain where layer in L1..1 between layer"), [
      "A2013 the selection of plain has no axis layer",
    ]);
    assert.deepEqual(messages("compare (plain.gain where not layer is L1) between layer"), []);
  });

  test("is by groups of other axes", () => {
    const compared = decision("compare plain.gain between layer L1, L2 by prompts") as Extract<
      Decision,
      { kind: "compare" }
    >;
    assert.deepEqual(compared.by, ["prompts"]);
    assert.deepEqual(messages("compare plain.gain between layer L1, L2 by layer"), [
      "A1003 the axis layer is given twice",
    ]);
    assert.deepEqual(messages("compare plain.gain between layer L1, L2 by head"), ["A2013 plain has no axis head"]);
  });

  test("is by Welch's t test when it does not say how", () => {
    const compared = decision("compare plain.loss between prompts short, long");
    assert.ok(compared.kind === "compare");
    assert.deepEqual(compared.tests, [{ name: "welch_t", count: null, seed: null }]);
    assert.deepEqual([compared.axis, compared.levels, compared.correction], ["prompts", ["short", "long"], null]);
  });

  test("is corrected for several comparisons by a known method", () => {
    const corrected = decision("compare plain.loss between prompts short, long correct bh");
    assert.equal(corrected.kind === "compare" && corrected.correction, "bh");
    assert.deepEqual(messages("compare plain.loss between prompts short, long correct home"), [
      "A2001 unknown correction home",
    ]);
  });
});

suite("tests", () => {
  const using = (test: string): readonly string[] =>
    messages(`compare plain.loss between prompts short, long using ${test}`);

  test("that draw at random say how often; their seed is 0 unless it is given", () => {
    const { tests } = decision(
      "compare plain.loss between prompts short, long using bootstrap(10k), permutation(500) seed 7",
    ) as Extract<Decision, { kind: "compare" }>;
    assert.deepEqual(tests, [
      { name: "bootstrap", count: 10_000, seed: 0 },
      { name: "permutation", count: 500, seed: 7 },
    ]);
    assert.deepEqual(using("bootstrap"), ["A2007 bootstrap needs a value for how often to draw"]);
    assert.deepEqual(using("bootstrap(0)"), ["A3005 0 is not a whole number of at least 1"]);
    assert.deepEqual(using("bootstrap(100) seed 1.5"), ["A3005 1.5 is not a whole number of at least 0"]);
    assert.deepEqual(using("welch_t(100)"), ["A1004 a number of draws has no meaning in welch_t"]);
    assert.deepEqual(using("welch_t seed 1"), ["A1004 a seed has no meaning in welch_t"]);
  });

  test("are known, fit the statement, and stand once", () => {
    assert.deepEqual(using("welch"), ["A2001 unknown test welch"]);
    assert.deepEqual(using("pearson"), ["A1004 pearson has no meaning in `compare`"]);
    assert.deepEqual(using("welch_t, welch_t"), ["A1003 the test welch_t is given twice"]);
    assert.deepEqual(messages("correlate plain.gain with plain.loss using t_test"), [
      "A1004 t_test has no meaning in `correlate`",
    ]);
  });
});

suite("correlate", () => {
  test("puts values side by side that share an axis", () => {
    assert.deepEqual(messages("correlate plain.gain with abs(plain.loss - 1) by prompts using pearson, spearman"), []);
    assert.deepEqual(messages("correlate mean(sweep.impact over prompt, head) with mean(plain.loss over prompt)"), [
      "A3004 expected a value that shares an axis with mean(sweep.impact over prompt, head) (layer), found mean(plain.loss over prompt) (prompts)",
    ]);
    assert.deepEqual(messages("correlate plain.gain with plain.loss by head"), ["A2013 plain has no axis head"]);
  });
});

suite("correlate with an axis, and between levels", () => {
  const right = (text: string): unknown => (decision(text) as Extract<Decision, { kind: "correlate" }>).right;

  test("takes an axis of numbers of the value; a result of that name comes first", () => {
    assert.deepEqual(right("correlate plain.gain with layer by prompts"), { kind: "axis", axis: "layer" });
    const shadowed = right(`let layer = plain.loss\ncorrelate plain.gain with layer`) as { readonly kind: string };
    assert.equal(shadowed.kind, "value");
    assert.deepEqual(messages("correlate plain.gain with prompts"), [
      "A3004 expected an axis of numbers, such as layer, position, params, or a revision called step512, found prompts (short, long)",
    ]);
    assert.deepEqual(messages("correlate plain.loss with layer"), ["A2013 plain has no axis layer"]);
    assert.deepEqual(messages("correlate plain.gain with layer by layer"), ["A1003 the axis layer is given twice"]);
    assert.deepEqual(messages("correlate plain.gain with regression"), ["A2011 unknown experiment regression"]);
  });

  test("takes the levels of axes that are free of each other, two at least", () => {
    assert.deepEqual(right("correlate plain.gain between layer correct bh"), { kind: "levels", axes: ["layer"] });
    assert.deepEqual(right("correlate sweep.impact between layer, head using spearman"), {
      kind: "levels",
      axes: ["layer", "head"],
    });
    assert.deepEqual(messages("correlate plain.gain between head"), ["A2013 plain has no axis head"]);
    assert.deepEqual(messages("correlate plain.gain between layer, layer"), ["A1003 the axis layer is given twice"]);
    assert.deepEqual(messages("correlate plain.gain between layer by layer"), ["A1003 the axis layer is given twice"]);
    assert.deepEqual(messages("correlate plain.gain between prompts"), [
      "A8023 short and long are different prompt sets: their prompts are matched by number",
    ]);
    assert.deepEqual(messages("correlate plain.gain between layer correct home"), ["A2001 unknown correction home"]);
    const grouped = head.replace(
      '["the cat sat on the mat", "it rained all day long"]',
      '{ x: ["the cat sat"], y: ["it rained"] }',
    );
    assert.deepEqual(messagesOf(`${grouped}correlate sweep.impact between group`, around), [
      "A3004 expected an axis along which the same places are measured again, found group, which follows from prompt",
    ]);
  });
});

suite("fit", () => {
  test("takes a curve, and an axis of numbers", () => {
    const fitted = decision("fit power_law of plain.gain over layer by prompts");
    assert.ok(fitted.kind === "fit");
    assert.deepEqual([fitted.curve, fitted.over, fitted.by], ["power_law", "layer", ["prompts"]]);
    assert.deepEqual(messages("fit linear of plain.loss over prompts"), [
      "A3004 expected an axis of numbers, such as layer, position, params, or a revision called step512, found prompts (short, long)",
    ]);
    assert.deepEqual(messages("fit logistic of plain.loss over layer"), ["A2013 plain has no axis layer"]);
    assert.match(messages("fit cubic of plain.gain over layer").join(), /^A0001|^A1/);
  });
});

suite("prompts that are there twice", () => {
  test("are said where a statement takes them for independent", () => {
    const twice = head.replace('"it rained all day long"', '"it rained all day long", "it rained all day long"');
    const with2 = (text: string): readonly string[] => messagesOf(twice + text, around);
    const expected = ["A8024 1 of 3 prompts of short have the text of an earlier one, and are taken for independent"];
    assert.deepEqual(with2('hypothesis "h" expect sweep.impact > 0 using t_test'), expected);
    assert.deepEqual(with2("correlate plain.gain with layer"), expected);
    assert.deepEqual(with2("find peak of plain.gain over layer"), []);
  });
});

suite("hypothesis", () => {
  const impacts = "mean(abs(sweep.impact) where layer in L0..0) < mean(abs(sweep.impact) where layer is L1)";

  test("keeps both sides, the comparison and the level of significance", () => {
    const made = decision(`hypothesis "early heads do less" expect ${impacts} using permutation(99) seed 1 alpha 0.01`);
    assert.ok(made.kind === "hypothesis");
    const [member] = made.members;
    assert.ok(member?.kind === "order");
    assert.deepEqual([made.title, member.operation, made.alpha], ["early heads do less", "<", 0.01]);
    assert.equal(member.right.label, "mean(abs(sweep.impact) where layer is L1)");
    const without = decision(`hypothesis "h" expect sweep.impact > 0 using t_test`);
    assert.equal(without.kind === "hypothesis" && without.alpha, 0.05);
  });

  test("says what decides it, at a level between 0 and 1", () => {
    assert.deepEqual(messages(`hypothesis "h" expect ${impacts}`), ["A2007 the hypothesis needs a value for `using`"]);
    assert.deepEqual(messages(`hypothesis "h" expect ${impacts} using t_test alpha 1`), [
      "A3005 1 is not a level of significance between 0 and 1",
    ]);
    assert.deepEqual(messages(`hypothesis "h" expect sweep.impct > 0 using t_test`), [
      "A2012 sweep has no column impct",
    ]);
  });

  test("expects a difference within a margin, in the unit of the values", () => {
    const made = decision(`hypothesis "no effect" expect sweep.impact equivalent to 0 within 0.05 using t_test`);
    assert.ok(made.kind === "hypothesis");
    const [member] = made.members;
    assert.ok(member?.kind === "equivalence");
    assert.deepEqual([member.left.label, member.right.label, member.within], ["sweep.impact", "0", 0.05]);
    const faulty = (rest: string): readonly string[] =>
      messages(`hypothesis "h" expect sweep.impact ${rest} using t_test`);
    assert.deepEqual(faulty("equivalent to 0 within 0"), [
      "A3005 0 is not a number above 0, in the unit of the values",
    ]);
    assert.deepEqual(faulty("equivalent to 0 within 0 - 1"), [
      "A3005 0 - 1 is not a number above 0, in the unit of the values",
    ]);
    assert.deepEqual(faulty("equivalent to plain.gain within 1"), ["A3001 `-` mixes units: nats and no unit"]);
  });

  const two = `hypothesis "a" expect plain.loss > 0 using t_test\nhypothesis "b" expect plain.gain > 0 using t_test\n`;

  test("joins several expectations, and other hypotheses by their titles", () => {
    const { decisions } = protocolOf(
      `${head}hypothesis "all" expect all of "a", "b", sweep.impact > 0 using t_test else not supported\n${two}`,
      around,
    );
    const [made] = decisions;
    assert.ok(made?.kind === "hypothesis");
    assert.deepEqual([made.quantity, made.falsified], ["all", true]);
    assert.deepEqual(
      made.members.map((member) => (member.kind === "titled" ? member.title : member.kind)),
      ["a", "b", "order"],
    );
    const any = protocolOf(`${head}hypothesis "one" expect any of "a", "b"\n${two}`, around).decisions[0];
    assert.ok(any?.kind === "hypothesis");
    assert.deepEqual([any.quantity, any.tests], [1, []]);
  });

  test("says how many of several must hold, and depends on no hypothesis that depends on it", () => {
    assert.deepEqual(messages(`hypothesis "c" expect plain.loss > 0, plain.gain > 0 using t_test`), [
      "A3004 expected `all of`, `any of` or `2 of` before several expectations, found 2 of them",
    ]);
    assert.deepEqual(messages(`hypothesis "c" expect 3 of plain.loss > 0, plain.gain > 0 using t_test`), [
      "A3005 3 is not a number of at most 2, as many as are expected",
    ]);
    assert.deepEqual(messages(`hypothesis "c" expect 3 of plain.loss > 0 by prompts using t_test`), []);
    assert.deepEqual(messages(`${two}hypothesis "c" expect all of "a", "d"`), ["A2001 unknown hypothesis d"]);
    assert.deepEqual(messages(`${two}hypothesis "a" expect plain.loss > 1 using t_test`), [
      "A1003 the hypothesis “a” is given twice",
    ]);
    assert.deepEqual(messages(`hypothesis "c" expect all of "d"\nhypothesis "d" expect any of "c"`), [
      "A2006 c is defined by itself: c → d → c",
      "A2006 d is defined by itself: d → c → d",
    ]);
    assert.deepEqual(messages(`${two}hypothesis "c" expect all of "a", "b" using t_test`), [
      "A1004 `using` has no meaning in a hypothesis of other hypotheses",
    ]);
  });
});

suite("find, pca and classify", () => {
  test("look along axes of the value", () => {
    assert.deepEqual(messages("find changepoint of plain.gain over layer by prompts"), []);
    assert.deepEqual(messages("find dip of plain.gain over head"), ["A2013 plain has no axis head"]);
    assert.deepEqual(messages("find dip of plain.gain over layer by layer"), ["A1003 the axis layer is given twice"]);
    assert.deepEqual(messages("pca of plain.loss over prompt components 0"), [
      "A3005 0 is not a whole number of at least 1",
    ]);
    assert.deepEqual(decision("pca of plain.loss over prompt").kind, "pca");
  });

  test("classes have rising bounds, names of their own, and a last one without a bound at most", () => {
    const made = decision("classify plain.loss as low < 2, middle < 4, high");
    assert.deepEqual(made.kind === "classify" && made.classes, [
      { name: "low", below: 2 },
      { name: "middle", below: 4 },
      { name: "high", below: null },
    ]);
    assert.deepEqual(messages("classify plain.loss as low < 4, high < 2"), ["A3005 2 is not a bound above 4"]);
    assert.deepEqual(messages("classify plain.loss as low, high < 2"), ["A2007 low needs a value for its bound"]);
    assert.deepEqual(messages("classify plain.loss as low < 1, low"), ["A1003 the class low is given twice"]);
  });
});

suite("derivatives", () => {
  const alone = `model gpt2 from "gpt2"\nprompts p from ["the cat sat"]\n`;

  test("a gradient has the axes of its site", () => {
    const text = `${alone}metric reach(layer: layer = L*) = norm(grad(loss, z[layer]) over pos, d_head)
    experiment gradients measure reach
    plot heatmap of gradients.reach over layer, head`;
    assert.deepEqual(messagesOf(text, around), []);
    const [saliency] = protocolOf(text, around).studies[0]?.measures ?? [];
    assert.ok(saliency !== undefined);
    assert.deepEqual(
      resultType(saliency.expression).axes.map(({ name }) => name),
      ["head"],
    );
    assert.deepEqual(messagesOf(`${alone}measure grad(nll, z[L0]) as g`, around), [
      "A3001 grad: the gradient is that of one number",
    ]);
    assert.deepEqual(messagesOf(`${alone}measure grad(loss, loss) as g`, around), [
      "A3004 expected a site such as z[L5], found loss",
    ]);
    assert.deepEqual(messagesOf(`${alone}measure grad(tokens, z[L0]) as g`, around), [
      "A3001 grad: this metric has no gradient",
    ]);
    assert.deepEqual(messagesOf(`${alone}measure grad(sum(nll > 3), z[L0]) as g`, around), [
      "A3001 grad: this metric has no gradient",
    ]);
  });
});
