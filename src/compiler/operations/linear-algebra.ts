/** Operations on pairs of axes: Gram matrices, diagonals and inner products. */
import { ints } from "../onnx/attributes.js";
import { sameExtent, typeText, type Axis, type TensorType } from "../ir/tensor-type.js";
import { alignLowered, broadcastTypes, permute } from "./broadcast.js";
import { expandFault, mergeFaults, mergeReferenceFaults, reduceFault, reduceReferenceFault } from "./faults.js";
import { integers } from "../onnx/lists.js";
import { cast, dimensions, joinLists, mergeLast, product, reshape, sumOver } from "./lowering.js";
import { fromEntry } from "../ir/origin.js";
import type { LoweringContext, Operation, TypeFault } from "./operation.js";
import {
  broadcastAxes,
  broadcastTo,
  elementCount,
  gather,
  offsetsIn,
  sizeOf,
  stridesIn,
  walk,
} from "./reference-tensor.js";
import {
  attributeFault,
  axisNames,
  consumedAxes,
  consumedNames,
  findAxis,
  layoutPosition,
  missingAxisFault,
  shrinkExtent,
  numberFault,
  typeFault,
  unitFault,
} from "./typing.js";
import type { OperationAttributes } from "../ir/expression.js";

const squaredHint = "squared units are not supported: divide by a value in that unit first";

const gram: Operation = {
  name: "gram",
  documentation:
    "G[row, row'] = Σ x[row, …] · x[row', …] over every other axis: the Gram matrix x xᵀ of the rows named by `row`; its eigenvalues are the squared singular values of x.",
  arity: 1,
  attributes: { row: "axis" },
  written: { form: "gram(x over row)", call: { kind: "axis", attribute: "row" }, operator: null },
  failure: null,
  range: { kind: "transparent" },
  decides: false,
  gradient: null,
  type: ([input], attributes): TensorType | TypeFault => {
    if (input === undefined) throw new RangeError("gram: one input is needed");
    const row = attributes["row"];
    if (typeof row !== "string") return attributeFault("gram", "row", "an axis", row);
    const fault = numberFault("gram", [input]) ?? unitFault("gram", [input], squaredHint);
    if (fault !== null) return fault;
    const axis = findAxis(input, row);
    if (axis === null) return missingAxisFault("gram", row, input);
    return { axes: [axis, { name: `${row}'`, extent: axis.extent }], unit: "none", element: "real" };
  },
  origins: ([input], attributes) => {
    const row = String(attributes["row"]);
    const origin = input?.origins.get(row);
    return origin === undefined ? new Map() : new Map([row, `${row}'`].map((name) => [name, origin]));
  },
  lower: (context, [input], attributes, type) => {
    if (input === undefined) throw new RangeError("gram: one input is needed");
    const { builder } = context;
    const row = String(attributes["row"]);
    const others = input.type.axes.filter((axis) => axis.name !== row);
    const rows = input.type.axes.filter((axis) => axis.name === row);
    // float64 inside: float32 matrix products differ in the last bit with the number of rows that a thread gets, and
    // on CUDA they may be TF32.
    const wide = cast(builder, permute(builder, input.value, input.type.axes, [...rows, ...others]), "float64");
    const flat = mergeLast(builder, wide, 2);
    const products = builder.node("MatMul", [flat, builder.node("Transpose", [flat], { perm: ints([0, 2, 1]) })]);
    const value = cast(builder, products, "float32");
    if (input.fault === null) return { value, fault: null, type };
    const positions = others.map((axis) => layoutPosition(input.type, axis.name));
    const perRow = reduceFault(context, input.fault, input.value, positions);
    const fault = builder.node("Max", [
      builder.node("Unsqueeze", [perRow, integers(builder, 2)]),
      builder.node("Unsqueeze", [perRow, integers(builder, 1)]),
    ]);
    return { value, fault, type };
  },
  reference: ([input], attributes) => {
    if (input === undefined) throw new RangeError("gram: one input is needed");
    const row = String(attributes["row"]);
    const size = sizeOf(input.axes, row);
    const others = input.axes.filter((axis) => axis.name !== row);
    const rowStride = stridesIn([{ name: row, size }], input.axes)[0] ?? 0;
    const offsets = walk(others, stridesIn(others, input.axes));
    const axes = [
      { name: row, size },
      { name: `${row}'`, size },
    ];
    const at = (index: number, offset: number): number => input.data[index * rowStride + offset] ?? Number.NaN;
    const data = Float64Array.from({ length: size * size }, (_, place) => {
      const [a, b] = [Math.floor(place / size), place % size];
      return offsets.reduce((sum, offset) => sum + at(a, offset) * at(b, offset), 0);
    });
    const rowAxes = [{ name: row, size }];
    const perRow = reduceReferenceFault(input.fault, offsetsIn(input.axes, rowAxes), size);
    if (perRow === null) return { axes, data, fault: null };
    const fault = Int32Array.from(data, (_, place) =>
      Math.max(perRow[Math.floor(place / size)] ?? 0, perRow[place % size] ?? 0),
    );
    return { axes, data, fault };
  },
};

/**
 * The entries [i, i + offset] of the last two dimensions of a value [row, …, n, n], which become one. Entry (i, j) lies
 * at i·n + j, so they are every (n + 1)th from `offset` (or, below the diagonal, from |offset|·n).
 */
function emitDiagonal(context: LoweringContext, value: string, kept: number, offset: number): string {
  const { builder } = context;
  const size = dimensions(builder, value, kept, kept + 1);
  const times = (factor: string): string => builder.node("Mul", [factor, size]);
  const distance = integers(builder, Math.abs(offset));
  const start = offset >= 0 ? distance : times(distance);
  // At and beyond the corner nothing is left; a negative end would count from the end.
  const rows = builder.node("Max", [builder.node("Sub", [size, distance]), integers(builder, 0)]);
  const end = offset >= 0 ? times(rows) : times(size);
  const step = builder.node("Add", [size, integers(builder, 1)]);
  const square = product(builder, dimensions(builder, value, kept));
  const flat = reshape(builder, value, joinLists(builder, dimensions(builder, value, 0, kept), square));
  return builder.node("Slice", [flat, start, end, integers(builder, kept), step]);
}

/** Value and fault of the diagonal of two axes, as [row, …kept, diagonal]. */
function lowerDiagonal(
  context: LoweringContext,
  input: { readonly value: string; readonly fault: string | null; readonly type: TensorType },
  pair: readonly [string, string],
  offset: number,
): { readonly value: string; readonly fault: string | null } {
  const kept = input.type.axes.filter((axis) => !pair.includes(axis.name));
  const ends = pair
    .map((name) => input.type.axes[layoutPosition(input.type, name) - 1])
    .filter((axis) => axis !== undefined);
  const take = (name: string): string =>
    emitDiagonal(context, permute(context.builder, name, input.type.axes, [...kept, ...ends]), kept.length + 1, offset);
  const fault = input.fault === null ? null : take(expandFault(context.builder, input.fault, input.value));
  return { value: take(input.value), fault };
}

/** Offsets of the entries [i, i + offset] for every place of `kept`, diagonal last; and how many i there are. */
function diagonalOffsets(
  input: { readonly axes: Parameters<typeof sizeOf>[0] },
  pair: readonly [string, string],
  offset: number,
): { readonly kept: Parameters<typeof sizeOf>[0]; readonly count: number; readonly offsets: Int32Array } {
  const size = sizeOf(input.axes, pair[0]);
  const count = Math.max(0, size - Math.abs(offset));
  const kept = input.axes.filter((axis) => !pair.includes(axis.name));
  const [down = 0, right = 0] = stridesIn(
    pair.map((name) => ({ name, size })),
    input.axes,
  );
  const start = offset >= 0 ? offset * right : -offset * down;
  const axes = [...kept, { name: "diagonal", size: count }];
  return { kept, count, offsets: walk(axes, [...stridesIn(kept, input.axes), down + right], start) };
}

/** Two axes of equal length as a pair, or the fault. */
export function squarePair(
  operation: string,
  input: TensorType,
  first: string,
  second: string,
): readonly [string, string] | TypeFault {
  const [a, b] = [findAxis(input, first), findAxis(input, second)];
  if (a === null) return missingAxisFault(operation, first, input);
  if (b === null) return missingAxisFault(operation, second, input);
  if (first === second || !sameExtent(a.extent, b.extent)) {
    return typeFault(
      `${operation}: ${first} and ${second} are not two axes of equal length`,
      "a square",
      typeText(input),
    );
  }
  return [first, second];
}

/**
 * The pair of axes of a square matrix, which trace sums over, from names alone: the named one, the one that gram made (row, row'), query and key, or
 * the only two axes. Null when that leaves a choice.
 */
export function pairNames(names: readonly string[], attributes: OperationAttributes): readonly [string, string] | null {
  const { first, second } = attributes;
  if (typeof first === "string" && typeof second === "string") return [first, second];
  const made = names.filter((name) => names.includes(`${name}'`));
  if (made.length === 1) return [`${made[0]}`, `${made[0]}'`];
  if (made.length === 0 && names.includes("query") && names.includes("key")) return ["query", "key"];
  const [a, b] = names;
  return a !== undefined && b !== undefined && names.length === 2 ? [a, b] : null;
}

/** {@link pairNames} where types were checked. */
function checkedPair(axes: readonly { readonly name: string }[], attributes: OperationAttributes) {
  const names = axes.map((axis) => axis.name);
  const pair = pairNames(names, attributes);
  if (pair === null) throw new RangeError(`trace: no pair of axes among ${names.join(", ")}`);
  return pair;
}

const trace: Operation = {
  name: "trace",
  documentation:
    "Σ x[i, i] over two axes of equal length: those named by `first` and `second`, else the pair that gram made (row, row'), else query and key, else the tensor's only two axes.",
  source: "numpy.trace",
  arity: 1,
  attributes: { first: "axis", second: "axis" },
  written: { form: "trace(x)", call: { kind: "tensors" }, operator: null },
  failure: null,
  range: { kind: "growing" },
  decides: false,
  gradient: null,
  type: ([input], attributes): TensorType | TypeFault => {
    if (input === undefined) throw new RangeError("trace: one input is needed");
    const truth = numberFault("trace", [input]);
    if (truth !== null) return truth;
    for (const attribute of ["first", "second"]) {
      const [given, other] = [attributes[attribute], attributes[attribute === "first" ? "second" : "first"]];
      if (typeof given !== "string" && (given ?? other) !== undefined) {
        return attributeFault("trace", attribute, "an axis", given);
      }
    }
    const names = pairNames(
      input.axes.map((axis) => axis.name),
      attributes,
    );
    if (names === null) {
      return typeFault("trace needs two axes of equal length", "first and second", axisNames(input), "name them");
    }
    const pair = squarePair("trace", input, ...names);
    if ("fault" in pair) return pair;
    return { ...input, axes: input.axes.filter((axis) => !pair.includes(axis.name)) };
  },
  lower: (context, [input], attributes, type) => {
    if (input === undefined) throw new RangeError("trace: one input is needed");
    const pair = checkedPair(input.type.axes, attributes);
    const diagonal = lowerDiagonal(context, input, pair, 0);
    const last: Axis = { name: pair[0], extent: { kind: "fixed", size: 0 } };
    const value = sumOver(context, diagonal.value, [...type.axes, last], [last.name]);
    if (diagonal.fault === null) return { value, fault: null, type };
    return { value, fault: reduceFault(context, diagonal.fault, diagonal.value, [type.axes.length + 1]), type };
  },
  reference: ([input], attributes) => {
    if (input === undefined) throw new RangeError("trace: one input is needed");
    const { kept, count, offsets } = diagonalOffsets(input, checkedPair(input.axes, attributes), 0);
    const data = new Float64Array(elementCount(kept));
    const targets = Int32Array.from(offsets, (_, place) => Math.floor(place / count));
    offsets.forEach((offset, place) => {
      const target = targets[place] ?? 0;
      data[target] = (data[target] ?? 0) + (input.data[offset] ?? Number.NaN);
    });
    const { fault } = input;
    const seen = fault === null ? null : Int32Array.from(offsets, (offset) => fault[offset] ?? 0);
    return { axes: kept, data, fault: reduceReferenceFault(seen, targets, data.length) };
  },
};

const diagonal: Operation = {
  name: "diagonal",
  documentation:
    "x[query = i, key = i + offset] as the axis pos, which takes the place of query: positions − |offset| entries (none where the text is shorter). Offset −1 is the previous token.",
  source: "numpy.diagonal",
  arity: 1,
  attributes: { offset: "integer" },
  written: {
    form: "diagonal(x, offset: n)",
    call: { kind: "integer", attribute: "offset", absent: 0 },
    operator: null,
  },
  failure: null,
  range: { kind: "view" },
  decides: false,
  gradient: null,
  type: ([input], attributes): TensorType | TypeFault => {
    if (input === undefined) throw new RangeError("diagonal: one input is needed");
    const offset = attributes["offset"] ?? 0;
    if (typeof offset !== "number" || !Number.isInteger(offset)) {
      return attributeFault("diagonal", "offset", "an integer", offset);
    }
    const pair = squarePair("diagonal", input, "query", "key");
    if ("fault" in pair) return pair;
    if (findAxis(input, "pos") !== null) {
      return typeFault("diagonal makes an axis pos, which the tensor has already", "no axis pos", typeText(input));
    }
    const side = shrinkExtent(findAxis(input, "query")?.extent ?? { kind: "fixed", size: 0 }, Math.abs(offset));
    if (side === null) {
      return typeFault("diagonal: the length of query is not that of a text", "positions", typeText(input));
    }
    const axes = input.axes.flatMap(({ name, extent }): readonly Axis[] => {
      if (name === "query") return [{ name: "pos", extent: side }];
      return name === "key" ? [] : [{ name, extent }];
    });
    return { ...input, axes };
  },
  // The entry of a query belongs to that query's token.
  origins: ([input], attributes) => {
    const origins = new Map(input?.origins);
    const query = origins.get("query");
    const axis = input === undefined ? null : findAxis(input.type, "query");
    if (query === undefined || axis === null) return origins;
    return origins.set("pos", fromEntry(query, axis.extent, Math.max(0, -Number(attributes["offset"] ?? 0))));
  },
  lower: (context, [input], attributes, type) => {
    if (input === undefined) throw new RangeError("diagonal: one input is needed");
    const made = lowerDiagonal(context, input, ["query", "key"], Number(attributes["offset"] ?? 0));
    const others = type.axes.filter((axis) => axis.name !== "pos");
    const diagonalLast = [...others, ...type.axes.filter((axis) => axis.name === "pos")];
    const place = (name: string): string => permute(context.builder, name, diagonalLast, type.axes);
    return { value: place(made.value), fault: made.fault === null ? null : place(made.fault), type };
  },
  reference: ([input], attributes) => {
    if (input === undefined) throw new RangeError("diagonal: one input is needed");
    const { kept, count, offsets } = diagonalOffsets(input, ["query", "key"], Number(attributes["offset"] ?? 0));
    const last = gather(input, [...kept, { name: "pos", size: count }], offsets);
    const axes = input.axes.flatMap((axis) => {
      if (axis.name === "query") return [{ name: "pos", size: count }];
      return axis.name === "key" ? [] : [axis];
    });
    return broadcastTo(last, axes);
  },
};

const dot: Operation = {
  name: "dot",
  documentation:
    "Σ x · y over the named axes, which both tensors have (all axes when none is named); the others broadcast by name. At most one has a unit.",
  source: "numpy.dot",
  arity: 2,
  attributes: { over: "axes" },
  written: { form: "dot(x, y over axes)", call: { kind: "over" }, operator: null },
  failure: null,
  range: { kind: "transparent" },
  decides: false,
  gradient: null,
  type: (inputs, attributes): TensorType | TypeFault => {
    const truth = numberFault("dot", inputs);
    if (truth !== null) return truth;
    const units = inputs.map((input) => input.unit).filter((unit) => unit !== "none");
    if (units.length > 1)
      return typeFault("dot: products of units are not supported", "at most one unit", units.join(" · "));
    const axes = broadcastTypes("dot", inputs);
    if ("fault" in axes) return axes;
    const joint: TensorType = { axes, unit: units[0] ?? "none", element: "real" };
    const names = consumedAxes("dot", joint, attributes);
    if ("fault" in names) return names;
    for (const input of inputs) {
      for (const name of names) if (findAxis(input, name) === null) return missingAxisFault("dot", name, input);
    }
    return { ...joint, axes: axes.filter((axis) => !names.includes(axis.name)) };
  },
  lower: (context, inputs, attributes, type) => {
    const axes = broadcastTypes(
      "dot",
      inputs.map((input) => input.type),
    );
    if ("fault" in axes) throw new RangeError(axes.fault);
    const joint: TensorType = { ...type, axes };
    const aligned = inputs.map((input) => alignLowered(context, input, axes));
    const products = context.builder.node(
      "Mul",
      aligned.map((input) => input.value),
    );
    const names = consumedNames(
      axes.map((axis) => axis.name),
      attributes,
    );
    const value = sumOver(context, products, axes, names);
    const merged = mergeFaults(
      context,
      aligned.map((input) => input.fault),
    );
    if (merged === null) return { value, fault: null, type };
    const positions = names.map((name) => layoutPosition(joint, name));
    return { value, fault: reduceFault(context, merged, products, positions), type };
  },
  reference: (inputs, attributes) => {
    const axes = broadcastAxes(inputs);
    const aligned = inputs.map((input) => broadcastTo(input, axes));
    const names = consumedNames(
      axes.map((axis) => axis.name),
      attributes,
    );
    const kept = axes.filter((axis) => !names.includes(axis.name));
    const targets = offsetsIn(axes, kept);
    const data = new Float64Array(elementCount(kept));
    targets.forEach((target, place) => {
      const term = aligned.reduce((factor, input) => factor * (input.data[place] ?? Number.NaN), 1);
      data[target] = (data[target] ?? 0) + term;
    });
    return { axes: kept, data, fault: reduceReferenceFault(mergeReferenceFaults(aligned), targets, data.length) };
  },
};

/** The operations on pairs of axes. */
export const linearAlgebra: readonly Operation[] = [gram, trace, diagonal, dot];
