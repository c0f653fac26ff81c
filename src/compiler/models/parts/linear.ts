import { int } from "../../onnx/attributes.js";
import type { GraphBuilder } from "../../onnx/builder.js";

/** A weight matrix and its bias as values of the graph. */
export interface Linear {
  readonly weight: string;
  /** "out-in": torch.nn.Linear, y = x Wᵀ + b. "in-out": GPT-2's Conv1D, y = x W + b. */
  readonly layout: "out-in" | "in-out";
  readonly bias: string | null;
}

/** x [.., in] → [.., out]. FusedMatMul reads a transposed matrix in place, where Transpose would make a copy. */
export function applyLinear(builder: GraphBuilder, x: string, linear: Linear, name?: string): string {
  const productName = linear.bias === null ? name : undefined;
  const product =
    linear.layout === "in-out"
      ? builder.node("MatMul", [x, linear.weight], {}, productName)
      : builder.node("FusedMatMul", [x, linear.weight], { transB: int(1) }, productName);
  return linear.bias === null ? product : builder.node("Add", [product, linear.bias], {}, name);
}
