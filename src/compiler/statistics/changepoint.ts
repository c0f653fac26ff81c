/** Where a series jumps, and whether it jumps at all rather than rising smoothly. */
import { seededIntegers } from "../base/random.js";
import { logisticCurve } from "./logistic-curve.js";
import { undecided, type Undecided } from "./outcome.js";
import type { Draws } from "./permutation.js";
import { linearTrend } from "./regression.js";
import { squaredDeviations, mean, type Sample } from "./samples.js";

/** How a series runs: level all along, one jump between two levels, a line, or an S-shaped rise. */
export type Shape = "level" | "step" | "line" | "s-shape";

export interface Changepoint {
  readonly kind: "changepoint";
  /** Place of the first value after the jump, from 1. */
  readonly place: number;
  readonly before: number;
  readonly after: number;
  /** Chance of a jump that explains as much in a series whose order means nothing. */
  readonly pValue: number;
  readonly method: "permutations";
  /** Every shape with its AICc: the lowest describes the series best. */
  readonly shapes: readonly { readonly shape: Shape; readonly criterion: number }[];
  readonly best: Shape;
  /** Centre and width of the S-shape, in the units of the coordinates. */
  readonly rise: { readonly centre: number; readonly width: number };
}

/** Values on either side of a jump: one alone would be an outlier. */
const leastOnEachSide = 2;
const leastPoints = 7;

/**
 * The jump that leaves the smallest squared error around the means before and after it; p by permutation of the series. A
 * slow rise is not random either, so the jump is also compared with a line and with an S-shape, by the small-sample
 * Akaike criterion.
 * @param x coordinates, ascending (training steps, layers).
 * @source Hurvich and Tsai, "Regression and time series model selection in small samples", 1989, for AICc.
 */
export function changepoint(x: Sample, y: Sample, { count, seed }: Draws): Changepoint | Undecided {
  const n = y.length;
  if (n < leastPoints) return undecided(`a changepoint needs at least ${leastPoints} values, and there are ${n}`);
  if ([...x, ...y].some((value) => !Number.isFinite(value))) return undecided("a value is not finite");
  if (y.every((value) => value === y[0])) return undecided("all values are equal");
  const jump = bestJump(y);
  const next = seededIntegers(seed);
  const order = [...y];
  let asGood = 0;
  for (let i = 0; i < count; i++) {
    for (let j = n - 1; j > 0; j--) {
      const k = next(j + 1);
      [order[j], order[k]] = [order[k] ?? 0, order[j] ?? 0];
    }
    if (bestJump(order).squaredError <= jump.squaredError * (1 + 1e-12)) asGood++;
  }
  const line = linearTrend(x, y);
  const curve = logisticCurve(x, y);
  const lineError = line.kind === "undecided" ? Infinity : (1 - line.rSquared) * squaredDeviations(y);
  const shapes = (
    [
      ["level", squaredDeviations(y), 1],
      ["line", lineError, 2],
      ["step", jump.squaredError, 3],
      ["s-shape", curve.squaredError, 4],
    ] as const
  ).map(([shape, squaredError, parameters]) => ({ shape, criterion: correctedAkaike(squaredError, parameters, n) }));
  const best = shapes.reduce((a, b) => (b.criterion < a.criterion ? b : a)).shape;
  return {
    kind: "changepoint",
    place: jump.place,
    before: mean(y.slice(0, jump.place)),
    after: mean(y.slice(jump.place)),
    pValue: (asGood + 1) / (count + 1),
    method: "permutations",
    shapes,
    best,
    rise: { centre: curve.centre, width: curve.width },
  };
}

/** The error has a variance, too, which is one parameter more. An exact fit has no finite criterion: it is the best. */
function correctedAkaike(squaredError: number, parameters: number, n: number): number {
  const k = parameters + 1;
  return n * Math.log(squaredError / n) + 2 * k + (2 * k * (k + 1)) / (n - k - 1);
}

/** In one pass: squared errors on both sides from sums of deviations from the overall mean, which keeps digits. */
function bestJump(y: Sample): { readonly place: number; readonly squaredError: number } {
  const centre = mean(y);
  const total = y.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  let before = 0;
  let best = { place: leastOnEachSide, squaredError: Infinity };
  for (let place = 1; place <= y.length - leastOnEachSide; place++) {
    before += (y[place - 1] ?? 0) - centre;
    if (place < leastOnEachSide) continue;
    // The sum after is minus the sum before.
    const squaredError = Math.max(0, total - before ** 2 / place - before ** 2 / (y.length - place));
    if (squaredError < best.squaredError) best = { place, squaredError };
  }
  return best;
}
