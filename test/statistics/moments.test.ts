/** Pearson's r from sums over lists of pairs is that of all the pairs. */
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { momentsOf, pearsonR, rOfMoments, type Moments, type Pairs } from "../../src/compiler/statistics/pearson-r.js";

const value = fc.double({ min: -10, max: 10, noNaN: true });
const lists = fc.array(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 8 }), {
  minLength: 1,
  maxLength: 8,
});

function pairsOf(written: readonly (readonly (readonly [number, number])[])[], offset = 0): readonly Pairs[] {
  return written.map((list) => ({ x: list.map(([x]) => x + offset), y: list.map(([, y]) => y) }));
}

function ofSums(drawn: readonly Pairs[], moments: ReadonlyMap<Pairs, Moments>): number {
  return rOfMoments(drawn.flatMap((list) => moments.get(list) ?? []));
}

const ofAll = (drawn: readonly Pairs[]): number =>
  pearsonR(
    drawn.flatMap(({ x }) => x),
    drawn.flatMap(({ y }) => y),
  );

test("of any choice of the lists, also one that has some twice", () => {
  fc.assert(
    fc.property(lists, fc.array(fc.nat(7), { minLength: 1, maxLength: 12 }), (written, chosen) => {
      const pairs = pairsOf(written);
      const drawn = chosen.flatMap((i) => pairs[i % pairs.length] ?? []);
      const [sums, all] = [ofSums(drawn, momentsOf(pairs)), ofAll(drawn)];
      // Values that hardly vary beside those that were not drawn have no digits left in sums.
      const spread = (side: (list: Pairs) => readonly number[]): number => {
        const values = drawn.flatMap(side);
        return Math.max(...values) - Math.min(...values);
      };
      fc.pre(spread(({ x }) => x) > 0.1 && spread(({ y }) => y) > 0.1);
      assert.ok(Math.abs(sums - all) < 1e-10, `${sums} and ${all}`);
    }),
  );
});

test("an offset costs no digits, and what does not vary has no r", () => {
  const written = [
    [
      [1, 2],
      [2, 1],
    ],
    [
      [3, 5],
      [4, 4],
      [5, 7],
    ],
  ] as const;
  const far = pairsOf(written, 1e6);
  assert.ok(Math.abs(ofSums(far, momentsOf(far)) - ofAll(pairsOf(written))) < 1e-9);
  const flat = pairsOf(written).map(({ x, y }) => ({ x: x.map(() => 3.3), y }));
  assert.ok(Number.isNaN(ofSums(flat, momentsOf(flat))));
});
