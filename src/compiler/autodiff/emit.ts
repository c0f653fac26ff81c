/** ONNX forms that several derivative rules share. */
import { int } from "../onnx/attributes.js";
import type { GraphBuilder } from "../onnx/builder.js";
import type { ElementType } from "../onnx/graph.js";
import { integers } from "../onnx/lists.js";
import { cast } from "../operations/lowering.js";
import type { RuleContext } from "./rule.js";

/** The type of a gradient, which is that of its value. @throws RangeError (a fault of ours) for what has no gradient */
export function realType(type: ElementType): "float32" | "float64" {
  if (type !== "float32" && type !== "float64") throw new RangeError(`realType: gradients have no type ${type}`);
  return type;
}

/** A number of a type, without axes. Graphs hold no constants of float64, which are cast. */
export function numberOfType(builder: GraphBuilder, value: number, type: ElementType): string {
  const constant = builder.constant("float32", [], [value]);
  const real = realType(type);
  return real === "float32" ? constant : cast(builder, constant, real);
}

/** A number of the type of another value. */
export function numberLike({ builder, type }: RuleContext, value: number, like: string): string {
  return numberOfType(builder, value, type(like));
}

export function shapeOf(builder: GraphBuilder, value: string): string {
  return builder.node("Shape", [value]);
}

/** Zeros of the shape and type of a value. */
export function zerosLike(context: RuleContext, value: string): string {
  return context.builder.node("Expand", [numberLike(context, 0, value), shapeOf(context.builder, value)]);
}

export function multiply({ builder }: RuleContext, ...factors: readonly string[]): string {
  return factors.reduce((product, factor) => builder.node("Mul", [product, factor]));
}

/**
 * The gradient of an operand that was broadcast: summed over the axes that the operand lacks, and over those in which it has
 * one entry for all. Where the sizes are not known before the graph runs, it finds out itself which these are.
 *
 * @param gradient of the shape that `operand` was broadcast to
 * @param result a value of that shape
 * @param matrix how many of the last axes are never broadcast
 */
export function sumToShape(
  context: RuleContext,
  gradient: string,
  operand: string,
  result: string,
  matrix = 0,
): string {
  const { builder, shape } = context;
  const [own, full] = [shape(operand), shape(result)];
  const missing = full.length - own.length;
  const leading = Array.from({ length: missing }, (_, i) => i);
  const summed = missing === 0 ? gradient : sumOver(builder, gradient, leading, false);
  const candidates = own.slice(0, own.length - matrix).flatMap((size, axis) => {
    return size === full[axis + missing] ? [] : [{ size, axis }];
  });
  if (candidates.length === 0) return summed;
  const axes = candidates.map(({ axis }) => axis);
  if (candidates.every(({ size }) => size === 1)) return sumOver(builder, summed, axes, true);
  // An axis of one entry in front is summed in any case: onnxruntime gives an empty value another shape where it is told to
  // sum over no axes.
  const behind = integers(builder, ...axes.map((axis) => axis + 1));
  const sizes = builder.node("Gather", [shapeOf(builder, operand), integers(builder, ...axes)]);
  const single = builder.node("Equal", [sizes, integers(builder, 1)]);
  const chosen = builder.node("Compress", [behind, single], { axis: int(0) });
  const front = integers(builder, 0);
  const all = builder.node("Concat", [front, chosen], { axis: int(0) });
  const total = builder.node("ReduceSum", [builder.node("Unsqueeze", [summed, front]), all], { keepdims: int(1) });
  return builder.node("Squeeze", [total, front]);
}

/** A sum over axes, which are removed or keep one entry. */
export function sumOver(builder: GraphBuilder, value: string, axes: readonly number[], keep: boolean): string {
  return builder.node("ReduceSum", [value, integers(builder, ...axes)], { keepdims: int(keep ? 1 : 0) });
}

/** A value with the shape of another that has as many entries. */
export function reshapeLike(context: RuleContext, value: string, like: string): string {
  return context.builder.node("Reshape", [value, shapeOf(context.builder, like)], { allowzero: int(1) });
}
