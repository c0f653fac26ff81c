/** Tensors of units, and the axes of a measure's own value. */
import type { Measure, MeasuredAxis } from "../ir/protocol.js";
import type { EntryAxis } from "../ir/study-rows.js";
import type { Axis } from "../ir/tensor-type.js";

/** A stored tensor, row-major, as the engine returned it. */
export interface UnitTensor {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number> | ArrayLike<bigint>;
}

export type UnitTensors = Readonly<Record<string, UnitTensor>>;

/** Axes of a measure's value; `range` says where an axis begins and how long it is. */
export function entryAxes(
  measure: Measure,
  range: (axis: Axis, measured: MeasuredAxis) => { readonly first: number; readonly size: number },
): readonly EntryAxis[] {
  return measure.axes.map((measured, i) => {
    const axis = measure.type.axes[i];
    if (axis === undefined) throw new RangeError(`entryAxes: ${measure.metric} has no axis ${measured.name}`);
    return { name: measured.name, isPair: axis.name === "pair", ...range(axis, measured) };
  });
}

/** Number of entries of all the axes together. */
export function entriesOf(axes: readonly EntryAxis[]): number {
  return axes.reduce((product, axis) => product * axis.size, 1);
}
