/** Distribution functions, from the stdlib project: each agrees with SciPy to 1e-13 over the arguments that tests have. */
import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import tCdf from "@stdlib/stats-base-dists-t-cdf";
import tQuantile from "@stdlib/stats-base-dists-t-quantile";
import { pFromTails, type Alternative } from "./outcome.js";

/** P(Z ≤ z) of the standard normal distribution. */
export function normalBelow(z: number): number {
  return normalCdf(z, 0, 1);
}

/** The z with P(Z ≤ z) = p. */
export function normalAt(p: number): number {
  return normalQuantile(p, 0, 1);
}

/** The t with P(T ≤ t) = p, for `df` degrees of freedom. */
export function tAt(p: number, df: number): number {
  return tQuantile(p, df);
}

/** p-value of a standard normal statistic. Both tails are computed as lower ones, so that small values keep their digits. */
export function normalP(z: number, alternative: Alternative): number {
  return pFromTails(normalBelow(z), normalBelow(-z), alternative);
}

/** p-value of a t statistic. */
export function tP(t: number, df: number, alternative: Alternative): number {
  return pFromTails(tCdf(t, df), tCdf(-t, df), alternative);
}
