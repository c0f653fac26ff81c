/** One value of an array of results. */
import type { Coordinates } from "../ir/result-expression.js";

/** A value. `reason` says why a NaN is one; it is null for every other value. */
export interface CellValue {
  readonly value: number;
  readonly reason: string | null;
}

/** One value at one place. */
export interface ResultCell extends CellValue {
  readonly coordinates: Coordinates;
}
