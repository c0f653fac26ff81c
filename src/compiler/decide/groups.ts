/** The groups of `by`, and the values of each. */
import type { Coordinates } from "../ir/result-expression.js";
import { coordinateKey, filterCells, groupCells, pickCoordinates, type ResultArray } from "../results/result-array.js";

export interface Group {
  readonly coordinates: Coordinates;
  /** One array for each that was given, without the axes of the groups. */
  readonly arrays: readonly ResultArray[];
}

/** One group for each place on `by` that any of the arrays has, in order of appearance; a single one without `by`. */
export function groupsBy(arrays: readonly ResultArray[], by: readonly string[]): readonly Group[] {
  if (by.length === 0) return [{ coordinates: {}, arrays }];
  const places = new Map<string, Coordinates>();
  for (const array of arrays) {
    // An array without the axis (a number, say) belongs to every group.
    if (!by.every((axis) => array.axes.includes(axis))) continue;
    for (const [key, [cell]] of groupCells(array.cells, by)) {
      if (cell !== undefined && !places.has(key)) places.set(key, pickCoordinates(cell.coordinates, by));
    }
  }
  return [...places].map(([key, coordinates]) => ({
    coordinates,
    arrays: arrays.map((array) =>
      by.every((axis) => array.axes.includes(axis))
        ? filterCells(array, (cell) => coordinateKey(cell.coordinates, by) === key)
        : array,
    ),
  }));
}
