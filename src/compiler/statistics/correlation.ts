/** Correlation of two samples whose values belong together in pairs. */
import { normalAt, tP } from "./distributions.js";
import { intervalLevel, undecided, type Alternative, type Interval, type TestOutcome } from "./outcome.js";
import { mean, rank, type Sample } from "./samples.js";

/**
 * Pearson's r, between −1 and 1; NaN where one of the samples does not vary.
 * @throws RangeError when they have different lengths.
 */
export function pearsonR(left: Sample, right: Sample): number {
  if (left.length !== right.length) throw new RangeError(`pairs of ${left.length} and ${right.length} values`);
  const [a, b] = [centred(left), centred(right)];
  const scale = norm(a) * norm(b);
  const r = a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0) / scale;
  return Math.max(-1, Math.min(1, r));
}

/**
 * Do two samples rise together along a line? p from Student's t, the interval by Fisher's transformation.
 * @source SciPy, `pearsonr`.
 */
export function pearson(left: Sample, right: Sample, alternative: Alternative): TestOutcome {
  return correlated(left, right, alternative, (r, n) => fisherInterval(r, 1 / Math.sqrt(n - 3), n));
}

/**
 * Do two samples rise together in any monotone way? Pearson's r of the ranks, p from Student's t.
 * @source SciPy, `spearmanr`; the interval from Bonett and Wright, "Sample size requirements for estimating Pearson,
 * Kendall and Spearman correlations", 2000.
 */
export function spearman(left: Sample, right: Sample, alternative: Alternative): TestOutcome {
  return correlated(rank(left).ranks, rank(right).ranks, alternative, (r, n) =>
    fisherInterval(r, Math.sqrt((1 + r ** 2 / 2) / (n - 3)), n),
  );
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

/** Deviations from the mean, scaled so that their squares neither overflow nor vanish. */
function centred(sample: Sample): Sample {
  const centre = mean(sample);
  const deviations = sample.map((value) => value - centre);
  const largest = deviations.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest === 0 ? deviations : deviations.map((value) => value / largest);
}

function norm(sample: Sample): number {
  return Math.sqrt(sample.reduce((sum, value) => sum + value ** 2, 0));
}
