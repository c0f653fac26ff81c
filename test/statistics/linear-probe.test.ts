/** Linear probes agree with scikit-learn's (test/fixtures/probes/make.py), and know nothing of the fold they are asked about. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { logisticProbe, probeScores, stratifiedFolds } from "../../src/compiler/statistics/linear-probe.js";
import { root } from "../support/root.js";

interface Case {
  readonly x: readonly (readonly number[])[];
  readonly classes: readonly number[];
  readonly count: number;
  readonly penalty: number;
  readonly folds: readonly number[];
  readonly accuracies: readonly number[];
  readonly coefficients: readonly (readonly number[])[];
  readonly intercepts: readonly number[];
}

const cases = JSON.parse(readFileSync(join(root, "test/fixtures/probes/probes.json"), "utf8")) as readonly Case[];

for (const { x, classes, count, penalty, folds, accuracies, coefficients, intercepts } of cases) {
  test(`${count} classes of ${x.length} texts with ${x[0]?.length ?? 0} features`, () => {
    const probe = logisticProbe(x, classes, count, penalty);
    const centred = (values: readonly number[]): readonly number[] => {
      // With softmax, a number added to all intercepts changes nothing.
      const shift = count === 2 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;
      return values.map((value) => value - shift);
    };
    const found = [...probe.coefficients.flat(), ...centred(probe.intercepts)];
    const expected = [...coefficients.flat(), ...centred(intercepts)];
    assert.equal(found.length, expected.length);
    found.forEach((value, i) => {
      assert.ok(Math.abs(value - (expected[i] ?? Number.NaN)) < 1e-6, `${i}: ${value} instead of ${expected[i]}`);
    });
    const scores = probeScores(x, classes, folds, penalty);
    assert.ok(scores.kind === "probe");
    assert.deepEqual(scores.accuracies, accuracies);
  });
}

test("folds have equal shares of every class, and follow from the seed", () => {
  const classes = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 0 : 1));
  const folds = stratifiedFolds(classes, 5, 1);
  for (const own of [0, 1]) {
    const shares = [0, 1, 2, 3, 4].map((fold) => folds.filter((f, i) => f === fold && classes[i] === own).length);
    assert.equal(Math.max(...shares), Math.min(...shares));
  }
  assert.deepEqual(stratifiedFolds(classes, 5, 1), folds);
  assert.notDeepEqual(stratifiedFolds(classes, 5, 2), folds);
});
