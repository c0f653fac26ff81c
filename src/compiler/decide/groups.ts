/** The groups of `by`, and the values of each. */
import type { Coordinates } from "../ir/result-expression.js";
import { coordinateKey, filterCells, groupCells, pickCoordinates, type ResultArray } from "../results/result-array.js";

export interface Group {
  readonly coordinates: Coordinates;
  /** One array for each that was given: the part of it that agrees with the group on those axes of `by` that it has. */
  readonly arrays: readonly ResultArray[];
}

/**
 * One group for each place on `by`, in order of appearance; a single one without `by`. The places are those of the arrays
 * in `among` that have all of its axes.
 */
export function groupsBy(
  arrays: readonly ResultArray[],
  by: readonly string[],
  among: readonly ResultArray[] = arrays,
): readonly Group[] {
  if (by.length === 0) return [{ coordinates: {}, arrays }];
  const places = new Map<string, Coordinates>();
  for (const array of among) {
    if (!by.every((axis) => array.axes.includes(axis))) continue;
    for (const [key, [cell]] of groupCells(array.cells, by)) {
      if (cell !== undefined && !places.has(key)) places.set(key, pickCoordinates(cell.coordinates, by));
    }
  }
  return [...places.values()].map((coordinates) => ({
    coordinates,
    arrays: arrays.map((array) => agreeing(array, coordinates, by)),
  }));
}

/** The cells that have the group's coordinates on the axes of `by` that the array has; a number belongs to every group. */
export function agreeing(array: ResultArray, coordinates: Coordinates, by: readonly string[]): ResultArray {
  const axes = by.filter((axis) => array.axes.includes(axis));
  if (axes.length === 0) return array;
  const key = coordinateKey(coordinates, axes);
  return filterCells(array, (cell) => coordinateKey(cell.coordinates, axes) === key);
}
