import { int } from "../../onnx/attributes.js";
import type { GraphBuilder } from "../../onnx/builder.js";

/** Name of the mask that hides from each query what comes after it, and nothing else. */
export const causalMask = "sequence/causal";

/** Values that depend on nothing but the length of the sequence, shared by all layers. */
export interface Sequence {
  /** int64 [row, pos]: the graph's input. */
  readonly inputIds: string;
  /** int64 [pos]: 0, 1, … */
  readonly positions: string;
  /** int64 [1]: the number of positions. */
  readonly length: string;
  /** bool [query, key]: whether a query may look at a key (key ≤ query). */
  readonly causal: string;
  /** float32 []: −∞, for masked scores. */
  readonly negativeInfinity: string;
}

/** Declares the graph's input `input_ids` [row, pos] and what follows from its length. */
export function buildSequence(outer: GraphBuilder): Sequence {
  const inputIds = outer.input("input_ids", "int64", ["row", "pos"]);
  const builder = outer.scope("sequence");
  const scalar = (value: number): string => builder.constant("int64", [], [value]);
  const axes = (value: number): string => builder.constant("int64", [1], [value]);
  const length = builder.node("Shape", [inputIds], { start: int(1), end: int(2) }, "sequence/length");
  const count = builder.node("Squeeze", [length, axes(0)]);
  const positions = builder.node("Range", [scalar(0), count, scalar(1)], {}, "sequence/positions");
  const queries = builder.node("Unsqueeze", [positions, axes(1)]);
  const causal = builder.node("LessOrEqual", [positions, queries], {}, causalMask);
  // Graphs are JSON, which cannot hold −∞; log 0 is exactly that.
  const zero = builder.constant("float32", [], [0]);
  const negativeInfinity = builder.node("Log", [zero], {}, "sequence/negative_infinity");
  return { inputIds, positions, length, causal, negativeInfinity };
}
