/** Quartiles, bins and densities against NumPy 2.4.6 and SciPy 1.17.1. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  binCounts,
  binEdges,
  boxSummary,
  evenly,
  kernelDensity,
  quantile,
} from "../../src/runtime/report/distribution.js";

/** numpy.round(numpy.random.default_rng(5).standard_t(3, size=25), 3). */
const sample = [
  -2.0, 0.304, -0.95, 1.642, -0.595, -2.043, -0.911, 0.646, 0.33, -0.5, -1.448, -0.62, -2.789, -0.792, -2.007, 0.037,
  -0.299, -0.985, -0.589, 0.278, 0.678, -0.047, 0.216, -0.445, 0.186,
];

test("quartiles are NumPy's, and whiskers end at the last values within 1.5 interquartile ranges", () => {
  assert.deepEqual(boxSummary(sample), {
    count: 25,
    lower: -2.043,
    first: -0.95,
    median: -0.5,
    third: 0.216,
    upper: 1.642,
    outliers: [-2.789],
  });
  assert.equal(quantile([1, 2, 4, 8], 0.25), 1.75, "numpy.quantile([1, 2, 4, 8], 0.25)");
  assert.deepEqual(boxSummary([3])?.median, 3);
  assert.equal(boxSummary([]), null);
});

test("a whisker has no length where every value inside its reach lies beyond the quartile", () => {
  // The third quartile lies between 1 and 100, and nothing but 100 and more is above it.
  const summary = boxSummary([0, 0, 0, 1, 1, 1, 1, 100, 100]);
  assert.ok(summary !== null && summary.upper >= summary.third && summary.lower <= summary.first);
});

test("the density is that of scipy.stats.gaussian_kde", () => {
  const expected = [
    0.13657908432471028, 0.3712277258207853, 0.36283800569626196, 0.08716609799302164, 1.5630348199908076e-6,
  ];
  const found = kernelDensity(sample, [-2, -0.5, 0, 1.25, 4]);
  // Sums of 25 terms in float64: their order can change the last digits only.
  expected.forEach((value, i) => {
    assert.ok(Math.abs((found?.[i] ?? NaN) - value) <= 1e-13, `${found?.[i] ?? NaN} instead of ${value}`);
  });
  assert.equal(kernelDensity([2, 2, 2], [2]), null, "values without spread have no density");
  assert.equal(kernelDensity([2], [2]), null);
});

test("values are counted as numpy.histogram counts them, the last edge with the last bin", () => {
  assert.deepEqual(binCounts(sample, [-5, -2, -1, 0, 1, 2, 5]), [3, 2, 11, 8, 1, 0]);
  assert.deepEqual(binCounts([0, 1, 2, 2], [0, 1, 2]), [1, 3]);
});

test("bins are round, hold every value, and are neither few nor many", () => {
  for (const values of [sample, sample.map((x) => x * 1e-7), sample.map((x) => x * 1e9 + 5), [1, 1, 1, 1, 9.5]]) {
    const edges = binEdges(values);
    const bins = edges.length - 1;
    assert.ok(bins >= 8 && bins <= 90, `${bins} bins`);
    assert.equal(
      binCounts(values, edges).reduce((a, b) => a + b),
      values.length,
    );
    assert.ok((edges[0] ?? NaN) <= Math.min(...values) && (edges.at(-1) ?? NaN) >= Math.max(...values));
  }
  assert.deepEqual(binEdges([0.1, 0.25, 0.4, 0.55, 0.7, 0.8]).slice(0, 3), [0.1, 0.15, 0.2], "no 0.15000000000000002");
});

test("whole numbers have a bin each, one value one bin, no values none", () => {
  assert.deepEqual(binEdges([3, 1, 2, 2]), [0.5, 1.5, 2.5, 3.5]);
  assert.deepEqual(binEdges([4.5, 4.5]), [4, 5]);
  assert.deepEqual(binEdges([]), []);
});

test("a selection of many is even and keeps their order", () => {
  assert.deepEqual(evenly([0, 1, 2, 3, 4, 5, 6, 7], 4), [0, 2, 4, 6]);
  assert.deepEqual(evenly([1, 2], 4), [1, 2]);
});
