/**
 * How sure a mean is: its standard error over the units of analysis. Values of one text depend on each other, so what is
 * counted are texts, and a text with more tokens weighs as much more as it does in the mean.
 */
import { unitAxesOf } from "../../compiler/decide/units.js";
import type { Coordinates } from "../../compiler/ir/result-expression.js";
import { coordinateKey, groupCells, type ResultArray } from "../../compiler/results/result-array.js";

/** The standard error of one mean, and of how many units it is. NaN for a single unit, which has no spread. */
export interface StandardError {
  readonly error: number;
  readonly n: number;
}

export interface StandardErrors {
  /** `prompt`, `document`, `head` … */
  readonly unit: string;
  /** That of the mean at a place of what is shown; null where nothing is shown. */
  readonly at: (place: Coordinates) => StandardError | null;
}

/**
 * The standard errors of the means of `array` over everything but `keep`; null where nothing that is averaged is a unit of
 * analysis. With N values x of units i, of which unit i has nᵢ with the sum sᵢ, the mean m has the variance
 * k/(k − 1) · Σ (sᵢ − nᵢ m)² / N² over k units: that of a ratio estimator, and the usual s²/k where all nᵢ are equal.
 * @source W. G. Cochran, Sampling Techniques (1977), §6.4: the variance of a ratio estimate
 */
export function standardErrors(array: ResultArray, keep: readonly string[]): StandardErrors | null {
  const units = unitAxesOf(array, keep);
  if (units.kind === "none") return null;
  const axes = array.axes.filter((axis) => keep.includes(axis));
  const found = new Map<string, StandardError>();
  for (const [key, cells] of groupCells(array.cells, axes)) {
    const mean = cells.reduce((sum, { value }) => sum + value, 0) / cells.length;
    const own = [...groupCells(cells, units.axes).values()];
    const squares = own.reduce((sum, unit) => sum + unit.reduce((rest, { value }) => rest + value - mean, 0) ** 2, 0);
    const k = own.length;
    found.set(key, { n: k, error: k < 2 ? NaN : Math.sqrt(((k / (k - 1)) * squares) / cells.length ** 2) });
  }
  if ([...found.values()].every(({ n }) => n < 2)) return null;
  return { unit: units.unit, at: (place) => found.get(coordinateKey(place, axes)) ?? null };
}
