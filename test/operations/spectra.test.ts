/** Singular values and eigenvalues against NumPy (test/fixtures/spectra/make.py), and what has none. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { operationNamed } from "../../src/compiler/operations/index.js";
import type { ReferenceTensor } from "../../src/compiler/operations/operation.js";
import { referenceTensor } from "../../src/compiler/operations/reference-tensor.js";
import { root } from "../support/root.js";

interface Known {
  readonly rows: number;
  readonly columns: number;
  readonly values: readonly number[];
  readonly singular: readonly number[];
  readonly gram: readonly number[];
  readonly eigen: readonly number[];
}

const path = join(root, "test", "fixtures", "spectra", "spectra.json");
const { matrices } = JSON.parse(readFileSync(path, "utf8")) as { readonly matrices: Readonly<Record<string, Known>> };

/** Both algorithms are backward stable: an error of a few ε of the largest value, whatever the others are. */
function assertNear(actual: Float64Array, expected: readonly number[], what: string): void {
  assert.equal(actual.length, expected.length, what);
  const tolerance = 64 * Number.EPSILON * Math.max(1e-300, ...expected.map(Math.abs));
  expected.forEach((value, i) => {
    assert.ok(Math.abs((actual[i] ?? NaN) - value) <= tolerance, `${what}: ${actual[i]} and not ${value}`);
  });
}

const matrix = (rows: number, columns: number, values: readonly number[]): ReferenceTensor =>
  referenceTensor(
    [
      { name: "row", size: rows },
      { name: "column", size: columns },
    ],
    values,
  );
const singular = (tensor: ReferenceTensor, over: readonly string[] = []) =>
  operationNamed("singular_values").reference([tensor], { over }, 9, 8);
const eigen = (tensor: ReferenceTensor) => operationNamed("eigenvalues").reference([tensor], {}, 9, 8);

for (const [name, { rows, columns, values, singular: expected, gram, eigen: eigenvalues }] of Object.entries(
  matrices,
)) {
  test(`${name}: NumPy's singular values and eigenvalues`, () => {
    assertNear(singular(matrix(rows, columns, values)).data, expected, "singular values");
    assertNear(singular(matrix(rows, columns, values), ["column", "row"]).data, expected, "of the transpose");
    assertNear(eigen(matrix(rows, rows, gram)).data, eigenvalues, "eigenvalues");
  });
}

test("every matrix of a tensor has its own values, and its own fault", () => {
  const axes = ["row", "head", "column"].map((axis) => ({ name: axis, size: 2 }));
  // [row][head][column]: the identity times 3 and times 5.
  const fault = new Int32Array(8);
  fault[2] = 4;
  const made = singular({ ...referenceTensor(axes, [3, 0, 5, 0, 0, 3, 0, 5]), fault }, ["row", "column"]);
  assert.deepEqual(
    made.axes.map(({ name }) => name),
    ["head", "component"],
  );
  assertNear(made.data, [3, 3, 5, 5], "two heads");
  assert.deepEqual([...(made.fault ?? [])], [0, 0, 4, 4]);
});

test("a matrix that is not symmetric has no eigenvalues but a reason; rounding is no asymmetry", () => {
  const skew = eigen(matrix(2, 2, [1, 2, 0, 1]));
  assert.deepEqual([...(skew.fault ?? [])], [9, 9]);
  const rounded = eigen(matrix(2, 2, [2, 1, 1 + 1e-6, 2]));
  assert.equal(rounded.fault, null);
  assert.ok(Math.abs((rounded.data[0] ?? 0) - 3) < 1e-6);
});

test("what is not finite has no values at all, and nothing has none", () => {
  assert.ok([...singular(matrix(2, 2, [1, NaN, 0, 1])).data].every(Number.isNaN));
  assert.ok([...singular(matrix(2, 2, [1, Infinity, 0, 1])).data].every(Number.isNaN));
  assert.ok([...eigen(matrix(2, 2, [1, -Infinity, -Infinity, 1])).data].every(Number.isNaN));
  assert.equal(singular(matrix(0, 3, [])).data.length, 0);
});
