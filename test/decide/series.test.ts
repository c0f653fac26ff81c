/** Correlations with axes and between levels, comparisons of any levels and by groups, and fits: which values they take. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { decide } from "../../src/compiler/decide/decide.js";
import type { DecisionOutcome, FittedPart, TestedPart } from "../../src/compiler/ir/decision-outcome.js";
import { coordinateNumber } from "../../src/compiler/ir/coordinate-number.js";
import { adjust } from "../../src/compiler/statistics/corrections.js";
import { pearson, spearman } from "../../src/compiler/statistics/correlation.js";
import { fitCurve } from "../../src/compiler/statistics/curve-fit.js";
import type { TestOutcome } from "../../src/compiler/statistics/outcome.js";
import { pairedT } from "../../src/compiler/statistics/t-tests.js";
import { axisCorrelation, between, byPrompt, column, compare, fit, resultsOf, type Made } from "./results.js";

function partsOf(outcome: DecisionOutcome): readonly TestedPart[] {
  assert.ok(outcome.kind === "compare" || outcome.kind === "correlate");
  return outcome.parts;
}

function fitsOf(outcome: DecisionOutcome): readonly FittedPart[] {
  assert.ok(outcome.kind === "fit");
  return outcome.parts;
}

function pOf(outcome: TestOutcome): number {
  assert.equal(outcome.kind, "tested");
  return outcome.pValue;
}

const said = (outcome: DecisionOutcome): string => outcome.notes.join("; ");

const a = [0.2, 0.5, 0.1, 0.9, 0.4, 0.6];
const b = [0.7, 1.1, 0.4, 1.2, 0.8, 1.4];
const c = [0.3, 0.2, 0.9, 0.1, 0.5, 0.4];

/** A value for each level of an axis. */
const along = (axis: string, levels: readonly (number | string)[], values: readonly number[]): readonly Made[] =>
  levels.map((level, i) => ({ axes: { [axis]: level }, value: values[i] ?? Number.NaN }));

test("coordinates are numbers, texts of numbers, and steps; nothing else is", () => {
  const numbers = [3, "3", "-0.5", "1e-3", ".5", "step512", "checkpoint-20000"].map(coordinateNumber);
  assert.deepEqual(numbers, [3, 3, -0.5, 0.001, 0.5, 512, 20000]);
  for (const text of ["", "small", "3b", "main", "0x10", "1_000"])
    assert.ok(Number.isNaN(coordinateNumber(text)), text);
});

suite("correlate with an axis", () => {
  test("pairs each value with the number of its level, in whatever order they come", () => {
    const results = resultsOf({ e: along("revision", ["step400", "step2", "step30", "step1000"], [3, 1, 2, 5]) });
    const [part] = partsOf(decide(axisCorrelation(column("e"), "revision", ["pearson"]), results));
    assert.equal(part?.pValue, pOf(pearson([3, 1, 2, 5], [400, 2, 30, 1000], "two-sided")));
    assert.deepEqual(part.sides, ["left", "revision"]);
    const [ranked] = partsOf(decide(axisCorrelation(column("e"), "revision", ["spearman"]), results));
    assert.deepEqual([ranked?.statistic, ranked?.pValue, ranked?.method], [1, 2 / 24, "exact"]);
    // Four places are too few for any exact p below 0.05.
    assert.match(
      said(decide(axisCorrelation(column("e"), "revision", ["spearman"]), results)),
      /with 4 revisions no p of spearman can be below 0.083/,
    );
  });

  test("draws whole texts where each has a value at every level", () => {
    const made = [0, 1, 2].flatMap((layer) =>
      byPrompt(
        a.map((v, i) => v + layer * (i + 1)),
        { layer },
      ),
    );
    const outcome = decide(axisCorrelation(column("e"), "layer", ["spearman"]), resultsOf({ e: made }));
    const [part] = partsOf(outcome);
    assert.deepEqual([part?.pValue, part?.n, part?.method], [null, [6, 6], "bca"]);
    const layers = made.map(({ axes }) => Number(axes["layer"]));
    const r = spearman(
      made.map(({ value }) => value),
      layers,
      "two-sided",
    );
    assert.ok(r.kind === "tested" && Math.abs(r.statistic - (part?.estimate ?? 0)) < 1e-12);
    assert.match(said(outcome), /the levels of layer are taken as they are/);
    assert.match(said(outcome), /intervals from fewer than 40 texts are too narrow/);
  });

  test("by groups is corrected; a level that is no number is said", () => {
    const made = ["x", "y"].flatMap((model, m) =>
      a.map((value, layer): Made => ({ axes: { model, layer }, value: m === 0 ? value : -layer + value })),
    );
    const parts = partsOf(
      decide(axisCorrelation(column("e"), "layer", ["pearson"], ["model"]), resultsOf({ e: made })),
    );
    const raw = parts.map(({ pValue }) => pValue ?? Number.NaN);
    assert.deepEqual(
      parts.map(({ adjusted }) => adjusted),
      adjust(raw, "holm"),
    );
    const words = resultsOf({ e: along("revision", ["step1", "step2", "main"], [1, 2, 3]) });
    const [part] = partsOf(decide(axisCorrelation(column("e"), "revision", ["pearson"]), words));
    assert.equal(part?.reason, "1 values are not finite (revision main is not a number)");
  });
});

suite("correlate between levels", () => {
  const models = resultsOf({
    e: [...byPrompt(a, { model: "x" }), ...byPrompt(b, { model: "y" }), ...byPrompt(c, { model: "z" })],
  });

  test("has every pair once, joined over what is left, corrected for their number", () => {
    const outcome = decide(between(column("e"), ["model"], ["pearson"]), models);
    const parts = partsOf(outcome);
    assert.deepEqual(
      parts.map(({ sides }) => sides.join()),
      ["x,y", "x,z", "y,z"],
    );
    const raw = [pearson(a, b, "two-sided"), pearson(a, c, "two-sided"), pearson(b, c, "two-sided")].map(pOf);
    assert.deepEqual(
      parts.map(({ pValue }) => pValue),
      raw,
    );
    assert.deepEqual(
      parts.map(({ adjusted }) => adjusted),
      adjust(raw, "holm"),
    );
    assert.ok(outcome.kind === "correlate" && outcome.unit === "prompt");
    assert.deepEqual(outcome.between, ["model"]);
    assert.match(said(outcome), /p-values are corrected for 3 pairs \(holm\)/);
    const other = partsOf(decide({ ...between(column("e"), ["model"], ["pearson"]), correction: "bh" }, models));
    assert.deepEqual(
      other.map(({ adjusted }) => adjusted),
      adjust(raw, "bh"),
    );
  });

  test("takes combinations of several axes, in the order of their numbers", () => {
    const made = ["x", "y"].flatMap((model, m) =>
      ["step20", "step3"].flatMap((revision, r) =>
        byPrompt(
          a.map((v, i) => v + m * (i % 2) + r * (i % 3)),
          { model, revision },
        ),
      ),
    );
    const outcome = decide(between(column("e"), ["model", "revision"], ["pearson"]), resultsOf({ e: made }));
    assert.deepEqual(
      partsOf(outcome).map(({ sides }) => sides.join(" | ")),
      [
        "x · step3 | x · step20",
        "x · step3 | y · step3",
        "x · step3 | y · step20",
        "x · step20 | y · step3",
        "x · step20 | y · step20",
        "y · step3 | y · step20",
      ],
    );
    const byModel = partsOf(decide(between(column("e"), ["revision"], ["pearson"], ["model"]), resultsOf({ e: made })));
    assert.deepEqual(
      byModel.map(({ coordinates, sides }) => [coordinates["model"], ...sides].join()),
      ["x,step3,step20", "y,step3,step20"],
    );
  });

  test("names a level by the coordinates that it has", () => {
    const made = [
      ...byPrompt(a, { model: "x" }),
      ...byPrompt(b, { model: "y", revision: "step1" }),
      ...byPrompt(c, { model: "y", revision: "step2" }),
    ];
    const parts = partsOf(decide(between(column("e"), ["model", "revision"], ["pearson"]), resultsOf({ e: made })));
    assert.deepEqual(
      parts.map(({ sides }) => sides.join(" | ")),
      ["x | y · step1", "x | y · step2", "y · step1 | y · step2"],
    );
  });

  test("draws texts where several places belong to one, and says what each side lacks", () => {
    const made = ["x", "y"].flatMap((model) =>
      a.flatMap((value, prompt) =>
        [0, 1].map((pos): Made => ({
          axes: { model, prompt, pos },
          value: value + pos * (model === "x" ? 1 : prompt),
        })),
      ),
    );
    const lacking = made.filter(
      ({ axes }) =>
        !(axes["model"] === "x" && axes["prompt"] === 0 && axes["pos"] === 0) &&
        !(axes["model"] === "y" && axes["prompt"] === 1 && axes["pos"] === 1),
    );
    const outcome = decide(between(column("e"), ["model"], ["pearson"]), resultsOf({ e: lacking }));
    const [part] = partsOf(outcome);
    assert.deepEqual([part?.pValue, part?.n, part?.interval?.level], [null, [6, 6], 0.95]);
    assert.match(said(outcome), /in 1 of 1 pair each side has places that the other lacks/);
  });

  test("is undecided, with the reason, where there is nothing to pair or too much", () => {
    const reason = (made: readonly Made[], axes: readonly string[]): string =>
      partsOf(decide(between(column("e"), axes, ["pearson"]), resultsOf({ e: made })))[0]?.reason ?? "";
    assert.match(reason(byPrompt(a, { model: "x" }), ["model"]), /model has a single level/);
    assert.match(reason([], ["model"]), /there are no values/);
    const many = Array.from({ length: 102 }, (_, head) => byPrompt([1, 2, 3], { head })).flat();
    assert.match(reason(many, ["head"]), /5151 pairs are more than a statement may have \(5000\)/);
    const documents = ["g", "h"].flatMap((group) =>
      a.map((value, document): Made => ({ axes: { group, document }, value })),
    );
    assert.match(reason(documents, ["group"]), /documents of different groups have the same numbers/);
  });
});

suite("compare", () => {
  const layers = resultsOf({
    e: [...byPrompt(a, { layer: 0 }), ...byPrompt(b, { layer: 5 }), ...byPrompt(c, { layer: 10 })],
  });

  test("takes numbers as levels, and all levels where none is named", () => {
    const two = partsOf(decide(compare(column("e"), "layer", [0, 5], ["paired_t"]), layers));
    assert.deepEqual(
      two.map(({ pValue, adjusted }) => [pValue, adjusted]),
      [[pOf(pairedT(a, b, "two-sided")), null]],
    );
    const outcome = decide({ ...compare(column("e"), "layer", [], ["paired_t"]), levels: null }, layers);
    const parts = partsOf(outcome);
    assert.deepEqual(
      parts.map(({ sides }) => sides.join()),
      ["0,5", "0,10", "5,10"],
    );
    const raw = parts.map(({ pValue }) => pValue ?? Number.NaN);
    assert.deepEqual(
      parts.map(({ adjusted }) => adjusted),
      adjust(raw, "holm"),
    );
    assert.match(said(outcome), /p-values are corrected for 3 pairs \(holm\)/);
    const single = decide(
      { ...compare(column("e"), "layer", [], ["paired_t"]), levels: null },
      resultsOf({ e: byPrompt(a, { layer: 3 }) }),
    );
    assert.equal(partsOf(single)[0]?.reason, "layer has a single level, 3");
  });

  test("by groups compares within each, corrected for all of them", () => {
    const made = ["x", "y"].flatMap((model, m) => [
      ...byPrompt(a, { model, layer: 0 }),
      ...byPrompt(m === 0 ? b : c, { model, layer: 1 }),
    ]);
    const outcome = decide(
      { ...compare(column("e"), "layer", [0, 1], ["paired_t"]), by: ["model"] },
      resultsOf({ e: made }),
    );
    const parts = partsOf(outcome);
    assert.deepEqual(
      parts.map(({ coordinates }) => coordinates["model"]),
      ["x", "y"],
    );
    const raw = [pairedT(a, b, "two-sided"), pairedT(a, c, "two-sided")].map(pOf);
    assert.deepEqual(
      parts.map(({ pValue }) => pValue),
      raw,
    );
    assert.deepEqual(
      parts.map(({ adjusted }) => adjusted),
      adjust(raw, "holm"),
    );
    assert.match(said(outcome), /corrected for 1 pair in 2 groups/);
  });

  test("says where no p can be small: permutations are counted, exact tests have few units", () => {
    const drawn = { ...compare(column("e"), "layer", [0, 5, 10], ["permutation"]) };
    const few = decide({ ...drawn, tests: [{ name: "permutation", count: 59, seed: 1 }] }, layers);
    assert.match(
      said(few),
      /no p from 59 permutations can be below 0.033, and none below 0.1 once corrected for 3 comparisons: draw more/,
    );
    const single = { ...drawn, levels: [0, 5], tests: [{ name: "permutation", count: 59, seed: 1 }] };
    assert.doesNotMatch(said(decide(single, layers)), /draw more/);
    const exact = decide(compare(column("e"), "layer", [0, 5, 10], ["wilcoxon"]), layers);
    assert.match(
      said(exact),
      /with 6 prompts no p of wilcoxon can be below 0.031, and none below 0.094 once corrected/,
    );
  });
});

suite("fit", () => {
  test("goes through means along the numbers of an axis, and keeps the points", () => {
    const made = [8, 2, 32, 4].flatMap((layer) => byPrompt([3 / layer, 5 / layer], { layer }));
    const outcome = decide(fit("power_law", column("e"), "layer"), resultsOf({ e: made }));
    const [part] = fitsOf(outcome);
    assert.deepEqual(part?.points, [
      { at: 2, x: 2, y: 2 },
      { at: 4, x: 4, y: 1 },
      { at: 8, x: 8, y: 0.5 },
      { at: 32, x: 32, y: 0.125 },
    ]);
    const exponent = part.coefficients.find(({ name }) => name === "b")?.value ?? 0;
    assert.ok(Math.abs(exponent + 1) < 1e-12);
    assert.ok(outcome.kind === "fit" && outcome.scale === "log y over log x" && outcome.formula === "y = a·x^b");
    assert.match(said(outcome), /each point is the mean over prompt \(2\)/);
  });

  test("by groups corrects the p of each slope", () => {
    const made = ["x", "y"].flatMap((model, m) =>
      (m === 0 ? a : b).map((value, layer): Made => ({ axes: { model, layer }, value })),
    );
    const parts = fitsOf(decide(fit("linear", column("e"), "layer", ["model"]), resultsOf({ e: made })));
    const raw = [a, b].map((values) => {
      const line = fitCurve("linear", [0, 1, 2, 3, 4, 5], values);
      return line.kind === "fit" ? (line.pValue ?? Number.NaN) : Number.NaN;
    });
    assert.deepEqual(
      parts.map(({ pValue }) => pValue),
      raw,
    );
    assert.deepEqual(
      parts.map(({ adjusted }) => adjusted),
      adjust(raw, "holm"),
    );
  });

  test("is undecided, with the reason and the points", () => {
    const part = (
      curve: "power_law" | "linear" | "logistic",
      made: readonly Made[],
      axis = "layer",
    ): FittedPart | undefined => fitsOf(decide(fit(curve, column("e"), axis), resultsOf({ e: made })))[0];
    const crossing = part("power_law", along("layer", [1, 2, 3], [1, -1, 2]));
    assert.match(crossing?.reason ?? "", /above 0, and 1 is not/);
    assert.deepEqual([crossing?.points.length, crossing?.coefficients], [3, []]);
    assert.match(part("linear", along("layer", [1, 2], [1, 2]))?.reason ?? "", /at least three points/);
    assert.match(
      part("linear", along("revision", ["step1", "main", "step3"], [1, 2, 4]), "revision")?.reason ?? "",
      /revision main is not a number/,
    );
    const faulty: Made = { axes: { layer: 9 }, value: Number.NaN, reason: "log of 0" };
    assert.match(
      part("linear", [...along("layer", [1, 2], [1, 2]), faulty])?.reason ?? "",
      /at layer 9 is not finite \(log of 0\)/,
    );
    const sets = ["x", "y"].flatMap((prompts) => byPrompt(a, { prompts }));
    assert.match(part("linear", sets, "prompt")?.reason ?? "", /prompts of different sets have the same numbers/);
  });
});
