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
  const error = Math.sqrt(left / (n - 2) / xx);
  const reach = tAt(1 - (1 - intervalLevel) / 2, n - 2) * error;
  return {
    kind: "line",
    slope,
    intercept: yMean - slope * xMean,
    // Points that lie on a level line have no slope and no error: nothing speaks against a slope of 0.
    pValue: error === 0 && slope === 0 ? 1 : tP(slope / error, n - 2, alternative),
    interval: { level: intervalLevel, low: slope - reach, high: slope + reach },
    rSquared: yy === 0 ? Number.NaN : 1 - left / yy,
  };
}

export interface PowerLaw {
  readonly kind: "power-law";
  /** y = factor · x^exponent. */
  readonly exponent: number;
  readonly factor: number;
  readonly pValue: number;
  /** Of the exponent. */
  readonly interval: Interval;
  /** Of the logarithms. */
  readonly rSquared: number;
}

/** y = factor · x^exponent: a line through the logarithms of both. x and y must be above 0. */
export function powerLaw(x: Sample, y: Sample): PowerLaw | Undecided {
  if ([...x, ...y].some((value) => !(value > 0))) return undecided("a power law needs values above 0");
  const line = linearTrend(x.map(Math.log), y.map(Math.log));
  if (line.kind === "undecided") return line;
  const { slope, intercept, pValue, interval, rSquared } = line;
  return { kind: "power-law", exponent: slope, factor: Math.exp(intercept), pValue, interval, rSquared };
}
