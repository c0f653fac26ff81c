import type { GraphBuilder } from "./builder.js";

/** A list of int64, as Slice, Unsqueeze, Reshape and the reductions take it. */
export function integers(builder: GraphBuilder, ...values: readonly number[]): string {
  return builder.constant("int64", [values.length], values);
}
