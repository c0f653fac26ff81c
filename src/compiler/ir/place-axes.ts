/** Axes that name a place together, and the one coordinate that stands for them. */
import { isUnit, unitLetters } from "../base/place-units.js";
import type { Coordinate, Coordinates } from "./result-expression.js";

/** The kind of an axis: a receiver's `to_layer` and a measure's `measured_layer` count layers as `layer` does. */
function kindOf(axis: string): string {
  return axis.replace(/^(?:to_|measured_)/, "");
}

/** Whether two axes are those of a place: a layer and one of its units. */
export function isPlaceAxes(axes: readonly string[]): boolean {
  const [layer, unit, ...more] = axes.map(kindOf);
  return layer === "layer" && unit !== undefined && isUnit(unit) && more.length === 0;
}

/** A place by one coordinate: `L3.H1`, `L0.N7`, or what its only axis has, such as the number of a layer. */
export function placeLabel(coordinates: Coordinates): Coordinate {
  const [first, second] = Object.entries(coordinates);
  const layer = first?.[1] ?? 0;
  if (second === undefined) return layer;
  const [axis, index] = second;
  const unit = kindOf(axis);
  return `L${layer}.${isUnit(unit) ? unitLetters[unit] : ""}${index}`;
}
