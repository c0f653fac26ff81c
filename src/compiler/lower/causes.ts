/** Where a number that is not finite comes from, in the graph: for each row the first check that is not sound. */
import { int } from "../onnx/attributes.js";
import type { GraphBuilder } from "../onnx/builder.js";
import { integers } from "../onnx/lists.js";
import { cast, zero } from "../operations/lowering.js";

/** A value [row or 1, …] that is looked at. `masked`: −∞ is as it should be. */
export interface LookedAt {
  readonly value: string;
  readonly rank: number;
  readonly masked: boolean;
}

/** bool [row or 1]: whether an entry of a row is infinite or NaN. One product and one sum, whatever the entries are. */
export function emitNotFinite(builder: GraphBuilder, { value, rank, masked }: LookedAt): string {
  const none = zero(builder);
  const sought = masked
    ? builder.node("Where", [builder.node("IsInf", [value], { detect_positive: int(0) }), none, value])
    : value;
  // 0 · x is 0 for a number, and NaN for anything else.
  const products = builder.node("Mul", [sought, none]);
  const axes = Array.from({ length: rank - 1 }, (_, i) => i + 1);
  const sums =
    rank === 1 ? products : builder.node("ReduceSum", [products, integers(builder, ...axes)], { keepdims: int(0) });
  return builder.node("IsNaN", [sums]);
}

/** bool [row or 1]: whether truth values [row or 1, …] are `holds` at some place of a row. */
export function emitSomewhere(builder: GraphBuilder, value: string, rank: number, holds: boolean): string {
  const sought = holds ? value : builder.node("Not", [value]);
  if (rank === 1) return sought;
  const axes = Array.from({ length: rank - 1 }, (_, i) => i + 1);
  const any = builder.node("ReduceMax", [cast(builder, sought, "int32"), integers(builder, ...axes)], {
    keepdims: int(0),
  });
  return builder.node("Greater", [any, builder.constant("int32", [1], [0])]);
}

/** int32 [row or 1]: the number, from 1, of the first of these bool values [row or 1] that holds; 0 for none. */
export function emitFirst(builder: GraphBuilder, conditions: readonly string[]): string {
  const number = (value: number): string => builder.constant("int32", [1], [value]);
  return conditions.reduceRight(
    (otherwise, condition, i) => builder.node("Where", [condition, number(i + 1), otherwise]),
    number(0),
  );
}
