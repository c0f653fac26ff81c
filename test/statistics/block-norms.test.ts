/** Norms of blocks by products, against the matrix itself: 24 rows in groups of 3 and 3, indefinite, drawn from a seed. */
import assert from "node:assert/strict";
import test from "node:test";
import { seededIntegers } from "../../src/compiler/base/random.js";
import { blockNormProducts, blockNorms, groupOf, type BlockNorms } from "../../src/compiler/statistics/block-norms.js";

const size = 24;
const groups = { count: 4, stride: 3 };

/** A symmetric matrix whose entries are sums of twelve drawn numbers, with blocks of different sizes. */
const matrix = ((): readonly Float64Array[] => {
  const next = seededIntegers(7);
  const drawn = (): number => Array.from({ length: 12 }, () => next(1000) / 1000).reduce((a, b) => a + b, -6);
  const rows = Array.from({ length: size }, () => new Float64Array(size));
  rows.forEach((row, i) => {
    for (let j = 0; j <= i; j++) {
      const value = drawn() * (1 + groupOf(groups, i)) * (groupOf(groups, i) === groupOf(groups, j) ? 2 : 1);
      row[j] = value;
      const other = rows[j];
      if (other !== undefined) other[i] = value;
    }
  });
  return rows;
})();

function truth(a: number, b: number): number {
  return Math.hypot(
    ...matrix.flatMap((row, i) =>
      groupOf(groups, i) === a ? [...row].filter((_, j) => groupOf(groups, j) === b) : [],
    ),
  );
}

function found(probes: number, seed: number): { readonly norms: BlockNorms; readonly products: number } {
  const computation = blockNorms(probes, seed, size, groups);
  let products = 0;
  let step = computation.next();
  while (step.done !== true) {
    const vector = step.value;
    products += 1;
    step = computation.next(
      Float64Array.from(matrix, (row) => row.reduce((sum, value, j) => sum + value * (vector[j] ?? 0), 0)),
    );
  }
  return { norms: step.value, products };
}

test("with a probe for each entry of a group the norms are exact, from a product for each row", () => {
  const { norms, products } = found(6, 1);
  assert.ok(norms.exact);
  assert.deepEqual([products, blockNormProducts(6, size, groups)], [size, size]);
  for (const a of [0, 1, 2, 3])
    for (const b of [0, 1, 2, 3]) {
      const norm = norms.norms[a]?.[b];
      const share = norms.shares[a]?.[b];
      assert.ok(Math.abs((norm?.value ?? NaN) - truth(a, b)) < 1e-9);
      assert.ok(Math.abs((share?.value ?? NaN) - truth(a, b) / Math.sqrt(truth(a, a) * truth(b, b))) < 1e-9);
      assert.deepEqual([norm?.error, share?.error], [0, 0]);
    }
});

test("with fewer, they are estimates whose errors are what they differ by over seeds", () => {
  const seeds = Array.from({ length: 400 }, (_, seed) => found(5, seed));
  assert.ok(seeds.every(({ norms, products }) => !norms.exact && products === 20));
  const check = (pick: (norms: BlockNorms) => { value: number; error: number | null } | undefined, exact: number) => {
    const estimates = seeds.flatMap(({ norms }) => pick(norms) ?? []);
    const average = estimates.reduce((sum, { value }) => sum + value, 0) / estimates.length;
    const spread = Math.sqrt(estimates.reduce((sum, { value }) => sum + (value - average) ** 2, 0) / estimates.length);
    const stated = Math.sqrt(estimates.reduce((sum, { error }) => sum + (error ?? NaN) ** 2, 0) / estimates.length);
    // To first order: five probes leave a bias and an error of the error of about a tenth.
    assert.ok(Math.abs(average - exact) < 0.1 * exact, `${average} instead of ${exact}`);
    assert.ok(Math.abs(stated / spread - 1) < 0.2, `${stated} is stated, and ${spread} is found`);
  };
  check(({ norms }) => norms[0]?.[2], truth(0, 2));
  check(({ norms }) => norms[3]?.[3], truth(3, 3));
  check(({ shares }) => shares[1]?.[3], truth(1, 3) / Math.sqrt(truth(1, 1) * truth(3, 3)));
});

test("one probe has no error, and a group without second derivatives no coupling", () => {
  assert.equal(found(1, 3).norms.norms[0]?.[1]?.error, null);
  const computation = blockNorms(2, 1, 4, { count: 2, stride: 1 });
  let step = computation.next();
  while (step.done !== true) step = computation.next(Float64Array.of(step.value[0] ?? 0, 0, 0, 0));
  assert.ok(Number.isNaN(step.value.shares[0]?.[1]?.value));
  assert.equal(step.value.norms[0]?.[1]?.value, 0);
});
