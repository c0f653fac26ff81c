/** How small a p-value can be that counts permutations. */
import type { TestedPart } from "../ir/decision-outcome.js";
import type { TestUse } from "../ir/decisions.js";
import type { Correction } from "../statistics/corrections.js";

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
  const least = tails / (count + 1);
  const family = parts.filter(({ test, pValue }) => test === first.test && pValue !== null).length;
  // Where all are as small as they can be, Benjamini and Hochberg leave them as they are.
  const corrected = correction === null || correction === "bh" ? least : Math.min(1, least * family);
  if (corrected < alpha) return null;
  const after = corrected === least ? "" : `, and none below ${shown(corrected)} once corrected for ${family} comparisons`;
  return `no p from ${count} permutations can be below ${shown(least)}${after}: draw more`;
}

function shown(p: number): string {
  return String(Number(p.toPrecision(2)));
}
