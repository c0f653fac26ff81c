/**
 * What computes, as one value: whatever the rest of atlasc wants to know of a device or of another machine. The table of
 * them is `backends/index.ts`.
 */
import type { Capabilities } from "../../compiler/ir/capabilities.js";
import type { Numerics, Prepacking } from "../../compiler/ir/plan.js";
import type { ProductType } from "../../compiler/onnx/products.js";
import type { Engine } from "./engine.js";
import type { LocalWeights } from "./weights.js";

/**
 * How sessions are made, whatever makes them. All of it can change the last bits of a number (the optimisation level,
 * prepacking and TF32 do; threads on the CPU were measured not to), so all of it belongs in a run's record.
 */
export interface EngineSettings {
  /** Threads of one operator. */
  readonly threads: number;
  /**
   * onnxruntime's graphOptimizationLevel: the two at which taps and batching were measured not to change a bit. The
   * higher ones fuse across values that nothing taps, so that their numbers depend on what is looked at.
   */
  readonly optimisation: "disabled" | "basic";
  /** For which texts sessions keep a private, rearranged copy of their weights; what is opened says it for itself. */
  readonly prepacking: Prepacking;
  /** CUDA only: let f32 products be computed with the 10-bit mantissas of TF32. */
  readonly tf32: boolean;
  /** The type in which products with weights are computed, where the backend has others than float32. Absent: float32. */
  readonly compute?: ProductType;
}

/** What computes, and how. */
export interface EngineOptions extends EngineSettings {
  readonly backend: Backend;
}

/** What an engine is given when it starts. */
export interface EngineStart {
  /** The weight files of this machine, by their digests. An engine elsewhere may have files of these digests, too. */
  readonly weights?: readonly LocalWeights[];
  /** Aborting it before the engine is ready ends the start; afterwards it has no effect. */
  readonly signal?: AbortSignal;
}

/** A place where graphs are computed. */
export interface Backend {
  /** As `--device` takes it, and records and reports name it: `cpu`, `cuda:0`. */
  readonly name: string;
  /** What plans and runs may rely on. */
  readonly capabilities: Capabilities;
  /**
   * Bytes of the memory that it has beside this machine's; null where there is none, or nothing says how much. Absent: none.
   * Asking loads a driver, but starts nothing.
   */
  readonly memory?: () => number | null;
  /** Whether each model is computed on the processor, too, before its first run, and the two compared. Absent: no. */
  readonly compared?: boolean;
  /** The types in which it can compute products with weights; float32 alone when absent. */
  readonly computes?: readonly ProductType[];
  /** Whether products of float32 can be computed in TF32 where that is asked for. Absent: no. */
  readonly hasTf32?: boolean;
  /**
   * What of it and of the settings decides numbers: part of the identity of every unit. Two backends with the same
   * numerics give the same bits, share units and have the same capabilities. Starts nothing and loads nothing.
   */
  numerics(settings: EngineSettings): Numerics;
  /**
   * Starts an engine. Rejects with an EngineFault: `start` when it does not come up, `stopped` when the signal was
   * aborted before it was ready.
   */
  start(settings: EngineSettings, start?: EngineStart): Promise<Engine>;
}

/** An entry of the table: the backends that one word of `--device` begins. */
export interface BackendKind {
  /** The forms that `--device` takes, for its help: `cuda`, `cuda:N`. */
  readonly forms: readonly string[];
  /** The backend that a text of one of these forms names; null for any other text. */
  named(text: string): Backend | null;
}

/** What of these options decides numbers: the part of every unit's identity that planning takes from the host. */
export function numericsOf(options: EngineOptions): Numerics {
  return options.backend.numerics(options);
}
