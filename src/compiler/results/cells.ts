/** Values of a study before they are rows: which text, which condition, which measure, and where on its own axes. */
import type { Coordinate, Coordinates, Measure, MeasuredAxis } from "../ir/protocol.js";
import type { Axis } from "../ir/tensor-type.js";
import { pairName } from "./pairs.js";

/** A stored tensor, row-major, as the engine returned it. */
export interface UnitTensor {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number> | ArrayLike<bigint>;
}

export type UnitTensors = Readonly<Record<string, UnitTensor>>;

export interface Cell {
  /** Index of the prompt, or of the document of a corpus. */
  readonly text: number;
  readonly condition: number;
  readonly measure: number;
  /** Coordinates of the measure's free axes. */
  readonly free: Coordinates;
  readonly value: number;
  readonly reason: string | null;
}

/** An axis of a measure's value: its name in results, and the numbers of its entries. */
export interface FreeAxis {
  readonly name: string;
  readonly isPair: boolean;
  readonly first: number;
  readonly size: number;
}

/** Axes of a measure's value; `range` says where an axis begins and how long it is. */
export function freeAxes(
  measure: Measure,
  range: (axis: Axis, measured: MeasuredAxis) => { readonly first: number; readonly size: number },
): readonly FreeAxis[] {
  return measure.axes.flatMap((measured, i) => {
    const axis = measure.type.axes[i];
    if (axis === undefined) throw new RangeError(`freeAxes: ${measure.metric} has no axis ${measured.name}`);
    return [{ name: measured.name, isPair: axis.name === "pair", ...range(axis, measured) }];
  });
}

/** Number of entries of all the axes together. */
export function entriesOf(axes: readonly FreeAxis[]): number {
  return axes.reduce((product, axis) => product * axis.size, 1);
}

/** Coordinates of an entry by its place in row-major order. */
export function freeCoordinates(axes: readonly FreeAxis[], place: number): Coordinates {
  let rest = place;
  const free: [string, Coordinate][] = [];
  for (const axis of [...axes].reverse()) {
    const entry = axis.first + (rest % axis.size);
    free.push([axis.name, axis.isPair ? pairName(entry, axis.size) : entry]);
    rest = Math.floor(rest / axis.size);
  }
  return Object.fromEntries(free);
}
