/**
 * What coordinator and engine say to each other. Plain data that node's advanced serialization carries: typed arrays
 * arrive as typed arrays. The coordinator sends one request at a time or several; the child answers each by its number.
 * Graphs and tensors are the same for an engine elsewhere: they name no path of this machine.
 */
import type { ProductType } from "../../compiler/onnx/products.js";
import type { LocalWeights, WeightFile } from "./weights.js";

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

/** An execution provider beside the processor's, as the child adds it to its sessions. */
export interface DeviceProvider {
  /** As onnxruntime calls it, without `ExecutionProvider` at its end: `CUDA`, `WebGPU`, `OpenVINO`. */
  readonly name: string;
  /** How it gets into a session: as NVIDIA's own, by its name, or from a library that is registered as a plugin. */
  readonly door: "cuda" | "named" | "plugin";
  readonly deviceId: number;
  /** Which hardware a plugin is to use: it may offer several kinds. */
  readonly hardware: "processor" | "any";
  /** Its options, in its own words. */
  readonly options: Readonly<Record<string, string>>;
  /** What onnxruntime calls the memory of the device; null where it is that of the processor, or the plugin says it. */
  readonly memory: string | null;
  /** Path of the plugin's library; null for the other doors. */
  readonly library: string | null;
  /** Element types of the weights that all its sessions share; the others are each session's own. */
  readonly sharedWeights: readonly string[];
  /** Operators of onnxruntime's own that it does not have, so that its graphs are written without. */
  readonly lacks: readonly ("FusedMatMul" | "FastGelu")[];
  /** The type in which products with weights are computed, where graphs are to say so. */
  readonly products: ProductType;
  /** Bytes that the arena on the device may grow to; null: no bound but the device's. */
  readonly memoryLimit: number | null;
}

/** How the child makes sessions: what the backend that starts it makes of itself and of the run's settings. */
export interface ChildSettings {
  /** By which door it uses onnxruntime; `any`: the fastest that loads. All give the same bits. */
  readonly runtime: "any" | "c-api" | "node-binding";
  /** What computes: the processor, or a provider before it. */
  readonly provider: "cpu" | DeviceProvider;
  readonly threads: number;
  readonly optimisation: "disabled" | "basic";
  /** Entries of every session's configuration, without the `session.` before their names. */
  readonly entries: Readonly<Record<string, string>>;
}

/** A graph to open. */
export interface EngineGraph {
  readonly id: string;
  /** ONNX protobuf. */
  readonly bytes: Uint8Array;
  /** The files that its external data names; the engine knows where it has files of these digests. */
  readonly weights: readonly WeightFile[];
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

/** What an engine says about itself when it is ready. */
export interface EngineInfo {
  /** Of the child process that it is; null when it is no process of this machine. */
  readonly processId: number | null;
  readonly nodeVersion: string;
  /** The version of onnxruntime that computes, which units and records keep. */
  readonly onnxruntimeVersion: string;
  /** By which door onnxruntime is used, in words. */
  readonly runtime: string;
  /** Execution providers that this build of onnxruntime knows (a known one may still lack its libraries). */
  readonly backends: readonly string[];
}

export interface EngineResult {
  readonly outputs: EngineTensors;
  /** Wall-clock seconds inside onnxruntime, all graphs of the chain together, without the transfer to the engine and back. */
  readonly seconds: number;
}

/** Where weights lie on this machine, for all graphs that are opened afterwards. It has no answer: messages keep their order. */
export interface WeightsNotice {
  readonly kind: "weights";
  readonly files: readonly LocalWeights[];
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
