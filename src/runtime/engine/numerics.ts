import { createRequire } from "node:module";
import type { Numerics } from "../../compiler/ir/plan.js";
import type { EngineOptions } from "./messages.js";

/** The version of onnxruntime that engines will load, without loading it. */
export function onnxruntimeVersion(): string {
  const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json") as { readonly version: string };
  return version;
}

/** What of an engine's options decides numbers: the part of every unit's identity that planning takes from the host. */
export function numericsOf(options: EngineOptions): Numerics {
  return {
    onnxruntime: onnxruntimeVersion(),
    device: options.device.kind,
    graphOptimization: options.optimisation,
    prepacking: options.prepacking,
    tf32: options.tf32,
  };
}
