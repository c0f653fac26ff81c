import { int } from "../../onnx/attributes.js";
import type { GraphBuilder } from "../../onnx/builder.js";

/** A normalisation over the last axis. */
export interface Norm {
  /** "layer": (x − mean) / √(variance + ε) · w + b (Ba et al. 2016). "rms": x / √(mean x² + ε) · w (Zhang & Sennrich 2019). */
  readonly kind: "layer" | "rms";
  readonly weight: string;
  readonly bias: string | null;
  readonly epsilon: number;
}

/**
 * Normalises x [.., d_model]. Written out in elementary operations: the variance is taken from centred values (as
 * PyTorch's is), and every operation has a gradient rule.
 */
export function applyNorm(builder: GraphBuilder, x: string, norm: Norm, name?: string): string {
  const last = builder.constant("int64", [1], [-1]);
  const mean = (value: string): string => builder.node("ReduceMean", [value, last], { keepdims: int(1) });
  const centred = norm.kind === "layer" ? builder.node("Sub", [x, mean(x)]) : x;
  const meanSquare = mean(builder.node("Mul", [centred, centred]));
  const epsilon = builder.constant("float32", [], [norm.epsilon]);
  const scale = builder.node("Sqrt", [builder.node("Add", [meanSquare, epsilon])]);
  const normalised = builder.node("Div", [centred, scale]);
  const weighted = builder.node("Mul", [normalised, norm.weight], {}, norm.bias === null ? name : undefined);
  return norm.bias === null ? weighted : builder.node("Add", [weighted, norm.bias], {}, name);
}
