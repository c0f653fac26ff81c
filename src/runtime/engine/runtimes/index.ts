/** The doors to onnxruntime, and which one an engine takes. */
import type { ChildSettings } from "../messages.js";
import { nodeBindingRuntime } from "./node-binding.js";
import type { Runtime } from "./runtime.js";

/**
 * The runtime that settings ask for. The C API is the faster one; wherever it does not load (a system without a prebuilt
 * koffi, or without the library), onnxruntime-node gives the same bits on the processor. A device is reached through the C API
 * alone, which lets its values stay there. Rejects with the message of onnxruntime-node where that does not load either,
 * or of the C API where nothing else was allowed.
 */
export async function loadRuntime({
  runtime,
  provider,
}: Pick<ChildSettings, "runtime" | "provider">): Promise<Runtime> {
  if (runtime === "node-binding") {
    if (provider !== "cpu")
      throw new Error(`onnxruntime-node alone is for the processor; ${provider.name} needs its C API`);
    return nodeBindingRuntime();
  }
  try {
    const { cApiRuntime } = await import("./c-api.js");
    return cApiRuntime(provider);
  } catch (error) {
    if (runtime === "c-api" || provider !== "cpu") throw error;
    return nodeBindingRuntime().catch((other: unknown) => {
      throw new Error(
        `the engine could not load onnxruntime: ${other instanceof Error ? other.message : String(other)}`,
      );
    });
  }
}
