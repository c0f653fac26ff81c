/** Corrections of p-values for a family of tests. */

export const corrections = ["holm", "bh", "bonferroni"] as const;

export type Correction = (typeof corrections)[number];

/**
 * Adjusted p-values in the order given: below alpha where the test rejects at that level within its family. NaN (a test
 * that could not be made) stays NaN and does not count.
 * @param correction `holm` and `bonferroni` bound the chance of any false rejection, `bh` (Benjamini and Hochberg) the
 * share of false ones among the rejections.
 * @source statsmodels, `multipletests` with `holm`, `fdr_bh`, `bonferroni`.
 */
export function adjust(pValues: readonly number[], correction: Correction): readonly number[] {
  const order = pValues
    .map((p, i) => ({ p, i }))
    .filter(({ p }) => !Number.isNaN(p))
    .sort((a, b) => a.p - b.p);
  const n = order.length;
  const adjusted: number[] = pValues.map(() => Number.NaN);
  if (correction === "bh") {
    let least = 1;
    for (const [place, { p, i }] of [...order.entries()].reverse()) {
      least = Math.min(least, (p * n) / (place + 1));
      adjusted[i] = least;
    }
    return adjusted;
  }
  let most = 0;
  for (const [place, { p, i }] of order.entries()) {
    most = correction === "bonferroni" ? p * n : Math.max(most, p * (n - place));
    adjusted[i] = Math.min(1, most);
  }
  return adjusted;
}
