/** Operations that consume axes: one result for all entries of the axes named by `over` (all axes when it is empty). */
import { int } from "../onnx/attributes.js";
import { typeText, type Axis, type TensorType } from "../ir/tensor-type.js";
import { alignValue } from "./broadcast.js";
import { addOwnFault, addOwnReferenceFault, reduceFault, reduceReferenceFault } from "./faults.js";
import { integers } from "../onnx/lists.js";
import { anyNaN, cast, countOver, spoilWhere, sumOver, withRank } from "./lowering.js";
import type { Lowered, LoweringContext, Operation, TypeFault } from "./operation.js";
import type { RangeRule } from "./range.js";
import { elementCount, offsetsIn } from "./reference-tensor.js";
import {
  consumedAxes,
  consumedNames,
  findAxis,
  layoutPosition,
  smallestSize,
  numberFault,
  tokenFault,
  typeFault,
  unitFault,
} from "./typing.js";

interface ReductionDescription {
  readonly name: string;
  readonly documentation: string;
  readonly source?: string;
  readonly gradient: string | null;
  /** True when truth values can be reduced too, as 1 and 0. */
  readonly countsTruth?: boolean;
  /** True when nothing else can be. */
  readonly truthOnly?: true;
  /** True when the result would be in a squared unit, which there is not. */
  readonly squares?: boolean;
  /** Why there is no result for an empty axis; absent when there is one. */
  readonly needsEntries?: string;
  /** Absent for a result that is not finite where an entry is not. */
  readonly range?: Omit<RangeRule, "tail">;
  /** Absent where a whole document's value takes the values of all its positions. */
  readonly windows?: "sum" | "mean" | "max" | "min";
  readonly chosen: NonNullable<Operation["chosen"]>;
  /** What a call of another run's value means; see {@link CallForm}. */
  readonly ofRuns?: "mean";
  /** The reduced value [row, …kept], from a float32 value. */
  readonly emit: (context: LoweringContext, value: string, type: TensorType, names: readonly string[]) => string;
  readonly compute: (entries: readonly number[]) => number;
}

function uncountable(name: string, input: TensorType): TypeFault {
  const hint = `compare, or choose entries: ${name}(x > 0 over pos), ${name}(x where x > 0 over pos)`;
  return typeFault(`${name} counts where a condition holds`, "truth values", typeText(input), hint);
}

function keptAxes(axes: readonly Axis[], names: readonly string[]): readonly Axis[] {
  return axes.filter((axis) => !names.includes(axis.name));
}

function reduction(description: ReductionDescription): Operation {
  const { name, documentation, source, gradient, countsTruth, squares, needsEntries, emit, compute, ofRuns } =
    description;
  const { chosen } = description;
  const { range = { kind: "transparent" }, windows = "positions" } = description;
  return {
    name,
    documentation,
    ...(source === undefined ? {} : { source }),
    arity: 1,
    attributes: { over: "axes" },
    written: {
      form: `${name}(x over axes)`,
      call: { kind: "over", ...(ofRuns === undefined ? {} : { ofRuns }) },
      operator: null,
    },
    failure:
      needsEntries === undefined
        ? null
        : { reason: needsEntries, written: () => `there is nothing to take ${name} of` },
    range: { ...range, tail: "entries" },
    windows,
    chosen,
    decides: false,
    gradient,
    type: ([input], attributes): TensorType | TypeFault => {
      if (input === undefined) throw new RangeError(`${name}: one input is needed`);
      const wrong = countsTruth === true ? tokenFault(name, [input]) : numberFault(name, [input]);
      if (wrong !== null) return wrong;
      if (description.truthOnly === true && input.element !== "truth") return uncountable(name, input);
      const unit = squares === true ? unitFault(name, [input], "std keeps the unit") : null;
      if (unit !== null) return unit;
      const names = consumedAxes(name, input, attributes);
      if ("fault" in names) return names;
      return { axes: keptAxes(input.axes, names), unit: input.unit, element: "real" };
    },
    lower: (context, inputs, attributes, type) => {
      const input = inputs[0];
      if (input === undefined) throw new RangeError(`${name}: one input is needed`);
      const names = consumedNames(
        input.type.axes.map((axis) => axis.name),
        attributes,
      );
      const real = input.type.element === "truth" ? cast(context.builder, input.value, "float32") : input.value;
      const value = emit(context, real, input.type, names);
      const fault = reductionFault(context, input, names);
      const canBeEmpty = names.some((axis) => {
        const found = findAxis(input.type, axis);
        return found !== null && smallestSize(found.extent) === 0;
      });
      if (needsEntries === undefined || !canBeEmpty) return { value, fault, type };
      const count = countOver(context, input.value, input.type, names);
      const empty = context.builder.node("Equal", [count, integers(context.builder, 0)]);
      const fails = withRank(context.builder, empty, type.axes.length + 1);
      return { value, fault: addOwnFault(context, fault, fails), type };
    },
    reference: ([input], attributes, reason) => {
      if (input === undefined) throw new RangeError(`${name}: one input is needed`);
      const names = consumedNames(
        input.axes.map((axis) => axis.name),
        attributes,
      );
      const axes = input.axes.filter((axis) => !names.includes(axis.name));
      const targets = offsetsIn(input.axes, axes);
      const groups: number[][] = Array.from({ length: elementCount(axes) }, () => []);
      targets.forEach((target, place) => groups[target]?.push(input.data[place] ?? Number.NaN));
      const data = Float64Array.from(groups, compute);
      const fault = reduceReferenceFault(input.fault, targets, data.length);
      if (needsEntries === undefined) return { axes, data, fault };
      const fails = (place: number): boolean => groups[place]?.length === 0;
      return { axes, data, fault: addOwnReferenceFault(axes, fault, reason, fails) };
    },
  };
}

/** Largest fault over the named axes, which are removed. */
function reductionFault(context: LoweringContext, input: Lowered, names: readonly string[]): string | null {
  if (input.fault === null) return null;
  const positions = names.map((name) => layoutPosition(input.type, name));
  return reduceFault(context, input.fault, input.value, positions);
}

function total(entries: readonly number[]): number {
  return entries.reduce((sum, entry) => sum + entry, 0);
}

function average(entries: readonly number[]): number {
  return total(entries) / entries.length;
}

/** Mean squared distance from the mean, in two passes. */
function variance(entries: readonly number[]): number {
  const center = average(entries);
  return average(entries.map((entry) => (entry - center) ** 2));
}

function emitMean(context: LoweringContext, value: string, type: TensorType, names: readonly string[]): string {
  const count = cast(context.builder, countOver(context, value, type, names), "float32");
  return context.builder.node("Div", [sumOver(context, value, type.axes, names), count]);
}

/** Two passes (mean, then mean of squared distances): E[x²] − E[x]² would cancel in float32. */
function emitVariance(context: LoweringContext, value: string, type: TensorType, names: readonly string[]): string {
  const { builder } = context;
  const mean = emitMean(context, value, type, names);
  const distance = builder.node("Sub", [value, alignValue(builder, mean, keptAxes(type.axes, names), type.axes)]);
  return emitMean(context, builder.node("Mul", [distance, distance]), type, names);
}

function emitNorm(context: LoweringContext, value: string, type: TensorType, names: readonly string[]): string {
  const { builder } = context;
  return builder.node("Sqrt", [sumOver(context, builder.node("Mul", [value, value]), type.axes, names)]);
}

/** ReduceMax and ReduceMin of onnxruntime lose a NaN unless it comes first: it is put back, never lost. */
function emitExtreme(op: "ReduceMax" | "ReduceMin"): ReductionDescription["emit"] {
  return (context, value, type, names) => {
    if (names.length === 0) return value;
    const { builder } = context;
    const along = names.map((name) => layoutPosition(type, name));
    const extreme = builder.node(op, [value, integers(builder, ...along)], { keepdims: int(0) });
    return spoilWhere(builder, anyNaN(builder, value, along), extreme);
  };
}

/** The reductions in the order of the language reference. */
export const reductions: readonly Operation[] = [
  reduction({
    name: "sum",
    chosen: "all",
    documentation:
      "Σ x over the named axes (all axes when none is named); of truth values, how many hold. Of nothing: 0.",
    gradient: null,
    countsTruth: true,
    range: { kind: "transparent", alone: true },
    windows: "sum",
    emit: (context, value, type, names) => sumOver(context, value, type.axes, names),
    compute: total,
  }),
  reduction({
    name: "count",
    chosen: "count",
    documentation:
      "How many of the truth values along the named axes hold (all axes when none is named); of x where a condition holds, how many entries that are.",
    gradient: "it is piecewise constant",
    countsTruth: true,
    truthOnly: true,
    range: { kind: "bounded" },
    windows: "sum",
    emit: (context, value, type, names) => sumOver(context, value, type.axes, names),
    compute: total,
  }),
  reduction({
    name: "mean",
    chosen: "mean",
    documentation:
      "Σ x / n over the n entries of the named axes; of truth values, the share that holds. NaN with a reason when n = 0.",
    gradient: null,
    countsTruth: true,
    needsEntries: "there is no entry to average",
    windows: "mean",
    ofRuns: "mean",
    emit: emitMean,
    compute: average,
  }),
  reduction({
    name: "max",
    chosen: "largest",
    documentation: "Largest entry over the named axes; NaN with a reason when there is none.",
    gradient: null,
    needsEntries: "there is no entry to take the largest of",
    range: { kind: "bounded" },
    windows: "max",
    emit: emitExtreme("ReduceMax"),
    compute: (entries) => entries.reduce((largest, entry) => Math.max(largest, entry), Number.NEGATIVE_INFINITY),
  }),
  reduction({
    name: "min",
    chosen: "smallest",
    documentation: "Smallest entry over the named axes; NaN with a reason when there is none.",
    gradient: null,
    needsEntries: "there is no entry to take the smallest of",
    range: { kind: "bounded" },
    windows: "min",
    emit: emitExtreme("ReduceMin"),
    compute: (entries) => entries.reduce((smallest, entry) => Math.min(smallest, entry), Number.POSITIVE_INFINITY),
  }),
  reduction({
    name: "var",
    chosen: "variance",
    documentation:
      "Population variance Σ (x − mean)² / n over the n entries of the named axes (ddof 0, NumPy's default); NaN with a reason when n = 0.",
    source: "numpy.var",
    gradient: null,
    squares: true,
    needsEntries: "there is no entry to take the variance of",
    emit: emitVariance,
    compute: variance,
  }),
  reduction({
    name: "std",
    chosen: "deviation",
    documentation:
      "Population standard deviation √(Σ (x − mean)² / n) over the n entries of the named axes (ddof 0, NumPy's default); NaN with a reason when n = 0.",
    source: "numpy.std",
    gradient: null,
    needsEntries: "there is no entry to take the standard deviation of",
    emit: (context, value, type, names) => context.builder.node("Sqrt", [emitVariance(context, value, type, names)]),
    compute: (entries) => Math.sqrt(variance(entries)),
  }),
  reduction({
    name: "norm",
    chosen: "all",
    documentation: "Euclidean norm √(Σ x²) over the named axes, in the unit of x. Of nothing: 0.",
    source: "numpy.linalg.norm",
    gradient: null,
    emit: emitNorm,
    compute: (entries) => Math.sqrt(total(entries.map((entry) => entry ** 2))),
  }),
];
