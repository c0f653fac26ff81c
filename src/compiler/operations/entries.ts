/** Operations that make one axis of several, and that look up an entry which another tensor names. */
import { int } from "../onnx/attributes.js";
import { productExtent, sameExtent, triangleExtent, typeText, type Axis, type TensorType } from "../ir/tensor-type.js";
import { alignValue, broadcastTypes, permute } from "./broadcast.js";
import { addOwnFault, addOwnReferenceFault, addUndecided, expandFault, mergeFaults, mergeReferenceFaults, view } from "./faults.js"; // prettier-ignore
import { integers } from "../onnx/lists.js";
import { cast, dimensions, joinLists, mergeLast, reshape } from "./lowering.js";
import type { Operation, ReferenceTensor, TypeFault } from "./operation.js";
import { broadcastAxes, broadcastTo, elementCount, gather, offsetsIn, sizeOf, stridesIn, walk } from "./reference-tensor.js"; // prettier-ignore
import { attributeFault, consumedAxes, consumedNames, findAxis, missingAxisFault, numberFault, smallestSize, typeFault, inOrder } from "./typing.js"; // prettier-ignore

/** The fault of making an axis `entry` beside one of that name; null when there is none. */
function entryFault(operation: string, input: TensorType, kept: readonly Axis[]): TypeFault | null {
  if (!kept.some((axis) => axis.name === "entry")) return null;
  return typeFault(`${operation} makes an axis entry, which the tensor has already`, "no axis entry", typeText(input));
}

const flatten: Operation = {
  name: "flatten",
  documentation:
    "The named axes (all when none is named) as one axis entry, which comes last: the entries in the order of the names, the last one fastest.",
  source: "numpy.ravel",
  arity: 1,
  attributes: { over: "axes" },
  written: { form: "flatten(x over axes)", call: { kind: "over" }, operator: null },
  failure: null,
  range: { kind: "view" },
  decides: false,
  gradient: null,
  type: ([input], attributes): TensorType | TypeFault => {
    if (input === undefined) throw new RangeError("flatten: one input is needed");
    const names = consumedAxes("flatten", input, attributes);
    if ("fault" in names) return names;
    const kept = input.axes.filter((axis) => !names.includes(axis.name));
    const extent = productExtent(inOrder(input.axes, names).map((axis) => axis.extent));
    return entryFault("flatten", input, kept) ?? { ...input, axes: [...kept, { name: "entry", extent }] };
  },
  lower: (context, [input], attributes, type) => {
    if (input === undefined) throw new RangeError("flatten: one input is needed");
    const { axes } = input.type;
    const names = consumedNames(
      axes.map((axis) => axis.name),
      attributes,
    );
    const kept = axes.filter((axis) => !names.includes(axis.name));
    const order = [...kept, ...inOrder(axes, names)];
    return view(context, input, type, (name) =>
      mergeLast(context.builder, permute(context.builder, name, axes, order), kept.length + 1),
    );
  },
  reference: ([input], attributes) => {
    if (input === undefined) throw new RangeError("flatten: one input is needed");
    const names = consumedNames(
      input.axes.map((axis) => axis.name),
      attributes,
    );
    const kept = input.axes.filter((axis) => !names.includes(axis.name));
    const merged = inOrder(input.axes, names);
    const offsets = offsetsIn([...kept, ...merged], input.axes);
    return gather(input, [...kept, { name: "entry", size: elementCount(merged) }], offsets);
  },
};

/** Query and key as axes of one length, or the fault. */
function squareOf(input: TensorType): readonly [Axis, Axis] | TypeFault {
  const [query, key] = [findAxis(input, "query"), findAxis(input, "key")];
  if (query === null) return missingAxisFault("causal", "query", input);
  if (key === null) return missingAxisFault("causal", "key", input);
  if (sameExtent(query.extent, key.extent)) return [query, key];
  return typeFault("causal: query and key are not equally long", "a square", typeText(input));
}

const causal: Operation = {
  name: "causal",
  documentation:
    "The entries with key ≤ query, where attention may look, as one axis entry, which comes last: query by query, n(n + 1)/2 for n tokens.",
  source: "numpy.tril_indices",
  arity: 1,
  attributes: {},
  written: { form: "causal(x)", call: { kind: "tensors" }, operator: null },
  failure: null,
  range: { kind: "view" },
  decides: false,
  gradient: null,
  type: ([input]): TensorType | TypeFault => {
    if (input === undefined) throw new RangeError("causal: one input is needed");
    const square = squareOf(input);
    if ("fault" in square) return square;
    const kept = input.axes.filter((axis) => !square.includes(axis));
    const extent = triangleExtent(square[0].extent);
    return entryFault("causal", input, kept) ?? { ...input, axes: [...kept, { name: "entry", extent }] };
  },
  lower: (context, [input], _attributes, type) => {
    if (input === undefined) throw new RangeError("causal: one input is needed");
    const { builder } = context;
    const { axes } = input.type;
    const kept = axes.filter((axis) => axis.name !== "query" && axis.name !== "key");
    const order = [...kept, ...inOrder(axes, ["query", "key"])];
    const last = kept.length + 1;
    const ordered = permute(builder, input.value, axes, order);
    const size = builder.node("Squeeze", [dimensions(builder, ordered, last, last + 1), integers(builder, 0)]);
    const places = builder.node("Range", [
      builder.constant("int64", [], [0]),
      size,
      builder.constant("int64", [], [1]),
    ]);
    const queries = builder.node("Unsqueeze", [places, integers(builder, 1)]);
    const allowed = reshape(builder, builder.node("LessOrEqual", [places, queries]), integers(builder, -1));
    return view(context, input, type, (name) => {
      const flat = mergeLast(builder, permute(builder, name, axes, order), last);
      return builder.node("Compress", [flat, allowed], { axis: int(last) });
    });
  },
  reference: ([input]) => {
    if (input === undefined) throw new RangeError("causal: one input is needed");
    const kept = input.axes.filter((axis) => axis.name !== "query" && axis.name !== "key");
    const size = sizeOf(input.axes, "query");
    const [down = 0, right = 0] = stridesIn(inOrder(input.axes, ["query", "key"]), input.axes);
    const entries = Array.from({ length: size }, (_, query) =>
      Array.from({ length: query + 1 }, (_unused, key) => query * down + key * right),
    ).flat();
    const starts = walk(kept, stridesIn(kept, input.axes));
    const offsets = Int32Array.from(Array.from(starts).flatMap((start) => entries.map((entry) => start + entry)));
    return gather(input, [...kept, { name: "entry", size: entries.length }], offsets);
  },
};

/** Axes of the result of pick: the tensor's without the one that is looked up, then what the index adds. */
function pickedAxes(input: TensorType, index: TensorType, name: string): readonly Axis[] | TypeFault {
  const rest: TensorType = { ...input, axes: input.axes.filter((axis) => axis.name !== name) };
  return broadcastTypes("pick", [rest, index]);
}

const pick: Operation = {
  name: "pick",
  documentation:
    "x[axis = index]: the entry whose number, from 0, another tensor gives, place by place, broadcast by axis name; along vocab the index is a token. NaN with a reason where there is no such entry. The axis disappears.",
  source: "numpy.take_along_axis",
  arity: 2,
  attributes: { axis: "axis" },
  written: {
    form: 'logits[token], x at token "…"',
    call: null,
    operator: null,
    spelling: "a token or position in brackets",
    text: ({ plain, closed }) => `${closed(0)}[${plain(1)}]`,
  },
  failure: {
    reason: "there is no such entry",
    written: ([value = "", place = ""], { axis }) =>
      axis === "vocab" ? `there is no such token in ${value}` : `${value} has no value at the token ${place}`,
  },
  range: { kind: "view" },
  decides: true,
  gradient: null,
  type: ([input, index], attributes): TensorType | TypeFault => {
    if (input === undefined || index === undefined) throw new RangeError("pick: two inputs are needed");
    const name = attributes["axis"];
    if (typeof name !== "string") return attributeFault("pick", "axis", "an axis", name);
    if (findAxis(input, name) === null) return missingAxisFault("pick", name, input);
    const isToken = index.unit === "token" && index.element === "real";
    if (name === "vocab" ? !isToken : numberFault("pick", [index]) !== null || index.unit !== "none") {
      const expected = name === "vocab" ? "a token" : `the number of an entry of ${name}`;
      return typeFault(`pick: ${name} is not looked up with that`, expected, typeText(index));
    }
    if (findAxis(index, name) !== null) {
      return typeFault(`pick: the index has the axis ${name} itself`, `an index without ${name}`, typeText(index));
    }
    const axes = pickedAxes(input, index, name);
    return "fault" in axes ? axes : { ...input, axes };
  },
  // What is looked up for a token belongs to that token: logits[target] is aligned like nll.
  origins: ([input, index]) => new Map([...(input?.origins ?? []), ...(index?.origins ?? [])]),
  lower: (context, [input, index], attributes, type) => {
    if (input === undefined || index === undefined) throw new RangeError("pick: two inputs are needed");
    const { builder } = context;
    const looked = findAxis(input.type, String(attributes["axis"]));
    if (looked === null) throw new RangeError("pick: the axis was checked");
    const layout = [...type.axes, looked];
    const last = layout.length;
    const data = (name: string): string => alignValue(builder, name, input.type.axes, layout);
    const real = input.type.element === "truth" ? cast(builder, input.value, "float32") : input.value;
    const aligned = data(real);
    const number = alignValue(builder, index.value, index.type.axes, layout);
    const none = builder.constant("float32", [1], [0]);
    const count = cast(builder, dimensions(builder, aligned, last, last + 1), "float32");
    const within = builder.node("And", [
      builder.node("GreaterOrEqual", [number, none]),
      builder.node("Less", [number, count]),
    ]);
    const whole = builder.node("Equal", [builder.node("Floor", [number]), number]);
    const there = builder.node("And", [within, whole]);
    const place = cast(builder, builder.node("Where", [there, number, none]), "int64");
    const one = integers(builder, 1);
    const take = (name: string): string => {
      // One entry more where there may be none: what it is does not matter.
      const after = Array.from({ length: 2 * (last + 1) }, (_, i) => (i === 2 * last + 1 ? 1 : 0));
      const full = smallestSize(looked.extent) === 0 ? builder.node("Pad", [name, integers(builder, ...after)]) : name;
      const wide = builder.node("Expand", [full, joinLists(builder, dimensions(builder, place, 0, last), one)]);
      const places = builder.node("Expand", [place, joinLists(builder, dimensions(builder, wide, 0, last), one)]);
      const found = builder.node("GatherElements", [wide, places], { axis: int(last) });
      return builder.node("Squeeze", [found, integers(builder, last)]);
    };
    const taken = take(aligned);
    const value = input.type.element === "truth" ? cast(builder, taken, "bool") : taken;
    const squeezed = (name: string): string => builder.node("Squeeze", [name, integers(builder, last)]);
    const merged = mergeFaults(context, [
      input.fault === null ? null : take(data(expandFault(context.builder, input.fault, input.value))),
      index.fault === null ? null : squeezed(alignValue(builder, index.fault, index.type.axes, layout)),
    ]);
    // An id of a token is never NaN without a fault.
    const fault =
      index.type.unit === "token" ? merged : addUndecided(context, merged, squeezed(builder.node("IsNaN", [number])));
    return { value, fault: addOwnFault(context, fault, squeezed(builder.node("Not", [there]))), type };
  },
  reference: ([input, index], attributes, reason, undecided) => {
    if (input === undefined || index === undefined) throw new RangeError("pick: two inputs are needed");
    const name = String(attributes["axis"]);
    const size = sizeOf(input.axes, name);
    const rest: ReferenceTensor = { ...input, axes: input.axes.filter((axis) => axis.name !== name) };
    const axes = broadcastAxes([rest, index]);
    const stride = stridesIn([{ name, size }], input.axes)[0] ?? 0;
    const numbers = broadcastTo(index, axes);
    const exists = (number: number): boolean => number >= 0 && number < size && Number.isInteger(number);
    const offsets = offsetsIn(axes, input.axes).map((offset, place) => {
      const number = numbers.data[place] ?? Number.NaN;
      return exists(number) ? offset + number * stride : offset;
    });
    const found = gather(input, axes, offsets);
    const merged = mergeReferenceFaults([found, numbers]);
    const fault = addOwnReferenceFault(axes, merged, undecided, (place) => Number.isNaN(numbers.data[place]));
    const fails = (place: number): boolean => !exists(numbers.data[place] ?? Number.NaN);
    return { ...found, fault: addOwnReferenceFault(axes, fault, reason, fails) };
  },
};

/** The operations that merge axes or look entries up. */
export const entryOperations: readonly Operation[] = [flatten, causal, pick];
