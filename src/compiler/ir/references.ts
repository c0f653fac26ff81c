import type { Coordinates } from "./result-expression.js";

/** How results call what `reference` statements publish. */
export const referencesName = "references";

/** One published value, as data: it is measured on nothing and has no baseline. */
export interface PublishedValue {
  readonly metric: string;
  readonly value: number;
  /** Coordinates, the axis `model` among them, and columns. */
  readonly axes: Coordinates;
}
