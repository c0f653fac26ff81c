/** Correlation of two samples whose values belong together in pairs. */
import { normalAt, tP } from "./distributions.js";
import { intervalLevel, undecided, type Alternative, type Interval, type TestOutcome } from "./outcome.js";
import { pearsonR } from "./pearson-r.js";
import { permutePairs } from "./permutation.js";
import { rank, type Sample } from "./samples.js";

/**
 * Do two samples rise together along a line? p from Student's t, the interval by Fisher's transformation.
 * @source SciPy, `pearsonr`.
 */
export function pearson(left: Sample, right: Sample, alternative: Alternative): TestOutcome {
  return correlated(left, right, alternative, (r, n) => fisherInterval(r, 1 / Math.sqrt(n - 3), n));
}

/** Up to this many pairs p comes from all orders of the second sample: Student's t would call 4 ordered pairs p = 0. */
const exactSpearman = 8;

/**
 * Do two samples rise together in any monotone way? Pearson's r of the ranks; p exact for up to 8 pairs and from Student's
 * t for more.
 * @source SciPy, `spearmanr`, and for few pairs `permutation_test` as its documentation advises; the interval from Bonett and Wright, "Sample size requirements for estimating Pearson,
 * Kendall and Spearman correlations", 2000.
 */
export function spearman(left: Sample, right: Sample, alternative: Alternative): TestOutcome {
  const [x, y] = [rank(left).ranks, rank(right).ranks];
  const outcome = correlated(x, y, alternative, (r, n) => fisherInterval(r, Math.sqrt((1 + r ** 2 / 2) / (n - 3)), n));
  if (outcome.kind === "undecided" || x.length > exactSpearman) return outcome;
  const exact = permutePairs(x, y, alternative, { count: Infinity, seed: 0 });
  return exact.kind === "undecided" ? exact : { ...outcome, pValue: exact.pValue, method: "exact", df: null };
}

function correlated(
  left: Sample,
  right: Sample,
  alternative: Alternative,
  interval: (r: number, n: number) => Interval | null,
): TestOutcome {
  const n = left.length;
  if (n < 3) return undecided(`a correlation needs at least three pairs, and there ${n === 1 ? "is 1" : `are ${n}`}`);
  if ([left, right].some((sample) => sample.some((value) => !Number.isFinite(value)))) {
    return undecided("a value is not finite");
  }
  const constant = [left, right].findIndex((sample) => sample.every((value) => value === sample[0]));
  if (constant >= 0) return undecided(`all values of the ${constant === 0 ? "first" : "second"} sample are equal`);
  const r = pearsonR(left, right);
  const t = r * Math.sqrt((n - 2) / ((1 - r) * (1 + r)));
  const pValue = tP(t, n - 2, alternative);
  return { kind: "tested", statistic: r, df: n - 2, pValue, method: "t", estimate: r, interval: interval(r, n) };
}

/** tanh(artanh r ± z · error). Null for fewer than four pairs. */
function fisherInterval(r: number, error: number, n: number): Interval | null {
  if (n < 4) return null;
  const reach = normalAt(1 - (1 - intervalLevel) / 2) * error;
  return { level: intervalLevel, low: Math.tanh(Math.atanh(r) - reach), high: Math.tanh(Math.atanh(r) + reach) };
}
