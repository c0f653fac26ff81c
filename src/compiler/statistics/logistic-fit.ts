/** An S-shaped curve through points, with the errors of its coefficients. */
import { logisticCurve, type LogisticCurve } from "./logistic-curve.js";
import { undecided, type Undecided } from "./outcome.js";
import type { Sample } from "./samples.js";

export interface LogisticFit {
  readonly kind: "logistic";
  readonly curve: LogisticCurve;
  /** Standard errors of low, height, centre and width. */
  readonly errors: readonly [low: number, height: number, centre: number, width: number];
}

/** low, height, centre and the logarithm of the width, in which a width cannot become negative. */
type Coefficients = readonly [low: number, height: number, centre: number, logWidth: number];

const rounds = 500;
/** Variance of a coefficient, relative to that of an undisturbed one, beyond which the points do not determine it. */
const mostInflation = 1e10;

/**
 * Least squares, started from the best point of a grid ({@link logisticCurve}) and finished by Levenberg and Marquardt's
 * method. The errors are those of the linearised model: residual variance times the inverse of JᵀJ, as in SciPy's
 * `curve_fit`.
 * @param x ascending.
 * @source Marquardt, "An algorithm for least-squares estimation of nonlinear parameters", 1963.
 */
export function logisticFit(x: Sample, y: Sample): LogisticFit | Undecided {
  const n = x.length;
  if (n < 5) return undecided(`a logistic curve has four coefficients and needs five points, and there are ${n}`);
  const first = x[0] ?? 0;
  const span = (x.at(-1) ?? 0) - first;
  if (span === 0) return undecided("all points have the same coordinate");
  const least = y.reduce((a, b) => Math.min(a, b), Infinity);
  const range = y.reduce((a, b) => Math.max(a, b), -Infinity) - least;
  if (range === 0) return undecided("all values are equal");
  // Coordinates and values between 0 and 1, so that nothing depends on their units.
  const u = x.map((value) => (value - first) / span);
  const v = y.map((value) => (value - least) / range);
  const start = logisticCurve(u, v);
  const best = improved(u, v, [start.low, start.height, start.centre, Math.log(start.width)]);
  const inverse = inverseOf(normalMatrix(jacobian(u, best)));
  if (inverse === null) return undecided("the points do not determine its four coefficients: a step fits them as well");
  const [low, height, centre, logWidth] = best;
  if (centre < 0 || centre > 1) {
    return undecided("the middle of the curve would lie outside the points, which then show no s-shape");
  }
  const squaredError = squares(u, v, best);
  const error = (i: number): number => Math.sqrt((squaredError / (n - 4)) * (inverse[i]?.[i] ?? Number.NaN));
  const width = Math.exp(logWidth) * span;
  return {
    kind: "logistic",
    curve: {
      low: least + low * range,
      height: height * range,
      centre: first + centre * span,
      width,
      squaredError: squaredError * range ** 2,
    },
    errors: [error(0) * range, error(1) * range, error(2) * span, error(3) * width],
  };
}

function squares(x: Sample, y: Sample, at: Coefficients): number {
  return x.reduce((sum, value, i) => sum + ((y[i] ?? 0) - valueAt(value, at)) ** 2, 0);
}

function shareAt(x: number, [, , centre, logWidth]: Coefficients): number {
  return 1 / (1 + Math.exp(-(x - centre) / Math.exp(logWidth)));
}

function valueAt(x: number, at: Coefficients): number {
  return at[0] + at[1] * shareAt(x, at);
}

/** Derivatives of the curve at each point by each coefficient. */
function jacobian(x: Sample, at: Coefficients): readonly (readonly number[])[] {
  const [, height, centre, logWidth] = at;
  const width = Math.exp(logWidth);
  return x.map((value) => {
    const share = shareAt(value, at);
    const steepness = height * share * (1 - share);
    return [1, share, -steepness / width, (-steepness * (value - centre)) / width];
  });
}

function normalMatrix(rows: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return [0, 1, 2, 3].map((i) =>
    [0, 1, 2, 3].map((j) => rows.reduce((s, row) => s + (row[i] ?? 0) * (row[j] ?? 0), 0)),
  );
}

function improved(x: Sample, y: Sample, start: Coefficients): Coefficients {
  let at = start;
  let error = squares(x, y, at);
  let damping = 1e-3;
  for (let round = 0; round < rounds && damping < 1e12; round++) {
    const rows = jacobian(x, at);
    const residuals = x.map((value, i) => (y[i] ?? 0) - valueAt(value, at));
    const normal = normalMatrix(rows);
    const damped = normal.map((row, i) => row.map((entry, j) => (i === j ? entry * (1 + damping) : entry)));
    const inverse = inverseOf(damped);
    const gradient = [0, 1, 2, 3].map((j) =>
      rows.reduce((sum, row, i) => sum + (row[j] ?? 0) * (residuals[i] ?? 0), 0),
    );
    const step = inverse?.map((row) => row.reduce((sum, entry, j) => sum + entry * (gradient[j] ?? 0), 0));
    const next = step === undefined ? at : (at.map((value, i) => value + (step[i] ?? 0)) as unknown as Coefficients);
    const nextError = squares(x, y, next);
    if (step !== undefined && nextError <= error) {
      const moved = step.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      at = next;
      error = nextError;
      damping = Math.max(damping / 10, 1e-15);
      if (moved < 1e-13) return at;
    } else damping *= 10;
  }
  return at;
}

/** By Gauss and Jordan, after scaling the diagonal to 1; null where the matrix is as good as singular. */
function inverseOf(matrix: readonly (readonly number[])[]): readonly (readonly number[])[] | null {
  const scale = matrix.map((row, i) => Math.sqrt(row[i] ?? 0));
  if (scale.some((value) => !(value > 1e-12))) return null;
  const n = matrix.length;
  const rows = matrix.map((row, i) => [
    ...row.map((entry, j) => entry / (scale[i] ?? 1) / (scale[j] ?? 1)),
    ...row.map((_, j) => (i === j ? 1 : 0)),
  ]);
  for (let column = 0; column < n; column++) {
    const size = (row: number): number => Math.abs(rows[row]?.[column] ?? 0);
    let pivot = column;
    for (let row = column + 1; row < n; row++) if (size(row) > size(pivot)) pivot = row;
    const chosen = rows[pivot] ?? [];
    const lead = chosen[column] ?? 0;
    if (lead === 0) return null;
    rows[pivot] = rows[column] ?? [];
    const own = chosen.map((entry) => entry / lead);
    rows[column] = own;
    for (let row = 0; row < n; row++) {
      const factor = rows[row]?.[column] ?? 0;
      if (row !== column) rows[row] = (rows[row] ?? []).map((entry, j) => entry - factor * (own[j] ?? 0));
    }
  }
  const inverse = rows.map((row) => row.slice(n));
  if (inverse.some((row, i) => !(Math.abs(row[i] ?? Number.NaN) < mostInflation))) return null;
  return inverse.map((row, i) => row.map((entry, j) => entry / (scale[i] ?? 1) / (scale[j] ?? 1)));
}
