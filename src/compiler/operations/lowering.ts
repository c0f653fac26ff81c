/** ONNX forms that several operations share. Layouts are [row, …axes]; row count and text length are dynamic. */
import { int } from "../onnx/attributes.js";
import { integers } from "../onnx/lists.js";
import type { GraphBuilder } from "../onnx/builder.js";
import type { Axis, TensorType } from "../ir/tensor-type.js";
import { permute } from "./broadcast.js";
import type { LoweringContext } from "./operation.js";
import { layoutPosition } from "./typing.js";

/** ONNX TensorProto.DataType numbers for Cast. */
const elementCode = { float32: 1, int32: 6, int64: 7, bool: 9, float64: 11 } as const;

/**
 * onnxruntime sums rows in SIMD packets after a few single elements up to an aligned address, so that the order of a
 * sum depends on where its row lies in the batch. Rows of a whole number of cache lines (16 float32) all start aligned.
 */
const alignedLength = 16;

/** Where Slice stops when it shall not stop before the end. */
export const toTheEnd = 2 ** 31 - 1;

/** Converts elements; float64 never leaves an operation. */
export function cast(builder: GraphBuilder, value: string, to: keyof typeof elementCode): string {
  return builder.node("Cast", [value], { to: int(elementCode[to]) });
}

/** The float32 number 0, of shape [1]. */
export function zero(builder: GraphBuilder): string {
  return builder.constant("float32", [1], [0]);
}

/** A number for computations in float64, of shape [1]; graphs hold no constants of that type. */
export function wideNumber(builder: GraphBuilder, value: number): string {
  return cast(builder, builder.constant("float32", [1], [value]), "float64");
}

/** A float32 NaN of shape [1]: graphs are JSON, so it is written as √−1. */
export function notANumber(builder: GraphBuilder): string {
  return builder.node("Sqrt", [builder.constant("float32", [1], [-1])]);
}

/** float32 −∞ of a shape of one entry: graphs are JSON, which has none, so it is written as ln 0. */
export function minusInfinity(builder: GraphBuilder, shape: readonly [] | readonly [1]): string {
  return builder.node("Log", [builder.constant("float32", shape, [0])]);
}

/** bool: whether a value has a NaN along some dimensions, which are removed or kept with size 1. */
export function anyNaN(builder: GraphBuilder, value: string, along: readonly number[], keepDimensions = false): string {
  const spoiled = builder.node("IsNaN", [value]);
  if (along.length === 0) return spoiled;
  const options = { keepdims: int(keepDimensions ? 1 : 0) };
  const any = builder.node("ReduceMax", [cast(builder, spoiled, "int32"), integers(builder, ...along)], options);
  return builder.node("Greater", [any, builder.constant("int32", [1], [0])]);
}

/** The value, and NaN where `spoiled` (bool, of the same rank) holds. */
export function spoilWhere(builder: GraphBuilder, spoiled: string, value: string): string {
  return builder.node("Where", [spoiled, notANumber(builder), value]);
}

/**
 * Natural logarithm through float64: onnxruntime's float32 Log computes full SIMD packets and the rest differently, so
 * that the last bit of a result would depend on its place in the batch.
 */
export function emitLog(builder: GraphBuilder, value: string): string {
  return cast(builder, builder.node("Log", [cast(builder, value, "float64")]), "float32");
}

/** Lengths of the dimensions [start, end) of a value, as int64. */
export function dimensions(builder: GraphBuilder, value: string, start: number, end?: number): string {
  return builder.node("Shape", [value], { start: int(start), ...(end === undefined ? {} : { end: int(end) }) });
}

/** Product of a list of int64, as a list of one; 1 for the empty list. */
export function product(builder: GraphBuilder, list: string): string {
  return builder.node("ReduceProd", [list], { keepdims: int(1) });
}

/** Joins lists of int64. */
export function joinLists(builder: GraphBuilder, ...lists: readonly string[]): string {
  return builder.node("Concat", lists, { axis: int(0) });
}

/** Gives a value the lengths of `shape`; 0 stands for an empty dimension. */
export function reshape(builder: GraphBuilder, value: string, shape: string): string {
  return builder.node("Reshape", [value, shape], { allowzero: int(1) });
}

/** [row, …first, …others] → [row, …first, product of the others]: also with no others (a last dimension of 1). */
export function mergeLast(builder: GraphBuilder, value: string, kept: number): string {
  const merged = product(builder, dimensions(builder, value, kept));
  return reshape(builder, value, joinLists(builder, dimensions(builder, value, 0, kept), merged));
}

/** One Slice along one dimension. */
export function slice(
  builder: GraphBuilder,
  value: string,
  dimension: number,
  start: number,
  end: number = toTheEnd,
): string {
  return builder.node("Slice", [value, integers(builder, start), integers(builder, end), integers(builder, dimension)]);
}

/**
 * float32 sum over the named axes, which are removed: the same bits for a row whatever shares its batch. Without names
 * the value itself. The sum of nothing is 0.
 */
export function sumOver(
  context: LoweringContext,
  value: string,
  axes: readonly Axis[],
  names: readonly string[],
): string {
  const consumed = axes.filter((axis) => names.includes(axis.name));
  if (consumed.length === 0) return value;
  const { builder } = context;
  const kept = axes.filter((axis) => !names.includes(axis.name));
  const last = kept.length + 1;
  const ordered = permute(builder, value, axes, [...kept, ...consumed]);
  // The Reshape also keeps onnxruntime's transpose optimiser from turning this into a sum over an inner dimension,
  // whose order of addition depends on the number of rows.
  const flat = mergeLast(builder, ordered, last);
  const missing = builder.node("Mod", [
    builder.node("Neg", [dimensions(builder, flat, last)]),
    integers(builder, alignedLength),
  ]);
  const before = integers(builder, ...Array.from({ length: 2 * last + 1 }, () => 0));
  const padded = builder.node("Pad", [flat, joinLists(builder, before, missing)]);
  return builder.node("ReduceSum", [padded, integers(builder, last)], { keepdims: int(0) });
}

/** Number of entries of the named axes together, as int64 of shape [1]. */
export function countOver(context: LoweringContext, value: string, type: TensorType, names: readonly string[]): string {
  const { builder } = context;
  const positions = names.map((name) => layoutPosition(type, name));
  if (positions.length === 0) return integers(builder, 1);
  const lengths = builder.node("Gather", [dimensions(builder, value, 0), integers(builder, ...positions)]);
  return product(builder, lengths);
}

/** A value of shape [1] as one of `rank` dimensions of size 1. */
export function withRank(builder: GraphBuilder, value: string, rank: number): string {
  return rank === 1 ? value : reshape(builder, value, integers(builder, ...Array.from({ length: rank }, () => 1)));
}
