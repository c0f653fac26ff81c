/**
 * How sure a mean is: its standard error over the units of analysis. Values of one text depend on each other, so what is
 * counted are texts, and a text with more tokens weighs as much more as it does in the mean.
 */
import { unitAxesOf } from "../../compiler/decide/units.js";
import type { Coordinates } from "../../compiler/ir/result-expression.js";
import { groupsOfCells, membersOfGroups, valuesOfCells } from "../../compiler/results/cell-groups.js";
import { coordinateKey, type ResultArray } from "../../compiler/results/result-array.js";

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
  const values = valuesOfCells(array.cells);
  const groups = groupsOfCells(array.cells, axes);
  const { groupOf: unitOf } = groupsOfCells(array.cells, units.axes);
  const { starts, members } = membersOfGroups(groups);
  const found = new Map<string, StandardError>();
  groups.first.forEach((first, group) => {
    const own = members.subarray(starts[group], starts[group + 1]);
    let sum = 0;
    for (const i of own) sum += values[i] ?? NaN;
    const mean = sum / own.length;
    // What is left of each unit when the mean is taken from its values.
    const rests = new Map<number, number>();
    for (const i of own) {
      const unit = unitOf[i] ?? -1;
      rests.set(unit, (rests.get(unit) ?? 0) + (values[i] ?? NaN) - mean);
    }
    let squares = 0;
    for (const rest of rests.values()) squares += rest ** 2;
    const k = rests.size;
    const key = coordinateKey(array.cells.at(first)?.coordinates ?? {}, axes);
    found.set(key, { n: k, error: k < 2 ? NaN : Math.sqrt(((k / (k - 1)) * squares) / own.length ** 2) });
  });
  if ([...found.values()].every(({ n }) => n < 2)) return null;
  return { unit: units.unit, at: (place) => found.get(coordinateKey(place, axes)) ?? null };
}
