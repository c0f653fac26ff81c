/** Windows of a corpus: of every token in a window, only the last few are this window's to score. */
import type { OperationAttributes } from "../ir/expression.js";
import type { TensorType } from "../ir/tensor-type.js";
import type { GraphBuilder } from "../onnx/builder.js";
import { alignValue } from "./broadcast.js";
import { expandFault, mergeFaults, mergeReferenceFaults } from "./faults.js";
import { integers } from "../onnx/lists.js";
import { cast, dimensions, minusInfinity, reshape, zero } from "./lowering.js";
import type { Lowered, LoweringContext, Operation, TypeFault } from "./operation.js";
import { broadcastTo, offsetsIn } from "./reference-tensor.js";
import { findAxis, layoutPosition, typeFault } from "./typing.js";

/** What stands in for an entry that is not scored: 0 for sums, and what no maximum (1) or minimum (-1) would choose. */
function standIn(attributes: OperationAttributes): number {
  const sought = Number(attributes["sought"] ?? 0);
  return sought === 0 ? 0 : sought > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** {@link standIn} in a graph. */
function emitStandIn(builder: GraphBuilder, attributes: OperationAttributes): string {
  const value = standIn(attributes);
  if (value === 0) return zero(builder);
  const lowest = minusInfinity(builder, [1]);
  return value < 0 ? lowest : builder.node("Neg", [lowest]);
}

/** bool [row, …1, pos, …1]: true for the last `count` entries of pos. */
function emitMask(builder: GraphBuilder, input: Lowered, count: Lowered): string {
  const position = layoutPosition(input.type, "pos");
  const length = dimensions(builder, input.value, position, position + 1);
  const places = builder.node("Range", [
    builder.constant("int64", [], [0]),
    builder.node("Squeeze", [length, integers(builder, 0)]),
    builder.constant("int64", [], [1]),
  ]);
  const after = input.type.axes.length - position;
  const shape = integers(builder, -1, ...Array.from({ length: after }, () => 1));
  const along = reshape(builder, cast(builder, places, "float32"), shape);
  const aligned = alignValue(builder, count.value, count.type.axes, input.type.axes);
  const first = builder.node("Sub", [cast(builder, length, "float32"), aligned]);
  return builder.node("GreaterOrEqual", [along, first]);
}

export const scored: Operation = {
  name: "scored",
  documentation:
    "x with its last `count` positions as they are, and a number in place of every other one, whatever it was: 0, or with `sought` above or below 0 one that no maximum or minimum chooses.",
  arity: 2,
  attributes: { sought: "integer" },
  // Of the compiler's own making, so that sentences show the value alone.
  written: { form: null, call: null, operator: null, text: ({ plain }) => plain(0) },
  failure: null,
  range: { kind: "bounded", tail: "places" },
  decides: false,
  gradient: null,
  type: ([input, count]): TensorType | TypeFault => {
    if (input === undefined || count === undefined) throw new RangeError("scored: two inputs are needed");
    if (findAxis(input, "pos") === null) {
      return typeFault("scored needs the axis pos", "a tensor with the axis pos", "none");
    }
    if (count.axes.length > 0 || count.element !== "real" || count.unit !== "none") {
      return typeFault("scored needs a count of positions", "a number without axes", "another tensor");
    }
    return input;
  },
  lower: (context: LoweringContext, [input, count], attributes, type) => {
    if (input === undefined || count === undefined) throw new RangeError("scored: two inputs are needed");
    const { builder } = context;
    const mask = emitMask(builder, input, count);
    const other = emitStandIn(builder, attributes);
    const value =
      type.element === "truth"
        ? builder.node("And", [mask, input.value])
        : builder.node("Where", [mask, input.value, other]);
    const own =
      input.fault === null
        ? null
        : builder.node("Where", [
            mask,
            expandFault(context.builder, input.fault, input.value),
            builder.constant("int32", [1], [0]),
          ]);
    const counted = count.fault === null ? null : alignValue(builder, count.fault, count.type.axes, type.axes);
    return { value, fault: mergeFaults(context, [own, counted]), type };
  },
  reference: ([input, count], attributes) => {
    if (input === undefined || count === undefined) throw new RangeError("scored: two inputs are needed");
    const { axes } = input;
    const size = axes.find((axis) => axis.name === "pos")?.size ?? 0;
    const first = size - (count.data[0] ?? 0);
    const positions = offsetsIn(axes, [{ name: "pos", size }]);
    const isScored = (place: number): boolean => (positions[place] ?? 0) >= first;
    const other = standIn(attributes);
    const data = input.data.map((value, place) => (isScored(place) ? value : other));
    const { fault } = input;
    const own = fault === null ? null : fault.map((number, place) => (isScored(place) ? number : 0));
    return { axes, data, fault: mergeReferenceFaults([{ axes, data, fault: own }, broadcastTo(count, axes)]) };
  },
};
