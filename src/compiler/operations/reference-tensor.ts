import type { ReferenceTensor } from "./operation.js";

/** Axes of a reference tensor, with the sizes that they have for one row. */
export type ReferenceAxes = ReferenceTensor["axes"];

/** Number of elements of a tensor with these axes (1 for a scalar). */
export function elementCount(axes: ReferenceAxes): number {
  return axes.reduce((product, axis) => product * axis.size, 1);
}

/** A tensor from its values in row-major order. @throws RangeError (a fault of ours) when they do not fill the axes. */
export function referenceTensor(
  axes: ReferenceAxes,
  values: ArrayLike<number>,
  fault: Int32Array | null = null,
): ReferenceTensor {
  if (values.length !== elementCount(axes)) {
    throw new RangeError(`referenceTensor: ${values.length} values for ${elementCount(axes)} places`);
  }
  return { axes, data: Float64Array.from(values), fault };
}

/** A scalar without a fault. */
export function referenceScalar(value: number): ReferenceTensor {
  return { axes: [], data: Float64Array.of(value), fault: null };
}

/** Size of an axis. @throws RangeError (a fault of ours: types were checked) when the tensor lacks it. */
export function sizeOf(axes: ReferenceAxes, name: string): number {
  const axis = axes.find((candidate) => candidate.name === name);
  if (axis === undefined) throw new RangeError(`sizeOf: there is no axis ${name}`);
  return axis.size;
}

/**
 * Walks `axes` in row-major order and gives, for every place, the offset Σ index·stride with one stride per axis. This
 * one walk serves broadcasting (stride 0), reductions (stride 0 in the result) and views.
 */
export function walk(axes: ReferenceAxes, strides: readonly number[], start = 0): Int32Array {
  let offsets = Int32Array.of(start);
  axes.forEach((axis, position) => {
    const stride = strides[position] ?? 0;
    const next = new Int32Array(offsets.length * axis.size);
    offsets.forEach((offset, i) => {
      for (let index = 0; index < axis.size; index++) next[i * axis.size + index] = offset + index * stride;
    });
    offsets = next;
  });
  return offsets;
}

/** The row-major stride in `of` of every axis of `axes`, by name; 0 for an axis that `of` lacks. */
export function stridesIn(axes: ReferenceAxes, of: ReferenceAxes): readonly number[] {
  return axes.map((axis) => {
    const position = of.findIndex((candidate) => candidate.name === axis.name);
    return position < 0 ? 0 : elementCount(of.slice(position + 1));
  });
}

/** For every place of `axes` in row-major order: its offset in a tensor of axes `of`, matched by name. */
export function offsetsIn(axes: ReferenceAxes, of: ReferenceAxes): Int32Array {
  return walk(axes, stridesIn(axes, of));
}

/** The elements (and faults) of a tensor at the given offsets, as a tensor of other axes: every index operation. */
export function gather(input: ReferenceTensor, axes: ReferenceAxes, offsets: Int32Array): ReferenceTensor {
  const data = Float64Array.from(offsets, (offset) => input.data[offset] ?? Number.NaN);
  const { fault } = input;
  return { axes, data, fault: fault === null ? null : Int32Array.from(offsets, (offset) => fault[offset] ?? 0) };
}

/** Axes of an elementwise result: the first tensor's axes in order, then what each further tensor adds. */
export function broadcastAxes(tensors: readonly ReferenceTensor[]): ReferenceAxes {
  const axes: { name: string; size: number }[] = [];
  for (const tensor of tensors) {
    for (const axis of tensor.axes) if (!axes.some((known) => known.name === axis.name)) axes.push(axis);
  }
  return axes;
}

/** `input` repeated along the axes that it lacks, in the order of `axes`. */
export function broadcastTo(input: ReferenceTensor, axes: ReferenceAxes): ReferenceTensor {
  return gather(input, axes, offsetsIn(axes, input.axes));
}
