/** Broadcasting by axis *name*: the result has the left tensor's axes in order, then what the right one adds. */
import { ints } from "../onnx/attributes.js";
import type { GraphBuilder } from "../onnx/builder.js";
import { sameExtent, typeText, type Axis, type TensorType } from "../ir/tensor-type.js";
import type { Lowered, LoweringContext, TypeFault } from "./operation.js";
import { typeFault } from "./typing.js";

/** Axes of an elementwise result, or the fault of an axis that has two lengths. */
export function broadcastTypes(operation: string, inputs: readonly TensorType[]): readonly Axis[] | TypeFault {
  const axes: Axis[] = [];
  for (const input of inputs) {
    for (const axis of input.axes) {
      const known = axes.find((candidate) => candidate.name === axis.name);
      if (known === undefined) axes.push(axis);
      else if (!sameExtent(known.extent, axis.extent)) {
        const types = inputs.map(typeText).join(" and ");
        return typeFault(
          `${operation}: the axis ${axis.name} has different lengths`,
          `one length of ${axis.name}`,
          types,
          "select the same entries on both sides, with `last` or `at`",
        );
      }
    }
  }
  return axes;
}

/** Permutes the axes of a value after the row axis; nothing is emitted when they are in order already. */
export function permute(builder: GraphBuilder, value: string, from: readonly Axis[], to: readonly Axis[]): string {
  const order = to.map((axis) => from.findIndex((candidate) => candidate.name === axis.name) + 1);
  if (order.every((position, i) => position === i + 1)) return value;
  return builder.node("Transpose", [value], { perm: ints([0, ...order]) });
}

/**
 * A value of layout [row, …from] as one of the rank of [row, …to] whose axes are in that order; axes that it lacks get
 * size 1. `to` contains every axis of `from` by name.
 */
export function alignValue(builder: GraphBuilder, value: string, from: readonly Axis[], to: readonly Axis[]): string {
  const present = to.filter((axis) => from.some((candidate) => candidate.name === axis.name));
  const ordered = permute(builder, value, from, present);
  const missing = to.flatMap((axis, i) => (present.includes(axis) ? [] : [i + 1]));
  if (missing.length === 0) return ordered;
  return builder.node("Unsqueeze", [ordered, builder.constant("int64", [missing.length], missing)]);
}

/** {@link alignValue} for a value and its fault. */
export function alignLowered(
  context: LoweringContext,
  input: Lowered,
  to: readonly Axis[],
): { readonly value: string; readonly fault: string | null } {
  const align = (name: string): string => alignValue(context.builder, name, input.type.axes, to);
  return { value: align(input.value), fault: input.fault === null ? null : align(input.fault) };
}
