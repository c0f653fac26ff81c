import { int } from "../../onnx/attributes.js";
import type { GraphBuilder } from "../../onnx/builder.js";
import type { BuildContext } from "./context.js";

/** A normalisation over the last axis. */
export interface Norm {
  /** "layer": (x − mean) / √(variance + ε) · w + b (Ba et al. 2016). "rms": x / √(mean x² + ε) · w (Zhang & Sennrich 2019). */
  readonly kind: "layer" | "rms";
  /** Null where there is no w (Groeneveld et al. 2024). */
  readonly weight: string | null;
  readonly bias: string | null;
  readonly epsilon: number;
}

/**
 * Normalises x [.., width]. Written out in elementary operations: the variance is taken from centred values (as
 * PyTorch's is), and every operation has a gradient rule.
 */
export function applyNorm(builder: GraphBuilder, x: string, norm: Norm, name?: string): string {
  const last = builder.constant("int64", [1], [-1]);
  const mean = (value: string): string => builder.node("ReduceMean", [value, last], { keepdims: int(1) });
  const centred = norm.kind === "layer" ? builder.node("Sub", [x, mean(x)]) : x;
  const meanSquare = mean(builder.node("Mul", [centred, centred]));
  const epsilon = builder.constant("float32", [], [norm.epsilon]);
  const scale = builder.node("Sqrt", [builder.node("Add", [meanSquare, epsilon])]);
  const { weight, bias } = norm;
  const nameOf = (isLast: boolean): string | undefined => (isLast ? name : undefined);
  const normalised = builder.node("Div", [centred, scale], {}, nameOf(weight === null && bias === null));
  const weighted = weight === null ? normalised : builder.node("Mul", [normalised, weight], {}, nameOf(bias === null));
  return bias === null ? weighted : builder.node("Add", [weighted, bias], {}, nameOf(true));
}

/** Registers `NAME.weight`, `NAME.bias` (of a LayerNorm) and `NAME.epsilon`, over d_model: ones and zeros where it has none. */
export function registerNorm(context: BuildContext, name: string, norm: Norm): void {
  const { builder, signature } = context;
  const constant = (value: number): string =>
    builder.constant("float32", [signature.dModel], Array<number>(signature.dModel).fill(value));
  context.parameter(`${name}.weight`, norm.weight ?? constant(1));
  if (norm.kind === "layer") context.parameter(`${name}.bias`, norm.bias ?? constant(0));
  context.parameter(`${name}.epsilon`, builder.constant("float32", [], [norm.epsilon]));
}
