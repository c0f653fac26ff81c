/** Trends, shapes and components give what SciPy and scikit-learn give. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { curveAt, fitCurve } from "../../src/compiler/statistics/curve-fit.js";
import { changepoint } from "../../src/compiler/statistics/changepoint.js";
import { dip, peak } from "../../src/compiler/statistics/extremum.js";
import { logisticCurve } from "../../src/compiler/statistics/logistic-curve.js";
import { principalComponents } from "../../src/compiler/statistics/principal-components.js";
import { linearTrend } from "../../src/compiler/statistics/regression.js";
import { close, fixture } from "./fixture.js";

test("a line through points", () => {
  for (const expected of fixture.regression) {
    const line = linearTrend(expected.x, expected.y);
    assert.equal(line.kind, "line");
    close(line.slope, expected.slope, "slope");
    close(line.intercept, expected.intercept, "intercept");
    close(line.pValue, expected.p, "p");
    close(line.interval.low, expected.low, "lower bound");
    close(line.interval.high, expected.high, "upper bound");
    close(line.rSquared, expected.rSquared, "r²");
  }
});

test("curves through points: coefficients, errors, intervals, and how well they fit", () => {
  assert.equal(fixture.curves.length, 12);
  for (const expected of fixture.curves) {
    const { curve, x, y } = expected;
    const fit = fitCurve(curve, x, y);
    assert.ok(fit.kind === "fit", `${curve}: ${fit.kind === "undecided" ? fit.reason : ""}`);
    // Where both searches stop, the squared error no longer changes in float64; as it is flat there, about half of the
    // digits of a coefficient are then known (the root of 2e-16).
    const within = curve === "logistic" ? 1e-6 : 1e-10;
    const same = (actual: number, wanted: number, what: string): void => {
      close(actual, wanted, `${what} of ${curve} through ${x.length} points`, within);
    };
    assert.deepEqual(
      fit.coefficients.map(({ name }) => name),
      expected.coefficients.map(({ name }) => name),
    );
    fit.coefficients.forEach(({ name, value, error, interval }, i) => {
      const wanted = expected.coefficients[i];
      assert.ok(wanted !== undefined);
      same(value, wanted.value, name);
      same(error, wanted.error, `error of ${name}`);
      same(interval.low, wanted.low, `lower bound of ${name}`);
      same(interval.high, wanted.high, `upper bound of ${name}`);
    });
    if (expected.p === null) assert.equal(fit.pValue, null);
    else same(fit.pValue ?? Number.NaN, expected.p, "p");
    same(fit.rSquared, expected.rSquared, "r²");
    same(fit.deviation, expected.deviation, "deviation");
    assert.equal(fit.df, x.length - fit.coefficients.length);
    const values = x.map((value) =>
      curveAt(
        curve,
        fit.coefficients.map((coefficient) => coefficient.value),
        value,
      ),
    );
    const onScale = (value: number): number =>
      curve === "power_law" || curve === "exponential" ? Math.log(value) : value;
    const left = values.reduce((sum, value, i) => sum + (onScale(y[i] ?? 0) - onScale(value)) ** 2, 0);
    same(Math.sqrt(left / fit.df), expected.deviation, "deviation of the curve's values");
  }
});

test("curves that points do not determine say so", () => {
  const reason = (...[curve, x, y]: Parameters<typeof fitCurve>): string => {
    const outcome = fitCurve(curve, x, y);
    return outcome.kind === "undecided" ? outcome.reason : "";
  };
  assert.match(reason("power_law", [1, 2, 3], [1, 0, 3]), /above 0, and 1 is not/);
  assert.match(reason("power_law", [0, 1, 2], [1, 2, 3]), /above 0, and 1 is not/);
  assert.match(reason("exponential", [0, 1, 2], [-1, -2, 3]), /above 0, and 2 are not/);
  assert.match(reason("linear", [1, 2], [1, 2]), /at least three points, and there are 2/);
  assert.match(reason("linear", [1, 2, 3], [2, 2, 2]), /all values are equal/);
  assert.match(reason("linear", [1, 1, 1], [1, 2, 3]), /same coordinate/);
  assert.match(reason("linear", [1, 2, Number.NaN], [1, 2, 3]), /not finite/);
  assert.match(reason("logistic", [1, 2, 3, 4], [1, 2, 3, 4]), /five points, and there are 4/);
  assert.match(reason("logistic", [0, 1, 2, 3, 4, 5], [0, 0, 0, 1, 1, 1]), /a step fits them as well/);
  assert.match(reason("logistic", [0, 1, 2, 3, 4, 5], [1, 2, 4, 8, 16, 32.5]), /outside the points/);
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
