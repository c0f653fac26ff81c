import { cpuBackend } from "../../src/runtime/engine/backends/cpu.js";
import type { EngineOptions, EngineStart } from "../../src/runtime/engine/backend.js";
import type { Engine } from "../../src/runtime/engine/engine.js";

/** The doors to onnxruntime, as `ATLASC_RUNTIME` names them. */
export const runtimes = ["c-api", "node-binding"] as const;

/** Starts an engine of the processor with a certain runtime; one that restarts keeps it. */
export async function startWith(
  runtime: (typeof runtimes)[number],
  options: EngineOptions,
  start?: EngineStart,
): Promise<Engine> {
  const before = process.env["ATLASC_RUNTIME"];
  process.env["ATLASC_RUNTIME"] = runtime;
  // The variable is read before the start first waits for anything.
  const started = cpuBackend.start(options, start);
  if (before === undefined) delete process.env["ATLASC_RUNTIME"];
  else process.env["ATLASC_RUNTIME"] = before;
  return started;
}
