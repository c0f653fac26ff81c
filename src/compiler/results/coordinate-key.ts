/** Coordinates on some axes: as a text to compare by, and as a part. */
import { entryOf } from "../base/entry.js";
import type { Coordinate, Coordinates } from "../ir/result-expression.js";

/** A text that is equal for cells that agree on `axes`; a missing coordinate agrees only with a missing one. */
export function coordinateKey(coordinates: Coordinates, axes: readonly string[]): string {
  let key = "";
  for (const axis of axes) {
    const coordinate = entryOf(coordinates, axis);
    // The length in front keeps ("ab", "c") apart from ("a", "bc") whatever characters the coordinates hold.
    if (coordinate === undefined) key += "-;";
    else {
      const text = String(coordinate);
      key += `${text.length}:${text};`;
    }
  }
  return key;
}

/** The part of `coordinates` that lies on `axes`. */
export function pickCoordinates(coordinates: Coordinates, axes: readonly string[]): Coordinates {
  const picked: [string, Coordinate][] = [];
  for (const axis of axes) {
    const coordinate = entryOf(coordinates, axis);
    if (coordinate !== undefined) picked.push([axis, coordinate]);
  }
  return Object.fromEntries(picked);
}
