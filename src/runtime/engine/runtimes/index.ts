/** The doors to onnxruntime, and which one an engine takes. */
import type { ChildSettings } from "../messages.js";
import { nodeBindingRuntime } from "./node-binding.js";
import type { Runtime } from "./runtime.js";

/**
 * The runtime that settings ask for. The C API is the faster one, for the processor; wherever it does not load (a system
 * without a prebuilt koffi, or without the library), onnxruntime-node gives the same bits. Rejects with the message of
 * onnxruntime-node where that does not load either, or of the C API where nothing else was allowed.
 */
export async function loadRuntime({
  runtime,
  provider,
}: Pick<ChildSettings, "runtime" | "provider">): Promise<Runtime> {
  if (runtime === "node-binding" || (runtime === "any" && provider !== "cpu")) return nodeBindingRuntime();
  try {
    const { cApiRuntime } = await import("./c-api.js");
    return cApiRuntime();
  } catch (error) {
    if (runtime === "c-api") throw error;
    return nodeBindingRuntime();
  }
}
