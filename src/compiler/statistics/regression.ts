/** Lines through points. */
import { tAt, tP } from "./distributions.js";
import { intervalLevel, undecided, type Alternative, type Interval, type Undecided } from "./outcome.js";
import { mean, type Sample } from "./samples.js";

export interface Line {
  readonly kind: "line";
  readonly slope: number;
  readonly intercept: number;
  /** p of the slope being 0, by Student's t with n − 2 degrees of freedom. */
  readonly pValue: number;
  /** Of the slope. */
  readonly interval: Interval;
  /** Standard errors of slope and intercept. */
  readonly slopeError: number;
  readonly interceptError: number;
  /** Of the intercept. */
  readonly interceptInterval: Interval;
  /** Standard deviation of the residuals, with n − 2 degrees of freedom. */
  readonly deviation: number;
  /** The share of the variance of y that the line explains. */
  readonly rSquared: number;
}

/**
 * Ordinary least squares of y on x.
 * @source SciPy, `linregress`.
 * @throws RangeError when they have different lengths.
 */
export function linearTrend(x: Sample, y: Sample, alternative: Alternative = "two-sided"): Line | Undecided {
  const n = x.length;
  if (y.length !== n) throw new RangeError(`points of ${n} and ${y.length} coordinates`);
  if (n < 3) return undecided(`a trend needs at least three points, and there ${n === 1 ? "is 1" : `are ${n}`}`);
  if ([...x, ...y].some((value) => !Number.isFinite(value))) return undecided("a value is not finite");
  const [xMean, yMean] = [mean(x), mean(y)];
  const sum = (of: (dx: number, dy: number) => number): number =>
    x.reduce((total, value, i) => total + of(value - xMean, (y[i] ?? Number.NaN) - yMean), 0);
  const [xx, xy, yy] = [sum((dx) => dx * dx), sum((dx, dy) => dx * dy), sum((_, dy) => dy * dy)];
  if (xx === 0) return undecided("all points have the same coordinate");
  const slope = xy / xx;
  const left = sum((dx, dy) => (dy - slope * dx) ** 2);
  const deviation = Math.sqrt(left / (n - 2));
  const error = deviation / Math.sqrt(xx);
  const interceptError = error * Math.sqrt(xx / n + xMean ** 2);
  const quantile = tAt(1 - (1 - intervalLevel) / 2, n - 2);
  const around = (centre: number, spread: number): Interval => ({
    level: intervalLevel,
    low: centre - quantile * spread,
    high: centre + quantile * spread,
  });
  const intercept = yMean - slope * xMean;
  return {
    kind: "line",
    slope,
    intercept,
    // Points that lie on a level line have no slope and no error: nothing speaks against a slope of 0.
    pValue: error === 0 && slope === 0 ? 1 : tP(slope / error, n - 2, alternative),
    interval: around(slope, error),
    slopeError: error,
    interceptError,
    interceptInterval: around(intercept, interceptError),
    deviation,
    rSquared: yy === 0 ? Number.NaN : 1 - left / yy,
  };
}
