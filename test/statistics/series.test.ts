/** Trends, shapes and components give what SciPy and scikit-learn give. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { changepoint } from "../../src/compiler/statistics/changepoint.js";
import { dip, peak } from "../../src/compiler/statistics/extremum.js";
import { logisticCurve } from "../../src/compiler/statistics/logistic-curve.js";
import { principalComponents } from "../../src/compiler/statistics/principal-components.js";
import { linearTrend, powerLaw } from "../../src/compiler/statistics/regression.js";
import { close, fixture } from "./fixture.js";

test("a line and a power law through points", () => {
  for (const expected of fixture.regression) {
    const line = linearTrend(expected.x, expected.y);
    assert.equal(line.kind, "line");
    close(line.slope, expected.slope, "slope");
    close(line.intercept, expected.intercept, "intercept");
    close(line.pValue, expected.p, "p");
    close(line.interval.low, expected.low, "lower bound");
    close(line.interval.high, expected.high, "upper bound");
    close(line.rSquared, expected.rSquared, "r²");
    const law = powerLaw(expected.x, expected.y.map(Math.abs));
    assert.equal(law.kind, "power-law");
    close(law.exponent, expected.exponent, "exponent");
    close(law.factor, expected.factor, "factor");
    close(law.pValue, expected.lawP, "p of the exponent");
  }
});

test("a jump, its p from the same permutations, and which shape describes the series best", () => {
  for (const { x, y, shape, ...expected } of fixture.series) {
    const outcome = changepoint(x, y, { count: 999, seed: 5 });
    assert.equal(outcome.kind, "changepoint");
    assert.equal(outcome.place, expected.place);
    close(outcome.before, expected.before, "mean before");
    close(outcome.after, expected.after, "mean after");
    close(outcome.pValue, expected.p, "p");
    assert.equal(outcome.best, shape);
    // The grid and its refinement find the least squared error or a lower one than SciPy's best of 60 starts; the last
    // digits of a flat minimum are open.
    const curve = logisticCurve(x, y);
    assert.ok(
      curve.squaredError <= expected.logisticError * (1 + 1e-6),
      `${shape}: ${curve.squaredError}, SciPy ${expected.logisticError}`,
    );
  }
});

test("principal components", () => {
  for (const { data, count, ...expected } of fixture.components) {
    const outcome = principalComponents(data, count);
    assert.equal(outcome.kind, "components");
    const same = (actual: readonly number[], wanted: readonly number[], what: string): void => {
      assert.equal(actual.length, wanted.length);
      // Relative to the largest entry: small ones are differences of large ones.
      const scale = Math.max(...wanted.map(Math.abs));
      actual.forEach((value, i) => {
        assert.ok(
          Math.abs(value - (wanted[i] ?? Number.NaN)) <= 1e-10 * scale,
          `${what} ${i}: ${value}, expected ${wanted[i]}`,
        );
      });
    };
    same(outcome.variances, expected.variances, "variance");
    same(outcome.explained, expected.explained, "explained");
    outcome.loadings.forEach((loading, c) => {
      same(loading, expected.loadings[c] ?? [], `loading of component ${c}, feature`);
    });
    outcome.scores.forEach((scores, c) => {
      same(scores, expected.scores[c] ?? [], `score on component ${c}, observation`);
    });
  }
});

test("a peak is the largest value; a dip lies below the line between its neighbours, evenly spaced or not", () => {
  const series = [0, 1, 4, 5, 4.5, 9, 7];
  assert.deepEqual(peak([0, 1, 2, 3, 4, 5, 6], series), {
    kind: "extremum",
    place: 5,
    value: 9,
    expected: 5.75,
    deviation: 3.25,
    atEnd: false,
  });
  const dipping = dip([0, 1, 2, 3, 4, 5, 6], series);
  assert.ok(dipping.kind === "extremum" && dipping.place === 4 && dipping.deviation === -2.5);
  // With the third point close to the second, the line there is still low.
  const uneven = dip([0, 1, 10], [0, 2, 100]);
  assert.ok(uneven.kind === "extremum" && uneven.expected === 10 && uneven.deviation === -8);
  const rising = peak([0, 1, 2], [1, 2, 3]);
  assert.ok(rising.kind === "extremum" && rising.atEnd && rising.place === 2);
});

test("series that say nothing say so", () => {
  assert.equal(dip([0, 1, 2], [0, 1, 0]).kind, "undecided");
  assert.equal(peak([0, 1], [1, 1]).kind, "undecided");
  assert.equal(changepoint([0, 1, 2], [0, 1, 2], { count: 10, seed: 1 }).kind, "undecided");
  assert.equal(linearTrend([1, 1, 1], [1, 2, 3]).kind, "undecided");
  assert.equal(powerLaw([1, 2, 3], [1, 0, 3]).kind, "undecided");
  assert.equal(principalComponents([[1], [1]], 2).kind, "undecided");
  assert.equal(
    principalComponents(
      [
        [1, Number.NaN],
        [1, 2],
      ],
      2,
    ).kind,
    "undecided",
  );
});
