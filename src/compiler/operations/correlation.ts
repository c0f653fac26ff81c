/**
 * Pearson's correlation and the cosine: of two tensors, or of every pair of entries of one axis. Both are computed in
 * float64: float32 sums and matrix products differ in the last bit with the number of rows that share a batch.
 */
import { int, ints } from "../onnx/attributes.js";
import type { OperationAttributes } from "../ir/expression.js";
import { extentSize, typeText, type Axis, type TensorType } from "../ir/tensor-type.js";
import type { GraphBuilder } from "../onnx/builder.js";
import { alignLowered, alignValue, broadcastTypes, permute } from "./broadcast.js";
import { addOwnFault, addOwnReferenceFault, mergeFaults, mergeReferenceFaults, reduceFault, reduceReferenceFault } from "./faults.js"; // prettier-ignore
import { integers } from "../onnx/lists.js";
import { cast, countOver, mergeLast, reshape, joinLists, dimensions, sumOver, wideNumber } from "./lowering.js";
import { overText } from "./notation.js";
import type { Failure, LoweringContext, Operation, TypeFault } from "./operation.js";
import {
  broadcastAxes,
  broadcastTo,
  elementCount,
  offsetsIn,
  sizeOf,
  stridesIn,
  walk,
  type ReferenceAxes,
} from "./reference-tensor.js";
import {
  attributeFault,
  consumedAxes,
  consumedNames,
  findAxis,
  layoutPosition,
  missingAxisFault,
  numberFault,
  typeFault,
} from "./typing.js";

/** What distinguishes the two measures of likeness. */
interface Likeness {
  readonly name: "pearson" | "cosine";
  /** True when the mean over the consumed axes is taken off first. */
  readonly centred: boolean;
  readonly source: string;
  /** What is said in the documentation. */
  readonly formula: string;
  readonly fails: string;
  readonly failure: Failure;
}

const pearson: Likeness = {
  name: "pearson",
  centred: true,
  source: "scipy.stats.pearsonr",
  formula: "Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)² · Σ (y − ȳ)²)",
  fails: "when one of them does not vary",
  failure: {
    reason: "one side does not vary",
    written: (operands) => `a correlation needs values that vary, and one side of ${operands.join(", ")} does not`,
  },
};
const cosine: Likeness = {
  name: "cosine",
  centred: false,
  source: "1 − scipy.spatial.distance.cosine",
  formula: "Σ x · y / (‖x‖ · ‖y‖)",
  fails: "when one of them is 0",
  failure: {
    reason: "one side is 0",
    written: (operands) => `a cosine needs vectors that are not 0, and one side of ${operands.join(", ")} is`,
  },
};

/** The name of the likeness of every pair of entries. */
function betweenName({ name }: Likeness): string {
  return `${name}_between`;
}

const names = (axes: readonly { readonly name: string }[]): readonly string[] => axes.map((axis) => axis.name);

/**
 * A float64 value whose layout is [row, …axes] (dimensions of size 1 where it lacks an axis): centred when asked for and
 * divided by its norm over `consumed`; and where that is not possible, as [row, …kept].
 */
function emitUnit(
  context: LoweringContext,
  like: Likeness,
  value: string,
  axes: readonly Axis[],
  consumed: readonly string[],
): { readonly unit: string; readonly fails: string } {
  const { builder } = context;
  const type: TensorType = { axes, unit: "none", element: "real" };
  const kept = axes.filter((axis) => !consumed.includes(axis.name));
  const back = (reduced: string): string => alignValue(builder, reduced, kept, axes);
  const count = cast(builder, countOver(context, value, type, consumed), "float64");
  const mean = (): string => builder.node("Div", [sumOver(context, value, axes, consumed), count]);
  const centred = like.centred ? builder.node("Sub", [value, back(mean())]) : value;
  const squares = sumOver(context, builder.node("Mul", [centred, centred]), axes, consumed);
  const unit = builder.node("Div", [centred, back(builder.node("Sqrt", [squares]))]);
  const none = wideNumber(builder, 0);
  if (!like.centred) return { unit, fails: builder.node("Equal", [squares, none]) };
  // Equal entries may have a mean that is not exactly theirs, so that the squares do not tell.
  const dimensionsOf = integers(builder, ...consumed.map((name) => layoutPosition(type, name)));
  const extreme = (op: "ReduceMax" | "ReduceMin"): string =>
    consumed.length === 0 ? value : builder.node(op, [value, dimensionsOf], { keepdims: int(0) });
  // Extremes may miss a NaN, and infinite entries are not known to be equal; the sum of squares shows both.
  const finite = builder.node("Equal", [builder.node("Sub", [squares, squares]), none]);
  const equal = builder.node("LessOrEqual", [extreme("ReduceMax"), extreme("ReduceMin")]);
  const flat = builder.node("And", [finite, equal]);
  return { unit, fails: builder.node("Or", [flat, builder.node("Equal", [squares, none])]) };
}

/** Entries of a reference tensor, centred when asked for and divided by their norm; null when that is not possible. */
function unitEntries(like: Likeness, entries: readonly number[]): readonly number[] | null {
  const sum = (list: readonly number[]): number => list.reduce((total, entry) => total + entry, 0);
  const mean = like.centred ? sum(entries) / entries.length : 0;
  const centred = entries.map((entry) => entry - mean);
  const norm = Math.sqrt(sum(centred.map((entry) => entry ** 2)));
  const flat = like.centred && Number.isFinite(norm) && entries.every((entry) => entry === entries[0]);
  return flat || norm === 0 ? null : centred.map((entry) => entry / norm);
}

function product(a: readonly number[], b: readonly number[]): number {
  return a.reduce((total, entry, i) => total + entry * (b[i] ?? Number.NaN), 0);
}

/** Likeness of two tensors over the axes that `over` names. */
function ofTwo(like: Likeness): Operation {
  const { name } = like;
  const jointAxes = (inputs: readonly TensorType[]): readonly Axis[] => {
    const axes = broadcastTypes(name, inputs);
    if ("fault" in axes) throw new RangeError(axes.fault);
    return axes;
  };
  return {
    name,
    documentation: `${like.formula} over the named axes, which both have (all axes when none is named); the others broadcast by name; NaN with a reason ${like.fails}.`,
    source: like.source,
    arity: 2,
    attributes: { over: "axes" },
    written: {
      form: `${name}(x, y over axes)`,
      call: { kind: "pair", between: betweenName(like) },
      operator: null,
    },
    failure: like.failure,
    range: { kind: "bounded" },
    decides: false,
    gradient: null,
    type: (inputs, attributes): TensorType | TypeFault => {
      const wrong = numberFault(name, inputs);
      if (wrong !== null) return wrong;
      const axes = broadcastTypes(name, inputs);
      if ("fault" in axes) return axes;
      const consumed = consumedAxes(name, { axes, unit: "none", element: "real" }, attributes);
      if ("fault" in consumed) return consumed;
      for (const input of inputs) {
        for (const axis of consumed) if (findAxis(input, axis) === null) return missingAxisFault(name, axis, input);
      }
      return { axes: axes.filter((axis) => !consumed.includes(axis.name)), unit: "none", element: "real" };
    },
    lower: (context, inputs, attributes, type) => {
      const { builder } = context;
      const axes = jointAxes(inputs.map((input) => input.type));
      const consumed = consumedNames(names(axes), attributes);
      const aligned = inputs.map((input) => alignLowered(context, input, axes));
      const sides = aligned.map((input) =>
        emitUnit(context, like, cast(builder, input.value, "float64"), axes, consumed),
      );
      const products = builder.node(
        "Mul",
        sides.map((side) => side.unit),
      );
      const value = cast(builder, sumOver(context, products, axes, consumed), "float32");
      const merged = mergeFaults(
        context,
        aligned.map((input) => input.fault),
      );
      const positions = consumed.map((axis) => layoutPosition({ ...type, axes }, axis));
      const inputFault = merged === null ? null : reduceFault(context, merged, products, positions);
      const fails = builder.node(
        "Or",
        sides.map((side) => side.fails),
      );
      return { value, fault: addOwnFault(context, inputFault, fails), type };
    },
    reference: (inputs, attributes, reason) => {
      const axes = broadcastAxes(inputs);
      const aligned = inputs.map((input) => broadcastTo(input, axes));
      const consumed = consumedNames(names(axes), attributes);
      const kept = axes.filter((axis) => !consumed.includes(axis.name));
      const targets = offsetsIn(axes, kept);
      const groups = aligned.map((input) => grouped(input.data, targets, elementCount(kept)));
      const [left = [], right = []] = groups.map((list) => list.map((entries) => unitEntries(like, entries)));
      const data = Float64Array.from(left, (a, place) => product(a ?? [Number.NaN], right[place] ?? []));
      const inputFault = reduceReferenceFault(mergeReferenceFaults(aligned), targets, data.length);
      const fails = (place: number): boolean => left[place] === null || right[place] === null;
      return { axes: kept, data, fault: addOwnReferenceFault(kept, inputFault, reason, fails) };
    },
  };
}

/** Entries by the place of the result that they belong to. */
function grouped(data: Float64Array, targets: Int32Array, count: number): number[][] {
  const groups: number[][] = Array.from({ length: count }, () => []);
  targets.forEach((target, place) => groups[target]?.push(data[place] ?? Number.NaN));
  return groups;
}

/** The pairs a < b of `size` entries: (0, 1), (0, 2), … (1, 2), … */
export function pairsOf(size: number): readonly (readonly [number, number])[] {
  return Array.from({ length: size }, (_, a) =>
    Array.from({ length: size - a - 1 }, (_unused, i) => [a, a + 1 + i] as const),
  ).flat();
}

/** The two ends of all pairs as lists of indices. */
function pairEnds(builder: GraphBuilder, size: number): readonly [string, string] {
  const pairs = pairsOf(size);
  const list = (end: 0 | 1): string => builder.constant("int64", [pairs.length], pairs.map((pair) => pair[end])); // prettier-ignore
  return [list(0), list(1)];
}

interface PairAxes {
  readonly between: Axis;
  readonly consumed: readonly string[];
  readonly kept: readonly Axis[];
}

function pairAxes(operation: string, input: TensorType, attributes: OperationAttributes): PairAxes | TypeFault {
  const name = attributes["between"];
  if (typeof name !== "string") return attributeFault(operation, "between", "an axis", name);
  const between = findAxis(input, name);
  if (between === null) return missingAxisFault(operation, name, input);
  const rest: TensorType = { ...input, axes: input.axes.filter((axis) => axis !== between) };
  const over = attributes["over"];
  if (Array.isArray(over) && over.includes(name)) {
    return typeFault(`${operation}: ${name} stands after over and after between`, "two different axes", name);
  }
  const consumed = consumedAxes(operation, rest, attributes);
  if ("fault" in consumed) return consumed;
  return { between, consumed, kept: rest.axes.filter((axis) => !consumed.includes(axis.name)) };
}

function checkedPairAxes(operation: string, input: TensorType, attributes: OperationAttributes): PairAxes {
  const found = pairAxes(operation, input, attributes);
  if ("fault" in found) throw new RangeError(found.fault);
  return found;
}

/** Likeness of every pair of entries of the axis `between`, over the axes that `over` names. */
function ofPairs(like: Likeness): Operation {
  const name = betweenName(like);
  return {
    name,
    documentation: `${like.name} of every unordered pair of entries of one axis, over the named axes (all others when none is named): the axis becomes pair, in the order (0, 1), (0, 2), … (1, 2), …; NaN with a reason ${like.fails}.`,
    source: like.source,
    arity: 1,
    attributes: { over: "axes", between: "axis" },
    written: {
      form: `${like.name}(x over axes between axis)`,
      call: null,
      operator: null,
      text: ({ plain }, attributes) =>
        `${like.name}(${plain(0)}${overText(attributes)} between ${String(attributes["between"])})`,
    },
    failure: like.failure,
    range: { kind: "bounded" },
    decides: false,
    gradient: null,
    type: ([input], attributes): TensorType | TypeFault => {
      if (input === undefined) throw new RangeError(`${name}: one input is needed`);
      const wrong = numberFault(like.name, [input]);
      if (wrong !== null) return wrong;
      const found = pairAxes(like.name, input, attributes);
      if ("fault" in found) return found;
      const { between, kept } = found;
      if (between.extent.kind !== "fixed") {
        return typeFault(
          `${like.name}: the length of ${between.name} depends on the text`,
          "an axis of known length after between",
          typeText(input),
        );
      }
      if (kept.some((axis) => axis.name === "pair")) {
        return typeFault(`${like.name} makes an axis pair, which the tensor has already`, "no axis pair", typeText(input)); // prettier-ignore
      }
      const pairs = pairsOf(between.extent.size).length;
      const axes: readonly Axis[] = [...kept, { name: "pair", extent: { kind: "fixed", size: pairs } }];
      return { axes, unit: "none", element: "real" };
    },
    lower: (context, [input], attributes, type) => {
      if (input === undefined) throw new RangeError(`${name}: one input is needed`);
      const { builder } = context;
      const { between, consumed, kept } = checkedPairAxes(like.name, input.type, attributes);
      const size = extentSize(between.extent, 0);
      const rest = input.type.axes.filter((axis) => consumed.includes(axis.name));
      const ordered = [...kept, between, ...rest];
      const wide = cast(builder, permute(builder, input.value, input.type.axes, ordered), "float64");
      const { unit, fails } = emitUnit(context, like, wide, ordered, consumed);
      const last = kept.length + 2;
      const flat = mergeLast(builder, unit, last);
      const transposed = builder.node("Transpose", [flat], {
        perm: ints(Array.from({ length: last + 1 }, (_, i) => (i < last - 1 ? i : i === last - 1 ? last : last - 1))),
      });
      const products = builder.node("MatMul", [flat, transposed]);
      const square = reshape(
        builder,
        products,
        joinLists(builder, dimensions(builder, products, 0, last - 1), integers(builder, size * size)),
      );
      const chosen = pairsOf(size).map(([a, b]) => a * size + b);
      const axis = { axis: int(last - 1) };
      const list = builder.constant("int64", [chosen.length], chosen);
      const value = cast(builder, builder.node("Gather", [square, list], axis), "float32");
      const [firsts, seconds] = pairEnds(builder, size);
      const either = (op: "Or" | "Max", perEntry: string): string =>
        builder.node(
          op,
          [firsts, seconds].map((ends) => builder.node("Gather", [perEntry, ends], axis)),
        );
      const own = either("Or", fails);
      if (input.fault === null) return { value, fault: addOwnFault(context, null, own), type };
      const fault = permute(builder, input.fault, input.type.axes, ordered);
      const positions = rest.map((_, i) => last + i);
      const full = permute(builder, input.value, input.type.axes, ordered);
      const perEntry = reduceFaultKeeping(context, fault, full, positions);
      return { value, fault: addOwnFault(context, either("Max", perEntry), own), type };
    },
    reference: ([input], attributes, reason) => {
      if (input === undefined) throw new RangeError(`${name}: one input is needed`);
      const between = String(attributes["between"]);
      const others = input.axes.filter((axis) => axis.name !== between);
      const consumed = consumedNames(names(others), attributes);
      const kept = others.filter((axis) => !consumed.includes(axis.name));
      const size = sizeOf(input.axes, between);
      const perEntry: ReferenceAxes = [...kept, { name: between, size }];
      const targets = offsetsIn(input.axes, perEntry);
      const units = grouped(input.data, targets, elementCount(perEntry)).map((entries) => unitEntries(like, entries));
      const faults = reduceReferenceFault(input.fault, targets, units.length);
      const pairs = pairsOf(size);
      const axes: ReferenceAxes = [...kept, { name: "pair", size: pairs.length }];
      const starts = walk(kept, stridesIn(kept, perEntry));
      const ends = Array.from(starts, (start) => pairs.map(([a, b]) => [start + a, start + b] as const)).flat();
      const data = Float64Array.from(ends, ([a, b]) => product(units[a] ?? [Number.NaN], units[b] ?? []));
      const inputFault =
        faults === null ? null : Int32Array.from(ends, ([a, b]) => Math.max(faults[a] ?? 0, faults[b] ?? 0));
      const fails = (place: number): boolean => {
        const [a, b] = ends[place] ?? [0, 0];
        return units[a] === null || units[b] === null;
      };
      return { axes, data, fault: addOwnReferenceFault(axes, inputFault, reason, fails) };
    },
  };
}

/** {@link reduceFault}, where nothing is consumed too: the fault is as large as the value before entries are chosen. */
function reduceFaultKeeping(
  context: LoweringContext,
  fault: string,
  value: string,
  positions: readonly number[],
): string {
  const { builder } = context;
  const full = builder.node("Expand", [fault, builder.node("Shape", [value])]);
  return reduceFault(context, full, value, positions);
}

/** Correlation and cosine, of two tensors and between the entries of an axis. */
export const correlations: readonly Operation[] = [ofTwo(pearson), ofTwo(cosine), ofPairs(pearson), ofPairs(cosine)];
