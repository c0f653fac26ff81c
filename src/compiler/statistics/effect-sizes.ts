/** How large a difference is, in standard deviations. */
import { normalAt } from "./distributions.js";
import { intervalLevel, undecided, type Interval, type Undecided } from "./outcome.js";
import { differences } from "./t-tests.js";
import { mean, squaredDeviations, variance, type Sample } from "./samples.js";

export interface EffectSize {
  readonly kind: "effect";
  readonly value: number;
  readonly interval: Interval;
}

/**
 * Cohen's d of two independent samples: the difference of means over the pooled standard deviation. The interval takes d
 * for normally distributed.
 * @source Hedges and Olkin, "Statistical Methods for Meta-Analysis", 1985, chapter 5, equation 8.
 */
export function cohensD(left: Sample, right: Sample): EffectSize | Undecided {
  const [n, m] = [left.length, right.length];
  if (n < 2 || m < 2) return undecided("an effect size needs at least two values in each sample");
  const pooled = Math.sqrt((squaredDeviations(left) + squaredDeviations(right)) / (n + m - 2));
  if (!(pooled > 0)) return undecided("the values of each sample are equal, so there is no deviation to measure by");
  const d = (mean(left) - mean(right)) / pooled;
  return effect(d, (n + m) / (n * m) + d ** 2 / (2 * (n + m)));
}

/**
 * Cohen's d of pairs: the mean difference over the standard deviation of the differences.
 * @source Hedges and Olkin, as for {@link cohensD}, with one sample.
 */
export function pairedCohensD(left: Sample, right: Sample): EffectSize | Undecided {
  const between = differences(left, right);
  const n = between.length;
  if (n < 2) return undecided("an effect size needs at least two pairs");
  const deviation = Math.sqrt(variance(between));
  if (!(deviation > 0)) return undecided("all differences are equal, so there is no deviation to measure by");
  const d = mean(between) / deviation;
  return effect(d, 1 / n + d ** 2 / (2 * n));
}

/**
 * Hedges' g: Cohen's d without its bias in small samples, by the approximate correction 1 − 3 / (4·df − 1).
 * @source Hedges and Olkin, chapter 5, equation 10; statsmodels, `effectsize_smd`.
 */
export function hedgesG(left: Sample, right: Sample): EffectSize | Undecided {
  const d = cohensD(left, right);
  if (d.kind === "undecided") return d;
  const all = left.length + right.length;
  const g = d.value * (1 - 3 / (4 * (all - 2) - 1));
  // As statsmodels has it, following Borenstein et al.: the variance of g at its own value.
  return effect(g, all / (left.length * right.length) + g ** 2 / (2 * (all - 3.94)));
}

/** Hedges' g of pairs: {@link pairedCohensD} with the same correction, for n − 1 degrees of freedom. */
export function pairedHedgesG(left: Sample, right: Sample): EffectSize | Undecided {
  const d = pairedCohensD(left, right);
  if (d.kind === "undecided") return d;
  const n = left.length;
  const g = d.value * (1 - 3 / (4 * (n - 1) - 1));
  return effect(g, 1 / n + g ** 2 / (2 * n));
}

function effect(value: number, spread: number): EffectSize {
  const reach = normalAt(1 - (1 - intervalLevel) / 2) * Math.sqrt(spread);
  return { kind: "effect", value, interval: { level: intervalLevel, low: value - reach, high: value + reach } };
}
