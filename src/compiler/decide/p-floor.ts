/** How p-values are corrected, and how small one can be that counts exchanges of labels. */
import type { TestedPart } from "../ir/decision-outcome.js";
import type { TestUse } from "../ir/decisions.js";
import type { Correction } from "../statistics/corrections.js";
import { choices } from "../statistics/permutation.js";
import type { Samples } from "../statistics/run-test.js";

/** Below this a p-value is small, where the statement names no level: where none can be, a note says so. */
export const small = 0.05;

/**
 * Says that the permutations are too few for any p-value to get below `alpha`, by themselves or once it is corrected. Null
 * where they are enough.
 * @param tails 2 for a two-sided p, which is twice the smaller tail.
 */
export function floorNote(
  parts: readonly TestedPart[],
  tests: readonly TestUse[],
  correction: Correction | null,
  tails: 1 | 2,
  alpha: number,
): string | null {
  const drawn = parts.filter(({ method }) => method === "permutations");
  const [first] = drawn;
  const count = tests.find(({ name }) => name === first?.test)?.count ?? null;
  if (first === undefined || count === null) return null;
  const family = parts.filter(({ test, pValue }) => test === first.test && pValue !== null).length;
  const bounds = boundsOf(tails / (count + 1), familyOf(correction, family), alpha);
  return bounds === null ? null : `no p from ${count} permutations can be ${bounds}: draw more`;
}

/** The correction that a statement asks for, or Holm's where it makes several comparisons and asks for none. */
export function correctionOf(written: Correction | null, comparisons: number): Correction | null {
  return written ?? (comparisons > 1 ? "holm" : null);
}

/** How many p-values the smallest one is multiplied by. Where all are small, Benjamini and Hochberg leave them as they are. */
export function familyOf(correction: Correction | null, comparisons: number): number {
  return correction === null || correction === "bh" ? 1 : comparisons;
}

/** How often labels can be exchanged at all: signs of pairs, or members of two samples. */
export function exchanges({ kind }: Pick<Samples, "kind">, n: readonly [number, number]): number {
  return kind === "independent" ? choices(n[0] + n[1], n[0]) : 2 ** n[0];
}

/**
 * Says that an exact p-value cannot get below 0.05, whatever was measured: there are too few units. Null where it can, and
 * for a p-value that is not exact.
 * @param family how many p-values it is corrected for ({@link familyOf}).
 */
export function exactFloorNote(
  { method, test, n }: TestedPart,
  ways: number,
  unit: string,
  family: number,
): string | null {
  const bounds = method === "exact" ? boundsOf(2 / ways, family, small) : null;
  const count = n[0] === n[1] ? String(n[0]) : `${n[0]} and ${n[1]}`;
  return bounds === null ? null : `with ${count} ${unit}s no p of ${test} can be ${bounds}`;
}

/** `below 0.02, and none below 0.2 once corrected for 10 comparisons`; null where the bound is below alpha. */
function boundsOf(least: number, family: number, alpha: number): string | null {
  const corrected = Math.min(1, least * family);
  if (corrected < alpha) return null;
  const after = family === 1 ? "" : `, and none below ${shown(corrected)} once corrected for ${family} comparisons`;
  return `below ${shown(Math.min(1, least))}${after}`;
}

function shown(p: number): string {
  return String(Number(p.toPrecision(2)));
}
