/** How strongly groups of a matrix's entries depend on each other: Frobenius norms of its blocks, by products alone. */
import { randomSigns, type ByProducts } from "./products.js";

/** Entries in groups: `stride` of the first, as many of the next, and after `count` groups of the first again. */
export interface EntryGroups {
  readonly count: number;
  readonly stride: number;
}

/** The group of an entry. */
export function groupOf({ count, stride }: EntryGroups, entry: number): number {
  return Math.floor(entry / stride) % count;
}

/** A number and its standard error, which an estimate from a single probe does not have, and which is 0 for an exact one. */
export interface Estimate {
  readonly value: number;
  readonly error: number | null;
}

export interface BlockNorms {
  /** [a][b]: ‖H_ab‖, the Frobenius norm of the block between two groups. */
  readonly norms: readonly (readonly Estimate[])[];
  /** [a][b]: ‖H_ab‖ / √(‖H_aa‖ ‖H_bb‖), which has no unit; NaN where a group has no second derivatives of its own. */
  readonly shares: readonly (readonly Estimate[])[];
  /** True where every entry was multiplied by itself, so that nothing is estimated. */
  readonly exact: boolean;
}

/** The products that norms take: a probe for each group, or one for each entry where the probes would be as many. */
export function blockNormProducts(probes: number, size: number, { count }: EntryGroups): number {
  return Math.min(probes * count, size);
}

/**
 * ‖H_ab‖² is the mean of ‖H_ab z‖² over random signs z of the group b (Hutchinson). The products of one probe give every pair
 * twice, from either side. Where there are as many probes as a group has entries, its entries are the probes, and the
 * norms are exact. Errors are those of the mean over probes, carried to first order through roots and quotients (the delta
 * method); a quotient's numerator and denominator come from the same probes, which the error takes into account.
 */
export function* blockNorms(probes: number, seed: number, size: number, groups: EntryGroups): ByProducts<BlockNorms> {
  const exact = probes * groups.count >= size;
  const samples = exact ? [yield* squaresByEntry(size, groups)] : yield* squaresByProbe(probes, seed, size, groups);
  const number = samples.length;
  const at = (square: readonly (readonly number[])[] | undefined, a: number, b: number): number =>
    ((square?.[a]?.[b] ?? NaN) + (square?.[b]?.[a] ?? NaN)) / 2;
  const mean = (a: number, b: number): number => samples.reduce((sum, sample) => sum + at(sample, a, b), 0) / number;
  const every = Array.from({ length: groups.count }, (_, i) => i);
  const means = every.map((a) => every.map((b) => mean(a, b)));
  /** The error of a product of powers of the means: its factors as [a, b, exponent]. */
  const errorOf = (value: number, factors: readonly (readonly [number, number, number])[]): number | null => {
    if (exact || value === 0) return 0;
    if (number < 2) return null;
    const variance = samples.reduce((sum, sample) => {
      const relative = factors.reduce((all, [a, b, exponent]) => {
        const centre = means[a]?.[b] ?? NaN;
        return all + exponent * (at(sample, a, b) / centre - 1);
      }, 0);
      return sum + relative ** 2;
    }, 0);
    return Math.abs(value) * Math.sqrt(variance / (number - 1) / number);
  };
  const norms = every.map((a) =>
    every.map((b): Estimate => {
      const value = Math.sqrt(means[a]?.[b] ?? NaN);
      return { value, error: errorOf(value, [[a, b, 1 / 2]]) };
    }),
  );
  const shares = every.map((a) =>
    every.map((b): Estimate => {
      const own = ((means[a]?.[a] ?? NaN) * (means[b]?.[b] ?? NaN)) ** (1 / 4);
      if (own === 0) return { value: NaN, error: null };
      if (a === b) return { value: 1, error: 0 };
      const value = (norms[a]?.[b]?.value ?? NaN) / own;
      const factors = [
        [a, b, 1 / 2],
        [a, a, -1 / 4],
        [b, b, -1 / 4],
      ] as const;
      return { value, error: errorOf(value, factors) };
    }),
  );
  return { norms, shares, exact };
}

/** [probe][a][b]: ‖H_ab z‖² for the probe's signs z in group b, each times the entries of that group. */
function* squaresByProbe(
  probes: number,
  seed: number,
  size: number,
  groups: EntryGroups,
): ByProducts<readonly number[][][]> {
  const samples: number[][][] = [];
  for (let probe = 1; probe <= probes; probe++) {
    const squares = noSquares(groups);
    for (let from = 0; from < groups.count; from++) {
      const signs = randomSigns(size, seed, probe, (entry) => groupOf(groups, entry) === from);
      // The signs have length 1: ‖H z‖² of signs ±1 is so many times as large as they are.
      addSquares(squares, groups, from, yield signs, size / groups.count);
    }
    samples.push(squares);
  }
  return samples;
}

function* squaresByEntry(size: number, groups: EntryGroups): ByProducts<number[][]> {
  const squares = noSquares(groups);
  for (let entry = 0; entry < size; entry++) {
    const unit = new Float64Array(size);
    unit[entry] = 1;
    addSquares(squares, groups, groupOf(groups, entry), yield unit, 1);
  }
  return squares;
}

function noSquares({ count }: EntryGroups): number[][] {
  return Array.from({ length: count }, () => Array<number>(count).fill(0));
}

function addSquares(
  squares: number[][],
  groups: EntryGroups,
  from: number,
  product: Float64Array,
  times: number,
): void {
  product.forEach((value, i) => {
    const row = squares[groupOf(groups, i)];
    if (row !== undefined) row[from] = (row[from] ?? 0) + times * value ** 2;
  });
}
