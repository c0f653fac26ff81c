/** Is a difference small enough not to matter? */
import { tAt } from "./distributions.js";
import { undecided, type TestOutcome } from "./outcome.js";
import { oneSampleT, welchT } from "./t-tests.js";
import type { Sample } from "./samples.js";

/**
 * Two one-sided tests: the difference of means is above −`within` and below `within`. p is the larger of the two, and the
 * interval has the level 1 − 2·alpha, so that it lies inside ±`within` exactly where p < alpha.
 * @param right a sample, or the number that the mean of `left` is compared with.
 * @source Schuirmann, "A comparison of the two one-sided tests procedure …", 1987; statsmodels, `ttost_ind` with
 * `usevar="unequal"`.
 */
export function equivalent(left: Sample, right: Sample | number, within: number, alpha: number): TestOutcome {
  const test = (bound: number, alternative: "less" | "greater"): TestOutcome =>
    typeof right === "number" ? oneSampleT(left, right + bound, alternative) : welchT(left, right, alternative, bound);
  const above = test(-within, "greater");
  const below = test(within, "less");
  if (above.kind === "undecided") return above;
  if (below.kind === "undecided") return below;
  const larger = above.pValue >= below.pValue ? above : below;
  const estimate = above.estimate - within;
  const { df } = larger;
  const { interval } = above;
  if (df === null || interval === null) return undecided("the test gives no interval");
  // The standard error, from the interval that the t-test gives.
  const error = (interval.high - interval.low) / 2 / tAt(1 - (1 - interval.level) / 2, df);
  const reach = tAt(1 - alpha, df) * error;
  return {
    ...larger,
    estimate,
    interval: { level: 1 - 2 * alpha, low: estimate - reach, high: estimate + reach },
  };
}
