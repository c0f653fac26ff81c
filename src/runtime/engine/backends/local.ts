/** Backends that are an execution provider of onnxruntime in a child process on this machine. */
import { createRequire } from "node:module";
import type { ProductType } from "../../../compiler/onnx/products.js";
import type { Capabilities } from "../../../compiler/ir/capabilities.js";
import type { Backend, EngineSettings } from "../backend.js";
import { EngineFault } from "../fault.js";
import type { ChildSettings } from "../messages.js";

/** What tells one execution provider from another. */
export interface LocalProvider {
  readonly name: string;
  /** What units are identified by: the name without what decides no number, with what else does. */
  readonly device: string | (() => string);
  readonly capabilities: Capabilities;
  /** @throws EngineFault (`start`) with a sentence where a library of it is missing */
  readonly provider: (settings: EngineSettings) => ChildSettings["provider"];
  /** Whether each model is first compared with the processor; yes when absent. */
  readonly compared?: boolean;
  /** The types in which it can compute products with weights; float32 alone when absent. */
  readonly computes?: readonly ProductType[];
  /** Whether it has TF32; no when absent. */
  readonly hasTf32?: boolean;
  /** Bytes of its own memory; null where that is the processor's, or is not known. Absent: null. */
  readonly memory?: () => number | null;
  /** Entries of the session's configuration beside those that every session has. */
  readonly entries: Readonly<Record<string, string>>;
  /** Variables that the child is started with. */
  readonly environment: (settings: { readonly tf32: boolean }) => Readonly<Record<string, string>>;
}

/** The version of onnxruntime that the child will load, without loading it. */
function onnxruntimeVersion(): string {
  const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json") as { readonly version: string };
  return version;
}

/**
 * By which door onnxruntime is used: the fastest that loads, unless `ATLASC_RUNTIME` names one, for whoever compares them.
 *
 * @throws EngineFault (`start`) for another name
 */
function runtimeAsked(): ChildSettings["runtime"] {
  const asked = process.env["ATLASC_RUNTIME"] ?? "";
  if (asked === "" || asked === "c-api" || asked === "node-binding") return asked === "" ? "any" : asked;
  throw new EngineFault("start", `ATLASC_RUNTIME is ${JSON.stringify(asked)}; it may be c-api or node-binding`);
}

export function localBackend({
  name,
  device,
  capabilities,
  provider,
  entries,
  environment,
  computes = ["float32"],
  hasTf32 = false,
  compared = true,
  memory = () => null,
}: LocalProvider): Backend {
  return {
    name,
    capabilities,
    memory,
    computes,
    hasTf32,
    compared,
    numerics: ({ optimisation, prepacking, tf32, compute = "float32" }) => ({
      onnxruntime: onnxruntimeVersion(),
      device: typeof device === "string" ? device : device(),
      graphOptimization: optimisation,
      prepacking,
      tf32,
      // What units had before there was another type than this.
      ...(compute === "float32" ? {} : { compute }),
    }),
    start: async (settings, { weights = [], signal } = {}) => {
      const { compute = "float32" } = settings;
      if (!computes.includes(compute)) {
        throw new EngineFault("start", `${name} computes products in ${computes.join(" or ")}, and not in ${compute}`);
      }
      if (settings.tf32 && !hasTf32) throw new EngineFault("start", `${name} has no TF32`);
      const runtime = runtimeAsked();
      // Commands that start no engine do not load what starts one.
      const { startChildEngine } = await import("../client.js");
      const { threads, optimisation } = settings;
      return startChildEngine({
        settings: { runtime, provider: provider(settings), threads, optimisation, entries },
        environment: environment(settings),
        weights,
        ...(signal === undefined ? {} : { signal }),
      });
    },
  };
}
