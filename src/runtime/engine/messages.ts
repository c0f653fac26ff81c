/**
 * What coordinator and engine say to each other. Plain data that node's advanced serialization carries: typed arrays
 * arrive as typed arrays. The coordinator sends one request at a time or several; the child answers each by its number.
 */
import type { Prepacking } from "../../compiler/ir/plan.js";

/** Element types that cross the border. Everything else stays inside a graph (bf16 weights are cast there). */
export type EngineElementType = "float32" | "int64" | "int32" | "bool";

/** The values of each element type in memory; truth values are one byte each, 0 or 1. */
export interface EngineData {
  readonly float32: Float32Array;
  readonly int64: BigInt64Array;
  readonly int32: Int32Array;
  readonly bool: Uint8Array;
}

/** A dense tensor, row-major. `data.length` is the product of `dims`; a scalar has no dims and one value. */
export type EngineTensor = {
  readonly [T in EngineElementType]: {
    readonly type: T;
    readonly dims: readonly number[];
    readonly data: EngineData[T];
  };
}[EngineElementType];

export type EngineTensors = Readonly<Record<string, EngineTensor>>;

export type EngineDevice = { readonly kind: "cpu" } | { readonly kind: "cuda"; readonly deviceId: number };

/**
 * How sessions are made. All of it can change the last bits of a number (the optimisation level, prepacking and TF32
 * do; threads on the CPU were measured not to), so all of it belongs in a run's record.
 */
export interface EngineOptions {
  readonly device: EngineDevice;
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
}

/** A graph to open: ONNX protobuf bytes and the folder that its external data lies in (null: it has none). */
export interface EngineGraph {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly folder: string | null;
  /**
   * true: the session keeps a private copy of its matrices, rearranged for products. false: weights stay in the mapped
   * file, which sessions share.
   */
  readonly prepacked: boolean;
  /**
   * Whether its session keeps the memory of its activations for the next run: faster where they are large, and as much
   * memory for each such session as its largest batch took. Changes no number. Absent: no.
   */
  readonly arena?: boolean;
}

/** An input or output of an open graph, as the session itself reports it. -1 never occurs: symbols have names. */
export interface EngineValue {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** What the child says about itself when it is ready. */
export interface EngineInfo {
  readonly processId: number;
  readonly nodeVersion: string;
  readonly onnxruntimeVersion: string;
  /** Execution providers that this build of onnxruntime knows (a known one may still lack its libraries). */
  readonly backends: readonly string[];
}

export interface EngineResult {
  readonly outputs: EngineTensors;
  /** Wall-clock seconds inside onnxruntime, all graphs of the chain together, without the transfer between the processes. */
  readonly seconds: number;
}

export type EngineRequest =
  | { readonly kind: "open"; readonly number: number; readonly graph: EngineGraph }
  | {
      readonly kind: "run";
      readonly number: number;
      readonly graphs: readonly string[];
      readonly feeds: EngineTensors;
      readonly fetches: readonly string[];
    }
  | { readonly kind: "close"; readonly number: number; readonly graph: string };

/**
 * Why a request failed without ending the child. `graph`: onnxruntime could not open the graph. `request`: the request
 * itself is wrong (unknown graph, feed, fetch, wrong shape) and would be wrong again. `run`: onnxruntime failed.
 */
export type RequestFailure = "graph" | "request" | "run";

export type EngineReply =
  | { readonly kind: "ready"; readonly info: EngineInfo }
  | {
      readonly kind: "opened";
      readonly number: number;
      readonly inputs: EngineValue[];
      readonly outputs: EngineValue[];
    }
  | { readonly kind: "result"; readonly number: number; readonly result: EngineResult }
  | { readonly kind: "closed"; readonly number: number }
  | {
      readonly kind: "failed";
      /** Request number; null when the child could not start. */
      readonly number: number | null;
      readonly failure: RequestFailure | "start";
      readonly message: string;
    };
