/** Tests of means with Student's t. */
import { tAt, tP } from "./distributions.js";
import { intervalLevel, undecided, type Alternative, type TestOutcome } from "./outcome.js";
import { mean, squaredDeviations, variance, type Sample } from "./samples.js";

/**
 * Is the mean of `sample` the number `expected`? The estimate is the mean less that number.
 * @source SciPy, `ttest_1samp`.
 */
export function oneSampleT(sample: Sample, expected: number, alternative: Alternative): TestOutcome {
  if (sample.length < 2) return undecided(tooFew("the sample", sample));
  const error = Math.sqrt(variance(sample) / sample.length);
  return tOutcome(mean(sample) - expected, error, sample.length - 1, alternative, "all values are equal");
}

/**
 * Have two dependent samples the same mean? Their values belong together in pairs, by place.
 * @source SciPy, `ttest_rel`.
 * @throws RangeError when they have different lengths.
 */
export function pairedT(left: Sample, right: Sample, alternative: Alternative): TestOutcome {
  return oneSampleT(differences(left, right), 0, alternative);
}

/** left − right, pair by pair. @throws RangeError when they have different lengths. */
export function differences(left: Sample, right: Sample): Sample {
  if (left.length !== right.length) throw new RangeError(`pairs of ${left.length} and ${right.length} values`);
  return left.map((value, i) => value - (right[i] ?? Number.NaN));
}

/**
 * Do the means of two independent samples differ by `expected`, without assuming equal variances? Degrees of freedom by
 * Welch and Satterthwaite. The estimate is the difference less `expected`.
 * @source SciPy, `ttest_ind` with `equal_var=False`.
 */
export function welchT(left: Sample, right: Sample, alternative: Alternative, expected = 0): TestOutcome {
  const small = [left, right].find(({ length }) => length < 2);
  if (small !== undefined) return undecided(tooFew("each sample", small));
  const a = variance(left) / left.length;
  const b = variance(right) / right.length;
  const df = (a + b) ** 2 / (a ** 2 / (left.length - 1) + b ** 2 / (right.length - 1));
  const difference = mean(left) - mean(right) - expected;
  return tOutcome(difference, Math.sqrt(a + b), df, alternative, "all values of each sample are equal");
}

/**
 * The same, assuming equal variances.
 * @source SciPy, `ttest_ind`.
 */
export function pooledT(left: Sample, right: Sample, alternative: Alternative): TestOutcome {
  const df = left.length + right.length - 2;
  const small = [left, right].find(({ length }) => length < 1);
  if (small !== undefined || df < 1) return undecided(tooFew("each sample", small ?? left));
  const pooled = (squaredDeviations(left) + squaredDeviations(right)) / df;
  const error = Math.sqrt(pooled * (1 / left.length + 1 / right.length));
  return tOutcome(mean(left) - mean(right), error, df, alternative, "all values of each sample are equal");
}

function tooFew(what: string, sample: Sample): string {
  return `a t-test needs at least two values in ${what}, and there ${sample.length === 1 ? "is 1" : `are ${sample.length}`}`;
}

function tOutcome(
  estimate: number,
  error: number,
  df: number,
  alternative: Alternative,
  withoutVariance: string,
): TestOutcome {
  if (!Number.isFinite(estimate) || Number.isNaN(error)) return undecided("a value is not finite");
  if (error === 0) return undecided(`${withoutVariance}, so there is no variance to test against`);
  const t = estimate / error;
  const reach = tAt(1 - (1 - intervalLevel) / 2, df) * error;
  return {
    kind: "tested",
    statistic: t,
    df,
    pValue: tP(t, df, alternative),
    method: "t",
    estimate,
    interval: { level: intervalLevel, low: estimate - reach, high: estimate + reach },
  };
}
