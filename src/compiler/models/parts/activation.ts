import type { GraphBuilder } from "../../onnx/builder.js";

/** Activations that can be built. */
export type Activation = "gelu" | "gelu_tanh" | "silu" | "relu";

/** Hugging Face's names of activations (transformers/activations.py, ACT2FN) → ours. */
const activationNames: Readonly<Record<string, Activation>> = {
  gelu: "gelu",
  gelu_new: "gelu_tanh",
  gelu_pytorch_tanh: "gelu_tanh",
  silu: "silu",
  swish: "silu",
  relu: "relu",
};

/** Names that a config may use. */
export const supportedActivations: readonly string[] = Object.keys(activationNames);

/** The activation that a config names; null when it cannot be built. */
export function activationOf(name: string): Activation | null {
  return activationNames[name] ?? null;
}

/** Applies an activation to x [..]; gelu is the exact one (erf), gelu_tanh the approximation of Hendrycks & Gimpel 2016. */
export function applyActivation(builder: GraphBuilder, x: string, activation: Activation, name?: string): string {
  const scalar = (value: number): string => builder.constant("float32", [], [value]);
  const multiply = (a: string, b: string, result?: string): string => builder.node("Mul", [a, b], {}, result);
  switch (activation) {
    case "relu":
      return builder.node("Relu", [x], {}, name);
    case "silu":
      return multiply(x, builder.node("Sigmoid", [x]), name);
    case "gelu": {
      const erf = builder.node("Erf", [multiply(x, scalar(Math.SQRT1_2))]);
      return multiply(multiply(x, scalar(0.5)), builder.node("Add", [erf, scalar(1)]), name);
    }
    case "gelu_tanh": {
      const cube = multiply(multiply(x, x), x);
      const inner = builder.node("Add", [x, multiply(cube, scalar(0.044715))]);
      const tanh = builder.node("Tanh", [multiply(inner, scalar(Math.sqrt(2 / Math.PI)))]);
      return multiply(multiply(x, scalar(0.5)), builder.node("Add", [tanh, scalar(1)]), name);
    }
  }
}
