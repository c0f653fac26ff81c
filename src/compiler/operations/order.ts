/** Operations that choose entries by their size: the place of the largest one, and the largest ones in order. */
import { int } from "../onnx/attributes.js";
import type { OperationAttributes } from "../ir/expression.js";
import { extentSize, typeText, type Axis, type TensorType } from "../ir/tensor-type.js";
import type { GraphBuilder } from "../onnx/builder.js";
import { addOwnFault, addOwnReferenceFault, addUndecided, reduceFault, reduceReferenceFault } from "./faults.js";
import { integers } from "../onnx/lists.js";
import { anyNaN, cast, dimensions, joinLists, minusInfinity, spoilWhere, withRank } from "./lowering.js";
import type { Lowered, LoweringContext, Operation, ReferenceTensor, TypeFault } from "./operation.js";
import { elementCount, offsetsIn, sizeOf } from "./reference-tensor.js";
import { attributeFault, findAxis, layoutPosition, limitExtent, missingAxisFault, numberFault, smallestSize, typeFault } from "./typing.js"; // prettier-ignore

/** The only axis that `over` names; a tensor with one axis need not name it. */
function onlyAxis(operation: string, input: TensorType, attributes: OperationAttributes): Axis | TypeFault {
  const over = attributes["over"] ?? [];
  if (!Array.isArray(over)) return attributeFault(operation, "over", "a list of axes", over);
  const [name, ...more] = over.length === 0 ? input.axes.map((axis) => axis.name) : (over as readonly string[]);
  if (name === undefined || more.length > 0) {
    const hint = `name it: ${operation}(… over AXIS)`;
    return typeFault(`${operation} works along one axis`, "one axis after over", typeText(input), hint);
  }
  return findAxis(input, name) ?? missingAxisFault(operation, name, input);
}

function checkedAxis(operation: string, input: TensorType, attributes: OperationAttributes): Axis {
  const axis = onlyAxis(operation, input, attributes);
  if ("fault" in axis) throw new RangeError(axis.fault);
  return axis;
}

/** {@link onlyAxis} of a reference tensor whose types were checked. */
function axisOf(input: ReferenceTensor, attributes: OperationAttributes): string {
  const over = attributes["over"];
  const named: unknown = Array.isArray(over) ? over[0] : undefined;
  return typeof named === "string" ? named : (input.axes[0]?.name ?? "");
}

/** The value with one entry of −∞ behind the others along a dimension, so that there is one. */
function withOneMore(builder: GraphBuilder, value: string, dimension: number, rank: number): string {
  const none = Array.from({ length: rank + dimension }, () => 0);
  const after = Array.from({ length: rank - dimension }, (_, i) => (i === 0 ? 1 : 0));
  return builder.node("Pad", [value, integers(builder, ...none, ...after), minusInfinity(builder, [])]);
}

const argmax: Operation = {
  name: "argmax",
  documentation:
    "The index, from 0, of the largest entry along an axis, the first of equal ones; along vocab it is a token. NaN with a reason when there is no entry.",
  source: "numpy.argmax",
  arity: 1,
  attributes: { over: "axes" },
  written: { form: "argmax(x over axis)", call: { kind: "over" }, operator: null },
  failure: {
    reason: "there is no entry to take the largest of",
    written: () => "there is nothing to take argmax of",
  },
  range: { kind: "bounded" },
  chosen: "largest",
  decides: true,
  gradient: "it is piecewise constant",
  type: ([input], attributes): TensorType | TypeFault => {
    if (input === undefined) throw new RangeError("argmax: one input is needed");
    const fault = numberFault("argmax", [input]);
    if (fault !== null) return fault;
    const axis = onlyAxis("argmax", input, attributes);
    if ("fault" in axis) return axis;
    const unit = axis.name === "vocab" ? "token" : "none";
    return { axes: input.axes.filter((other) => other !== axis), unit, element: "real" };
  },
  lower: (context, [input], attributes, type) => {
    if (input === undefined) throw new RangeError("argmax: one input is needed");
    const { builder } = context;
    const axis = checkedAxis("argmax", input.type, attributes);
    const dimension = layoutPosition(input.type, axis.name);
    const canBeEmpty = smallestSize(axis.extent) === 0;
    const whole = canBeEmpty ? withOneMore(builder, input.value, dimension, input.type.axes.length + 1) : input.value;
    const places = builder.node("ArgMax", [whole], { axis: int(dimension), keepdims: int(0) });
    const value = cast(builder, places, "float32");
    const ofInput = input.fault === null ? null : reduceFault(context, input.fault, input.value, [dimension]);
    // onnxruntime's order of NaN and numbers is not defined: none of the entries is the largest.
    const fault = addUndecided(context, ofInput, anyNaN(builder, input.value, [dimension]));
    if (!canBeEmpty) return { value, fault, type };
    const count = dimensions(builder, input.value, dimension, dimension + 1);
    const fails = withRank(builder, builder.node("Equal", [count, integers(builder, 0)]), type.axes.length + 1);
    return { value, fault: addOwnFault(context, fault, fails), type };
  },
  reference: ([input], attributes, reason, undecided) => {
    if (input === undefined) throw new RangeError("argmax: one input is needed");
    const { axes, groups, fault: ofInput } = groupedAlong(input, axisOf(input, attributes));
    const fault = addOwnReferenceFault(axes, ofInput, undecided, (place) => groups[place]?.some(Number.isNaN) === true);
    const data = Float64Array.from(groups, (entries) => Math.max(0, entries.indexOf(largestOf(entries))));
    return { axes, data, fault: addOwnReferenceFault(axes, fault, reason, (place) => groups[place]?.length === 0) };
  },
};

function largestOf(entries: readonly number[]): number {
  return entries.reduce((largest, entry) => Math.max(largest, entry), Number.NEGATIVE_INFINITY);
}

/** Entries along an axis for every place of the other axes, and the largest fault among them. */
function groupedAlong(
  input: ReferenceTensor,
  axis: string,
): {
  readonly axes: ReferenceTensor["axes"];
  readonly groups: readonly (readonly number[])[];
  readonly fault: Int32Array | null;
} {
  const axes = input.axes.filter((other) => other.name !== axis);
  const targets = offsetsIn(input.axes, axes);
  const groups: number[][] = Array.from({ length: elementCount(axes) }, () => []);
  targets.forEach((target, place) => groups[target]?.push(input.data[place] ?? Number.NaN));
  return { axes, groups, fault: reduceReferenceFault(input.fault, targets, groups.length) };
}

/** Axis and count of `top` and `argtop`, checked: the type of the result but for its unit. */
function rankedType(operation: string, input: TensorType | undefined, attributes: OperationAttributes) {
  if (input === undefined) throw new RangeError(`${operation}: one input is needed`);
  const fault = numberFault(operation, [input]);
  if (fault !== null) return fault;
  const count = attributes["count"];
  if (typeof count !== "number" || !Number.isInteger(count) || count < 1) {
    return attributeFault(operation, "count", "a count of at least 1", count);
  }
  const axis = onlyAxis(operation, input, attributes);
  if ("fault" in axis) return axis;
  if (axis.name !== "rank" && findAxis(input, "rank") !== null) {
    return typeFault(`${operation} makes an axis rank, which the tensor has already`, "no axis rank", typeText(input));
  }
  const rank: Axis = { name: "rank", extent: limitExtent(axis.extent, count) };
  return { axes: input.axes.map((other) => (other === axis ? rank : other)), of: axis.name };
}

/** onnxruntime's TopK, by which the lower place comes first of equal entries: values and places (int64) in order of size. */
function emitTop(operation: string, context: LoweringContext, input: Lowered, attributes: OperationAttributes) {
  const { builder } = context;
  const axis = checkedAxis(operation, input.type, attributes);
  const dimension = layoutPosition(input.type, axis.name);
  const wanted = integers(builder, Number(attributes["count"]));
  const count =
    axis.extent.kind === "fixed"
      ? integers(builder, Math.min(Number(attributes["count"]), extentSize(axis.extent, 0)))
      : builder.node("Min", [wanted, dimensions(builder, input.value, dimension, dimension + 1)]);
  const options = { axis: int(dimension), largest: int(1), sorted: int(1) };
  const [values = "", places = ""] = builder.nodeWithOutputs(
    "TopK",
    [input.value, count],
    ["TopK", "TopKPlaces"],
    options,
  );
  // Which entries are the largest is not known where one of them is NaN, and onnxruntime may put it anywhere.
  return { values, places, spoiled: anyNaN(builder, input.value, [dimension], true), dimension };
}

/** The input's fault for each of the entries that `value` has along a dimension: which are chosen depends on all of them. */
function faultOfTop(context: LoweringContext, input: Lowered, value: string, dimension: number): string | null {
  if (input.fault === null) return null;
  const { builder } = context;
  const any = reduceFault(context, input.fault, input.value, [dimension], true);
  const shape = joinLists(
    builder,
    dimensions(builder, any, 0, dimension),
    dimensions(builder, value, dimension, dimension + 1),
    dimensions(builder, any, dimension + 1),
  );
  return builder.node("Expand", [any, shape]);
}

/** The places of the largest entries along the axis, the lower place first of equal ones; `takes` says what of each. */
function referenceTop(
  operation: string,
  input: ReferenceTensor | undefined,
  attributes: OperationAttributes,
  takes: (entries: readonly number[], place: number) => number,
): ReferenceTensor & { readonly spoiled: (place: number) => boolean } {
  if (input === undefined) throw new RangeError(`${operation}: one input is needed`);
  const name = axisOf(input, attributes);
  const count = Math.min(Number(attributes["count"]), sizeOf(input.axes, name));
  const { axes: kept, groups, fault } = groupedAlong(input, name);
  const isSpoiled = groups.map((entries) => entries.some(Number.isNaN));
  const sorted = groups.map((entries, group) => {
    if (isSpoiled[group] === true) return [];
    const places = entries.map((_, place) => place);
    const size = (place: number): number => entries[place] ?? Number.NaN;
    // Not by their difference, which is NaN for two infinities. The sort is stable.
    places.sort((a, b) => (size(a) < size(b) ? 1 : size(a) > size(b) ? -1 : 0));
    return places.slice(0, count).map((place) => takes(entries, place));
  });
  const axes = input.axes.map((axis) => (axis.name === name ? { name: "rank", size: count } : axis));
  const targets = offsetsIn(axes, kept);
  const seen = new Map<number, number>();
  // Along the new axis, places of one target come in the order of their ranks.
  const data = Float64Array.from(targets, (target) => {
    const rank = seen.get(target) ?? 0;
    seen.set(target, rank + 1);
    return sorted[target]?.[rank] ?? Number.NaN;
  });
  return {
    axes,
    data,
    fault: fault === null ? null : Int32Array.from(targets, (target) => fault[target] ?? 0),
    spoiled: (place) => isSpoiled[targets[place] ?? 0] === true,
  };
}

const top: Operation = {
  name: "top",
  documentation:
    "The k largest entries along an axis, the largest first, as the axis rank, which takes its place; as many as there are. NaN where one of the entries is.",
  source: "torch.topk",
  arity: 1,
  attributes: { over: "axes", count: "count" },
  written: { form: "top(x, k over axis)", call: { kind: "count" }, operator: null },
  failure: null,
  range: { kind: "bounded" },
  decides: false,
  gradient: null,
  type: ([input], attributes): TensorType | TypeFault => {
    const ranked = rankedType("top", input, attributes);
    if ("fault" in ranked) return ranked;
    return { axes: ranked.axes, unit: input?.unit ?? "none", element: "real" };
  },
  lower: (context, [input], attributes, type) => {
    if (input === undefined) throw new RangeError("top: one input is needed");
    const { values, spoiled, dimension } = emitTop("top", context, input, attributes);
    const value = spoilWhere(context.builder, spoiled, values);
    return { value, fault: faultOfTop(context, input, value, dimension), type };
  },
  reference: ([input], attributes) => {
    const { axes, data, fault } = referenceTop("top", input, attributes, (entries, place) => entries[place] ?? NaN);
    return { axes, data, fault };
  },
};

const argtop: Operation = {
  name: "argtop",
  documentation:
    "The indices, from 0, of the k largest entries along an axis, in the order of top, as the axis rank; of equal entries the one with the lower index comes first. Along vocab they are tokens. None where one of the entries is NaN.",
  source: "torch.topk",
  arity: 1,
  attributes: { over: "axes", count: "count" },
  written: { form: "argtop(x, k over axis)", call: { kind: "count" }, operator: null },
  failure: null,
  range: { kind: "bounded" },
  decides: true,
  gradient: "it is piecewise constant",
  type: ([input], attributes): TensorType | TypeFault => {
    const ranked = rankedType("argtop", input, attributes);
    if ("fault" in ranked) return ranked;
    return { axes: ranked.axes, unit: ranked.of === "vocab" ? "token" : "none", element: "real" };
  },
  lower: (context, [input], attributes, type) => {
    if (input === undefined) throw new RangeError("argtop: one input is needed");
    const { places, spoiled, dimension } = emitTop("argtop", context, input, attributes);
    // Ids are far below 2²⁴, up to which float32 holds every integer.
    const value = cast(context.builder, places, "float32");
    const fault = faultOfTop(context, input, value, dimension);
    return { value, fault: addUndecided(context, fault, spoiled), type };
  },
  reference: ([input], attributes, _reason, undecided) => {
    const { axes, data, fault, spoiled } = referenceTop("argtop", input, attributes, (_, place) => place);
    return { axes, data, fault: addOwnReferenceFault(axes, fault, undecided, spoiled) };
  },
};

/** The operations that choose by size. */
export const orderOperations: readonly Operation[] = [argmax, top, argtop];
