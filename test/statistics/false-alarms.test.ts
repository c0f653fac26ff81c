/** Negative control: where labels mean nothing, every test rejects at a rate of alpha or less. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { changepoint } from "../../src/compiler/statistics/changepoint.js";
import { pearson, spearman } from "../../src/compiler/statistics/correlation.js";
import type { TestOutcome } from "../../src/compiler/statistics/outcome.js";
import { permuteGroups, permutePairs, permuteSigns } from "../../src/compiler/statistics/permutation.js";
import { mannWhitney, wilcoxon } from "../../src/compiler/statistics/rank-tests.js";
import type { Sample } from "../../src/compiler/statistics/samples.js";
import { oneSampleT, pairedT, pooledT, welchT } from "../../src/compiler/statistics/t-tests.js";
import { seededIntegers } from "../../src/compiler/base/random.js";

const repetitions = 1000;
const alpha = 0.05;
/** Three standard deviations of a binomial share: a right test exceeds this once in 700 seeds, and this seed is fixed. */
const allowed = alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / repetitions);

const draws = { count: 199, seed: 11 };
const tests = new Map<string, (left: Sample, right: Sample) => TestOutcome>([
  ["one-sample t", (left) => oneSampleT(left, 0, "greater")],
  ["paired t", (left, right) => pairedT(left, right, "greater")],
  ["Welch", (left, right) => welchT(left, right, "greater")],
  ["pooled t", (left, right) => pooledT(left, right, "two-sided")],
  ["Mann–Whitney", (left, right) => mannWhitney(left, right, "greater")],
  ["Wilcoxon", (left, right) => wilcoxon(left, right, "less")],
  ["Pearson", (left, right) => pearson(left, right, "greater")],
  ["Spearman", (left, right) => spearman(left, right, "two-sided")],
  ["permutation of groups", (left, right) => permuteGroups(left, right, "greater", draws)],
  ["permutation of signs", (left, right) => permuteSigns(left, right, "greater", draws)],
  ["permutation of pairs", (left, right) => permutePairs(left, right, "greater", draws)],
]);

test("a changepoint of noise has a small p at a rate of alpha at most", () => {
  const next = seededIntegers(20261130);
  const x = Array.from({ length: 10 }, (_, i) => i);
  let rejected = 0;
  for (let i = 0; i < repetitions; i++) {
    const outcome = changepoint(
      x,
      x.map(() => next(1_000_003)),
      { count: 99, seed: i },
    );
    if (outcome.kind === "changepoint" && outcome.pValue <= alpha) rejected++;
  }
  assert.ok(rejected / repetitions <= allowed, `${rejected} of ${repetitions}`);
});

for (const [name, run] of tests) {
  test(`${name}: noise is confirmed at a rate of alpha at most, and a real difference more often`, () => {
    const next = seededIntegers(20261129);
    // Twelve uniform numbers make one that is close to normal.
    const normal = (): number =>
      Array.from({ length: 12 }, () => next(1_000_003) / 1_000_003).reduce((a, b) => a + b, -6);
    const rate = (shift: number): number => {
      let rejected = 0;
      for (let i = 0; i < repetitions; i++) {
        const right = Array.from({ length: 12 }, normal);
        // Correlations see a shift as a common part of each pair.
        const left = right.map(
          (value) => normal() + shift * (/Pearson|Spearman|pairs/.test(name) ? value : name === "Wilcoxon" ? -1 : 1),
        );
        const outcome = run(left, right);
        if (outcome.kind === "tested" && outcome.pValue < alpha) rejected++;
      }
      return rejected / repetitions;
    };
    assert.ok(rate(0) <= allowed, `${rate(0)} of ${repetitions} without a difference`);
    assert.ok(rate(1) > 4 * alpha, `${rate(1)} of ${repetitions} with one`);
  });
}
