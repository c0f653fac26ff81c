import { entryOf } from "../../base/entry.js";
import { float } from "../../onnx/attributes.js";
import type { GraphBuilder } from "../../onnx/builder.js";
import type { ConfigReader } from "./config.js";

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
  return entryOf(activationNames, name) ?? null;
}

/** The activation in a field of a config; a name that cannot be built is reported. */
export function readActivation(config: ConfigReader, field: string, fallback: string): Activation {
  const name = config.text(field, fallback);
  const activation = activationOf(name);
  if (activation === null) config.refuse(field, name, supportedActivations.join(", "));
  return activation ?? "relu";
}

/**
 * Applies an activation to x [..]; gelu is the exact one (erf), gelu_tanh the approximation of Hendrycks & Gimpel 2016.
 * Each is one operator: written out, the seven of gelu_tanh go through memory seven times and take a tenth of a run.
 */
export function applyActivation(builder: GraphBuilder, x: string, activation: Activation, name?: string): string {
  switch (activation) {
    case "relu":
      return builder.node("Relu", [x], {}, name);
    // x · σ(αx) with α = 1.
    case "silu":
      return builder.node("QuickGelu", [x], { alpha: float(1) }, name);
    case "gelu":
      return builder.node("Gelu", [x], {}, name);
    case "gelu_tanh":
      return builder.node("FastGelu", [x], {}, name);
  }
}
