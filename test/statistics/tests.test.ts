/** Tests of hypotheses give what SciPy and statsmodels give. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bootstrap } from "../../src/compiler/statistics/bootstrap.js";
import { pearson, spearman } from "../../src/compiler/statistics/correlation.js";
import { adjust } from "../../src/compiler/statistics/corrections.js";
import { cohensD, hedgesG, type EffectSize } from "../../src/compiler/statistics/effect-sizes.js";
import { equivalence } from "../../src/compiler/statistics/equivalence.js";
import type { Alternative, TestOutcome } from "../../src/compiler/statistics/outcome.js";
import { permuteGroups, permutePairs, permuteSigns } from "../../src/compiler/statistics/permutation.js";
import { mannWhitney, wilcoxon } from "../../src/compiler/statistics/rank-tests.js";
import { mean, type Sample } from "../../src/compiler/statistics/samples.js";
import { oneSampleT, pairedT, pooledT, welchT } from "../../src/compiler/statistics/t-tests.js";
import { close, fixture, sample, tested } from "./fixture.js";

type TwoSamples = (left: Sample, right: Sample, alternative: Alternative) => TestOutcome;
const all = { count: 10_000, seed: 1 };

const twoSamples = new Map<string, TwoSamples>([
  ["paired", pairedT],
  ["welch", welchT],
  ["pooled", pooledT],
  ["mann_whitney", mannWhitney],
  ["wilcoxon", wilcoxon],
  ["pearson", pearson],
  ["spearman", spearman],
  ["groups", (left, right, alternative) => permuteGroups(left, right, alternative, all)],
  ["signs", (left, right, alternative) => permuteSigns(left, right, alternative, all)],
  ["pairs", (left, right, alternative) => permutePairs(left, right, alternative, all)],
]);

for (const part of ["t", "rank", "correlation", "permutation"] as const) {
  test(`${part}: statistic, p-value and interval of every case of the fixture`, () => {
    assert.ok(fixture[part].length >= 9);
    for (const expected of fixture[part]) {
      const what = `${expected.test} of ${expected.left} and ${expected.right ?? "0.5"}, ${expected.alternative}`;
      const run = twoSamples.get(expected.test);
      const outcome = tested(
        run === undefined
          ? oneSampleT(sample(expected.left), 0.5, expected.alternative)
          : run(sample(expected.left), sample(expected.right), expected.alternative),
      );
      close(outcome.statistic, expected.statistic, `statistic of ${what}`);
      close(outcome.pValue, expected.p, `p of ${what}`);
      if (expected.df !== undefined) close(outcome.df ?? Number.NaN, expected.df, `df of ${what}`);
      if (expected.low === undefined || expected.high === undefined) continue;
      // A bound near 0 is a difference of two larger numbers.
      close(1 + (outcome.interval?.low ?? Number.NaN), 1 + expected.low, `lower bound of ${what}`);
      close(1 + (outcome.interval?.high ?? Number.NaN), 1 + expected.high, `upper bound of ${what}`);
    }
  });
}

test("effect sizes with their intervals", () => {
  const size = (effect: ReturnType<typeof cohensD>): EffectSize => {
    assert.equal(effect.kind, "effect");
    return effect;
  };
  for (const { left, right, ...expected } of fixture.effect) {
    const d = size(cohensD(sample(left), sample(right)));
    const g = size(hedgesG(sample(left), sample(right)));
    close(d.value, expected.d, `d of ${left} and ${right}`);
    close(1 + d.interval.low, 1 + expected.dLow, `d of ${left} and ${right}, lower bound`);
    close(1 + d.interval.high, 1 + expected.dHigh, `d of ${left} and ${right}, upper bound`);
    close(g.value, expected.g, `g of ${left} and ${right}`);
    close(1 + g.interval.low, 1 + expected.gLow, `g of ${left} and ${right}, lower bound`);
    close(1 + g.interval.high, 1 + expected.gHigh, `g of ${left} and ${right}, upper bound`);
  }
});

test("corrections over a family", () => {
  for (const { p, correction, adjusted } of fixture.correction) {
    adjust(p, correction).forEach((value, i) => {
      close(value, adjusted[i] ?? Number.NaN, `${correction} of ${p.join(", ")}`);
    });
  }
});

test("a test that could not be made does not count in its family", () => {
  assert.deepEqual(adjust([0.01, Number.NaN, 0.03], "holm"), [0.02, Number.NaN, 0.03]);
});

test("BCa intervals from the same draws", () => {
  for (const { groups, seed, count, ...expected } of fixture.bootstrap) {
    const units = groups.map((name) => sample(name));
    const outcome = bootstrap(
      units,
      (parts) => mean(parts[0] ?? []) - (parts[1] === undefined ? 0 : mean(parts[1])),
      count,
      seed,
    );
    assert.equal(outcome.kind, "bootstrapped");
    assert.equal(outcome.method, "bca");
    close(outcome.estimate, expected.estimate, `estimate of ${groups.join(" and ")}`);
    close(outcome.interval.low, expected.low, `lower bound of ${groups.join(" and ")}`);
    close(outcome.interval.high, expected.high, `upper bound of ${groups.join(" and ")}`);
  }
});

test("equivalence: two one-sided tests", () => {
  for (const { left, right, within, ...expected } of fixture.equivalence) {
    const welch = (shift: number, alternative: Alternative): TestOutcome =>
      welchT(sample(left), sample(right), alternative, shift);
    const outcome = tested(equivalence(welch, within, 0.05).expected);
    close(outcome.pValue, expected.p, `p of ${left} and ${right} within ${within}`);
    close(1 + (outcome.interval?.low ?? Number.NaN), 1 + expected.low, "lower bound");
    close(1 + (outcome.interval?.high ?? Number.NaN), 1 + expected.high, "upper bound");
    const inside = Math.max(Math.abs(expected.low), Math.abs(expected.high)) < within;
    assert.equal(outcome.pValue < 0.05, inside, "p below alpha and the interval inside the bounds say the same");
  }
});

test("what cannot be tested says why", () => {
  const reason = (outcome: { readonly kind: string; readonly reason?: string }): string | undefined => {
    assert.equal(outcome.kind, "undecided");
    return outcome.reason;
  };
  assert.match(reason(oneSampleT([1], 0, "less")) ?? "", /at least two values in the sample, and there is 1/);
  assert.match(reason(pairedT([1, 2, 3], [0, 1, 2], "less")) ?? "", /all values are equal/);
  assert.match(reason(welchT([1, 1], [2, 2], "less")) ?? "", /no variance/);
  assert.match(reason(welchT([1, Number.NaN], [2, 3], "less")) ?? "", /not finite/);
  assert.match(reason(mannWhitney([], [1], "less")) ?? "", /empty/);
  assert.match(reason(wilcoxon([1, 2], [1, 2], "less")) ?? "", /every difference is 0/);
  assert.match(reason(pearson([1, 2], [1, 2], "less")) ?? "", /three pairs/);
  assert.match(reason(spearman([1, 1, 1], [1, 2, 3], "less")) ?? "", /first sample are equal/);
  assert.match(reason(cohensD([1, 1], [2, 2])) ?? "", /no deviation/);
  assert.match(reason(bootstrap([[1]], ([a]) => mean(a ?? []), 100, 1)) ?? "", /at least two units/);
  assert.throws(() => pairedT([1, 2], [1], "less"), RangeError);
});
