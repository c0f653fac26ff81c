import { integers } from "../../onnx/lists.js";
import { int, ints } from "../../onnx/attributes.js";
import type { GraphBuilder } from "../../onnx/builder.js";
import type { Rotary } from "./rotary.js";

/**
 * Sorts the rotated dimensions of x [row, head, pos, d_head] from pairs of neighbours (GPT-J) into halves, (a₀, b₀, a₁, b₁ …)
 * → (a₀, a₁ …, b₀, b₁ …), which `applyRotary` turns. The product of queries and keys that are both sorted so stays what it is.
 */
export function pairsToHalves(builder: GraphBuilder, x: string, { dimensions }: Rotary, dHead: number): string {
  const sizes = integers(builder, dimensions, dHead - dimensions);
  const [turned = x, rest] =
    dimensions === dHead ? [x] : builder.nodeWithOutputs("Split", [x, sizes], ["turned", "kept"], { axis: int(-1) });
  const pairs = builder.node("Reshape", [turned, integers(builder, 0, 0, 0, dimensions / 2, 2)]);
  const halves = builder.node("Transpose", [pairs], { perm: ints([0, 1, 2, 4, 3]) });
  const sorted = builder.node("Reshape", [halves, integers(builder, 0, 0, 0, dimensions)]);
  return rest === undefined ? sorted : builder.node("Concat", [sorted, rest], { axis: int(-1) });
}
