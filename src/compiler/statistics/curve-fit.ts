/** Curves through points: coefficients with their errors, and how well they fit. */
import { tAt } from "./distributions.js";
import { logisticFit } from "./logistic-fit.js";
import { intervalLevel, undecided, type Interval, type Undecided } from "./outcome.js";
import { linearTrend, type Line } from "./regression.js";
import { squaredDeviations, type Sample } from "./samples.js";

export type Curve = "power_law" | "linear" | "exponential" | "logistic";

/** The formula of each curve, and the scale on which least squares fit it. */
export const curves: Readonly<Record<Curve, { readonly formula: string; readonly scale: string }>> = {
  power_law: { formula: "y = a·x^b", scale: "log y over log x" },
  linear: { formula: "y = a + b·x", scale: "y over x" },
  exponential: { formula: "y = a·exp(b·x)", scale: "log y over x" },
  logistic: { formula: "y = low + height / (1 + exp(−(x − centre) / width))", scale: "y over x" },
};

export interface Coefficient {
  readonly name: string;
  readonly value: number;
  /** Standard error; of a factor (`a` of a power law) to first order, from that of its logarithm. */
  readonly error: number;
  /** By Student's t; of a factor the exponential of that of its logarithm. */
  readonly interval: Interval;
}

export interface CurveFit {
  readonly kind: "fit";
  readonly coefficients: readonly Coefficient[];
  /** Of `b` being 0, by Student's t; null for a logistic curve. */
  readonly pValue: number | null;
  /** Points less coefficients. */
  readonly df: number;
  /** Share of the variance that the curve explains, on the scale of the fit ({@link curves}). */
  readonly rSquared: number;
  /** Standard deviation of the residuals, on the scale of the fit. */
  readonly deviation: number;
}

/**
 * The curve by least squares. `power_law` and `exponential` are lines through logarithms, so their errors are relative ones.
 * @param x ascending.
 * @source SciPy, `linregress` (of logarithms) and `curve_fit` for `logistic`.
 * @throws RangeError when there are not as many x as y.
 */
export function fitCurve(curve: Curve, x: Sample, y: Sample): CurveFit | Undecided {
  if (x.length !== y.length) throw new RangeError(`points of ${x.length} and ${y.length} coordinates`);
  if ([...x, ...y].some((value) => !Number.isFinite(value))) return undecided("a value is not finite");
  if (y.length >= 3 && y.every((value) => value === y[0])) return undecided("all values are equal");
  if (curve === "logistic") return fittedLogistic(x, y);
  const positive = { power_law: [...x, ...y], exponential: y, linear: [] }[curve];
  const below = positive.filter((value) => value <= 0).length;
  if (below > 0) {
    const what = curve === "power_law" ? "a power law needs coordinates and values" : "an exponential needs values";
    return undecided(`${what} above 0, and ${below === 1 ? "1 is" : `${below} are`} not`);
  }
  const line = linearTrend(curve === "power_law" ? x.map(Math.log) : x, curve === "linear" ? y : y.map(Math.log));
  return line.kind === "undecided" ? line : fittedLine(line, x.length, curve !== "linear");
}

function fittedLine(line: Line, n: number, isFactor: boolean): CurveFit {
  const { intercept, interceptError, interceptInterval: around } = line;
  const factor = Math.exp(intercept);
  return {
    kind: "fit",
    coefficients: [
      {
        name: "a",
        value: isFactor ? factor : intercept,
        error: isFactor ? factor * interceptError : interceptError,
        interval: isFactor ? { level: around.level, low: Math.exp(around.low), high: Math.exp(around.high) } : around,
      },
      { name: "b", value: line.slope, error: line.slopeError, interval: line.interval },
    ],
    pValue: line.pValue,
    df: n - 2,
    rSquared: line.rSquared,
    deviation: line.deviation,
  };
}

function fittedLogistic(x: Sample, y: Sample): CurveFit | Undecided {
  const fit = logisticFit(x, y);
  if (fit.kind === "undecided") return fit;
  const { curve, errors } = fit;
  const df = x.length - 4;
  const quantile = tAt(1 - (1 - intervalLevel) / 2, df);
  return {
    kind: "fit",
    coefficients: (["low", "height", "centre", "width"] as const).map((name, i) => {
      const [value, error] = [curve[name], errors[i] ?? Number.NaN];
      return {
        name,
        value,
        error,
        interval: { level: intervalLevel, low: value - quantile * error, high: value + quantile * error },
      };
    }),
    pValue: null,
    df,
    rSquared: 1 - curve.squaredError / squaredDeviations(y),
    deviation: Math.sqrt(curve.squaredError / df),
  };
}

/** The curve's value at x. */
export function curveAt(curve: Curve, coefficients: readonly number[], x: number): number {
  const [a = Number.NaN, b = Number.NaN, centre = Number.NaN, width = Number.NaN] = coefficients;
  switch (curve) {
    case "power_law":
      return a * x ** b;
    case "linear":
      return a + b * x;
    case "exponential":
      return a * Math.exp(b * x);
    case "logistic":
      return a + b / (1 + Math.exp(-(x - centre) / width));
  }
}
