/** Operations that choose entries of an axis or rename one: views, which leave every value as it is. */
import { int } from "../onnx/attributes.js";
import type { OperationAttributes } from "../ir/expression.js";
import { fromEntry, type Origins } from "../ir/origin.js";
import { extentSize, typeText, type Axis, type Extent, type TensorType } from "../ir/tensor-type.js";
import { addOwnFault, addOwnReferenceFault, expandFault, view } from "./faults.js";
import { integers } from "../onnx/lists.js";
import { cast, dimensions, slice, toTheEnd, withRank } from "./lowering.js";
import type { Operation, ReferenceTensor, TypeFault } from "./operation.js";
import { elementCount, gather, sizeOf, stridesIn, walk } from "./reference-tensor.js";
import {
  attributeFault,
  findAxis,
  layoutPosition,
  limitExtent,
  missingAxisFault,
  shrinkExtent,
  smallestSize,
  typeFault,
} from "./typing.js";

function only<T>(operation: string, inputs: readonly T[]): T {
  const input = inputs[0];
  if (input === undefined) throw new RangeError(`${operation}: one input is needed`);
  return input;
}

/** The axis pos, or the fault of an operation that works on positions. */
function positionAxis(operation: string, input: TensorType): Axis | TypeFault {
  const axis = findAxis(input, "pos");
  if (axis !== null) return axis;
  const hint =
    findAxis(input, "query") === null ? undefined : "write select(…, key: 0), select(…, query: -1) or diagonal(…)";
  return typeFault(`${operation} needs the axis pos`, "an axis pos", typeText(input), hint);
}

function integerAttribute(attributes: OperationAttributes, name: string): number | null {
  const value = attributes[name];
  return typeof value === "number" && Number.isInteger(value) ? value : null;
}

/** An integer attribute of a checked operation. */
function integerOf(attributes: OperationAttributes, name: string): number {
  const value = integerAttribute(attributes, name);
  if (value === null) throw new RangeError(`${name} is not an integer`);
  return value;
}

function withExtent(input: TensorType, name: string, extent: Extent): TensorType {
  return { ...input, axes: input.axes.map((axis) => (axis.name === name ? { name, extent } : axis)) };
}

/** Entries [start, start + count) of one axis. */
function range(input: ReferenceTensor, name: string, start: number, count: number): ReferenceTensor {
  const axes = input.axes.map((axis) => (axis.name === name ? { name, size: count } : axis));
  const stride = stridesIn([{ name, size: count }], input.axes)[0] ?? 0;
  return gather(input, axes, walk(axes, stridesIn(axes, input.axes), start * stride));
}

/** Origins where the axis pos begins with its entry `index`. */
function beginningWith(input: { readonly type: TensorType; readonly origins: Origins }, index: number): Origins {
  const origin = input.origins.get("pos");
  const axis = findAxis(input.type, "pos");
  if (origin === undefined || axis === null) return input.origins;
  return new Map([...input.origins, ["pos", fromEntry(origin, axis.extent, index)]]);
}

function without(input: ReferenceTensor, name: string): ReferenceTensor {
  return { ...input, axes: input.axes.filter((axis) => axis.name !== name) };
}

const last: Operation = {
  name: "last",
  documentation: "The last min(count, length) entries of the axis pos.",
  arity: 1,
  attributes: { count: "count" },
  written: {
    form: "x last n",
    call: null,
    operator: { kind: "postfix", sign: "last", after: ({ count }) => String(count) },
  },
  failure: null,
  range: { kind: "view" },
  decides: false,
  gradient: null,
  type: (inputs, attributes): TensorType | TypeFault => {
    const input = only("last", inputs);
    const count = integerAttribute(attributes, "count");
    if (count === null || count < 1)
      return attributeFault("last", "count", "a count of at least 1", attributes["count"]);
    const axis = positionAxis("last", input);
    return "fault" in axis ? axis : withExtent(input, "pos", limitExtent(axis.extent, count));
  },
  lower: (context, inputs, attributes, type) => {
    const input = only("last", inputs);
    const dimension = layoutPosition(input.type, "pos");
    const count = integerOf(attributes, "count");
    return view(context, input, type, (name) => slice(context.builder, name, dimension, -count));
  },
  origins: (inputs, attributes) => beginningWith(only("last", inputs), -integerOf(attributes, "count")),
  reference: (inputs, attributes) => {
    const input = only("last", inputs);
    const size = sizeOf(input.axes, "pos");
    const count = Math.min(integerOf(attributes, "count"), size);
    return range(input, "pos", size - count, count);
  },
};

/** What stands after `at`. */
function placeText({ index }: OperationAttributes): string {
  return index === -1 ? "last" : String(index);
}

/** `select(x, key: 0)`. */
function selectText(value: string, axis: unknown, index: unknown): string {
  return `select(${value}, ${String(axis)}: ${String(index)})`;
}

/** The axis that `at` chooses from. */
function positionsOf(attributes: OperationAttributes): string {
  return String(attributes["axis"] ?? "pos");
}

const at: Operation = {
  name: "at",
  documentation:
    "The entry `index` of the axis pos (or of the one named by `axis`: query or key), counted from 0, or from the end when it is negative (−1 is the last); NaN with a reason where the text is too short. The axis disappears.",
  arity: 1,
  attributes: { index: "integer", axis: "axis" },
  written: {
    form: "x at n, select(x, key: n)",
    call: null,
    operator: { kind: "postfix", sign: "at", after: placeText },
    text: ({ plain, closed }, attributes) => {
      const axis = positionsOf(attributes);
      if (axis !== "pos") return selectText(plain(0), axis, attributes["index"]);
      return `${closed(0)} at ${placeText(attributes)}`;
    },
  },
  failure: {
    reason: "the text has no such position",
    written: (_operands, { index }) => `the text has no position ${String(index)}`,
  },
  range: { kind: "view" },
  decides: false,
  gradient: null,
  type: (inputs, attributes): TensorType | TypeFault => {
    const input = only("at", inputs);
    const index = integerAttribute(attributes, "index");
    if (index === null) return attributeFault("at", "index", "an integer", attributes["index"]);
    const name = attributes["axis"] ?? "pos";
    if (typeof name !== "string") return attributeFault("at", "axis", "an axis", name);
    const axis = name === "pos" ? positionAxis("at", input) : findAxis(input, name);
    if (axis === null) return missingAxisFault("at", name, input);
    if ("fault" in axis) return axis;
    return { ...input, axes: input.axes.filter((other) => other !== axis) };
  },
  lower: (context, inputs, attributes, type) => {
    const input = only("at", inputs);
    const { builder } = context;
    const index = integerOf(attributes, "index");
    const dimension = layoutPosition(input.type, positionsOf(attributes));
    const end = index === -1 ? toTheEnd : index + 1;
    const chosen = (name: string): string => slice(builder, name, dimension, index, end);
    // A slice has one entry or, out of range, none; the sum over it is exact, and 0 stands where nothing is.
    const removed = (name: string): string =>
      builder.node("ReduceSum", [name, integers(builder, dimension)], { keepdims: int(0) });
    const entry = chosen(input.value);
    const value =
      input.type.element === "truth" ? cast(builder, removed(cast(builder, entry, "int32")), "bool") : removed(entry);
    const fault = input.fault === null ? null : removed(chosen(expandFault(context.builder, input.fault, input.value)));
    const extent = input.type.axes[dimension - 1]?.extent;
    const needed = index < 0 ? -index : index + 1;
    if (extent !== undefined && smallestSize(extent) >= needed) return { value, fault, type };
    const found = dimensions(builder, entry, dimension, dimension + 1);
    const fails = withRank(builder, builder.node("Equal", [found, integers(builder, 0)]), type.axes.length + 1);
    return { value, fault: addOwnFault(context, fault, fails), type };
  },
  reference: (inputs, attributes, reason) => {
    const input = only("at", inputs);
    const name = positionsOf(attributes);
    const size = sizeOf(input.axes, name);
    const given = integerOf(attributes, "index");
    const index = given < 0 ? size + given : given;
    if (index >= 0 && index < size) return without(range(input, name, index, 1), name);
    const axes = input.axes.filter((axis) => axis.name !== name);
    const data = new Float64Array(elementCount(axes));
    return { axes, data, fault: addOwnReferenceFault(axes, null, reason, () => true) };
  },
};

/** Length of the entries first..last (inclusive, negative from the end) of an extent; null when no extent says it. */
function sliceExtent(extent: Extent, first: number, last: number): Extent | null {
  if (first >= 0 === last >= 0) {
    const before = first >= 0 ? first : -last - 1;
    const rest = shrinkExtent(extent, before);
    return rest === null ? null : limitExtent(rest, last - first + 1);
  }
  if (first >= 0) return shrinkExtent(extent, first + -last - 1);
  if (extent.kind !== "fixed") return null;
  const [start, end] = sliceBounds(extent.size, first, last);
  return { kind: "fixed", size: end - start };
}

/** [start, end) of first..last in an axis of `size` entries, clamped to it. */
function sliceBounds(size: number, first: number, last: number): readonly [number, number] {
  const place = (index: number): number => (index < 0 ? size + index : index);
  const start = Math.min(size, Math.max(0, place(first)));
  return [start, Math.max(start, Math.min(size, place(last) + 1))];
}

const sliceOperation: Operation = {
  name: "slice",
  documentation:
    "The entries first..last of the axis pos (or of the one named by `axis`: query or key), both included, counted from 0 or from the end when negative; as many as the text has.",
  arity: 1,
  attributes: { first: "integer", last: "integer", axis: "axis" },
  written: {
    form: "x at a..b",
    call: null,
    operator: {
      kind: "postfix",
      sign: "at",
      after: (attributes) => `${String(attributes["first"])}..${String(attributes["last"])}`,
    },
  },
  failure: null,
  range: { kind: "view" },
  windows: "ends",
  decides: false,
  gradient: null,
  type: (inputs, attributes): TensorType | TypeFault => {
    const input = only("slice", inputs);
    const first = integerAttribute(attributes, "first");
    const end = integerAttribute(attributes, "last");
    if (first === null) return attributeFault("slice", "first", "an integer", attributes["first"]);
    if (end === null) return attributeFault("slice", "last", "an integer", attributes["last"]);
    if (first >= 0 === end >= 0 && first > end) {
      return typeFault("slice: the range is empty", "first at or before last", `${first}..${end}`);
    }
    const name = positionsOf(attributes);
    const axis = name === "pos" ? positionAxis("slice", input) : findAxis(input, name);
    if (axis === null) return missingAxisFault("slice", name, input);
    if ("fault" in axis) return axis;
    const extent = sliceExtent(axis.extent, first, end);
    if (extent !== null) return withExtent(input, name, extent);
    const found = `${first}..${end}`;
    return typeFault("slice: the length depends on the text", "both ends from the start or both from the end", found);
  },
  lower: (context, inputs, attributes, type) => {
    const input = only("slice", inputs);
    const dimension = layoutPosition(input.type, positionsOf(attributes));
    const first = integerOf(attributes, "first");
    const end = integerOf(attributes, "last");
    return view(context, input, type, (name) =>
      slice(context.builder, name, dimension, first, end === -1 ? toTheEnd : end + 1),
    );
  },
  origins: (inputs, attributes) => {
    const input = only("slice", inputs);
    return positionsOf(attributes) === "pos" ? beginningWith(input, integerOf(attributes, "first")) : input.origins;
  },
  reference: (inputs, attributes) => {
    const input = only("slice", inputs);
    const axis = positionsOf(attributes);
    const size = sizeOf(input.axes, axis);
    const [start, end] = sliceBounds(size, integerOf(attributes, "first"), integerOf(attributes, "last"));
    return range(input, axis, start, end - start);
  },
};

const select: Operation = {
  name: "select",
  documentation:
    "The entry `index` of an axis of known length (head, kv_head, neuron, vocab), counted from 0, or from the end when it is negative. The axis disappears.",
  arity: 1,
  attributes: { axis: "axis", index: "integer" },
  written: {
    form: "site[L5.H3], select(x, head: n)",
    call: { kind: "entries" },
    operator: null,
    text: ({ plain }, { axis, index }) => selectText(plain(0), axis, index),
  },
  failure: null,
  range: { kind: "view" },
  decides: false,
  gradient: null,
  type: (inputs, attributes): TensorType | TypeFault => {
    const input = only("select", inputs);
    const name = attributes["axis"];
    const index = integerAttribute(attributes, "index");
    if (typeof name !== "string") return attributeFault("select", "axis", "an axis", name);
    if (index === null) return attributeFault("select", "index", "an integer", attributes["index"]);
    const axis = findAxis(input, name);
    if (axis === null) return missingAxisFault("select", name, input);
    if (axis.extent.kind !== "fixed") {
      return typeFault(
        `select: the length of ${name} depends on the text`,
        "an axis of known length",
        typeText(input),
        "use at",
      );
    }
    const size = extentSize(axis.extent, 0);
    if (index < -size || index >= size) {
      return typeFault(`select: ${name} has ${size} entries`, `an index from ${-size} to ${size - 1}`, String(index));
    }
    return { ...input, axes: input.axes.filter((other) => other !== axis) };
  },
  lower: (context, inputs, attributes, type) => {
    const input = only("select", inputs);
    const { builder } = context;
    const dimension = layoutPosition(input.type, String(attributes["axis"]));
    const index = builder.constant("int64", [], [integerOf(attributes, "index")]);
    return view(context, input, type, (name) => builder.node("Gather", [name, index], { axis: int(dimension) }));
  },
  reference: (inputs, attributes) => {
    const input = only("select", inputs);
    const name = String(attributes["axis"]);
    const index = integerOf(attributes, "index");
    return without(range(input, name, index < 0 ? sizeOf(input.axes, name) + index : index, 1), name);
  },
};

const rename: Operation = {
  name: "rename",
  documentation: "The same tensor with the axis `from` called `to`.",
  arity: 1,
  attributes: { from: "axis", to: "axis" },
  written: {
    form: "rename(x, from: to)",
    call: { kind: "names" },
    operator: null,
    // The words of other operations say what it does.
    text: ({ plain }) => plain(0),
  },
  failure: null,
  range: { kind: "view" },
  decides: false,
  gradient: null,
  type: (inputs, attributes): TensorType | TypeFault => {
    const input = only("rename", inputs);
    const { from, to } = attributes;
    if (typeof from !== "string") return attributeFault("rename", "from", "an axis", from);
    if (typeof to !== "string") return attributeFault("rename", "to", "an axis", to);
    if (findAxis(input, from) === null) return missingAxisFault("rename", from, input);
    if (from !== to && findAxis(input, to) !== null) {
      return typeFault(`rename: there is an axis ${to} already`, "a name that no axis has", typeText(input));
    }
    return { ...input, axes: input.axes.map(({ name, extent }) => ({ name: name === from ? to : name, extent })) };
  },
  origins: (inputs, { from, to }) =>
    new Map([...only("rename", inputs).origins].map(([name, origin]) => [name === from ? String(to) : name, origin])),
  lower: (_context, inputs, _attributes, type) => ({ ...only("rename", inputs), type }),
  reference: (inputs, attributes) => {
    const input = only("rename", inputs);
    const { from, to } = attributes;
    return { ...input, axes: input.axes.map(({ name, size }) => ({ name: name === from ? String(to) : name, size })) };
  },
};

/** The operations that choose or rename entries. */
export const positionOperations: readonly Operation[] = [last, at, sliceOperation, select, rename];
