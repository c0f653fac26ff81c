/**
 * onnxruntime through its C API: what a session yields stays in onnxruntime's memory, and the next session of a chain
 * reads it there. Only what crosses the border is copied, once. All sessions share one arena.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { arrayTypes } from "../feeds.js";
import type { EngineElementType, EngineTensor, EngineValue } from "../messages.js";
import { copyIn, copyOut, loadCApi, textAt, type CApi, type Pointer } from "./c-functions.js";
import {
  checkPassedType,
  type HeldTensor,
  type Runtime,
  type RuntimeSession,
  type SessionSettings,
} from "./runtime.js";

/** Element types by onnxruntime's numbers, with their bytes. */
const elementTypes: ReadonlyMap<number, readonly [name: string, bytes: number]> = new Map([
  [1, ["float32", 4]],
  [6, ["int32", 4]],
  [7, ["int64", 8]],
  [9, ["bool", 1]],
  [11, ["float64", 8]],
]);

const numbersOfTypes = new Map([...elementTypes].map(([number, [name]]) => [name, number]));

/** `ORT_LOGGING_LEVEL_WARNING`, as onnxruntime-node has it. */
const warnings = 2;

/** `OrtArenaAllocator` and `OrtMemTypeDefault`: whatever allocator a session has for the memory of the processor. */
const cpuMemory = [1, 0] as const;

/**
 * No bound, growth by powers of two, and what onnxruntime chooses for the rest. All sessions share this one arena. So
 * memory that one of them is done with is warm when the next one takes it, and a chain of twelve holds what one does: the
 * sweep of heads faulted a third fewer pages in, and held a sixth less memory, than with memory from the system for each run.
 */
const arenaGrowth = [0, 0, -1, -1] as const;

/** What every call needs. */
interface Library {
  readonly api: CApi;
  readonly env: Pointer;
  readonly allocator: Pointer;
  readonly memory: Pointer;
}

/** Where onnxruntime-node keeps the library on this machine; null where it has none for it. */
function libraryPath(): string | null {
  const folder = dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"));
  const name =
    process.platform === "win32"
      ? "onnxruntime.dll"
      : process.platform === "darwin"
        ? "libonnxruntime.1.dylib"
        : "libonnxruntime.so.1";
  const path = join(folder, "bin", "napi-v6", process.platform, process.arch, name);
  return existsSync(path) ? path : null;
}

/** Loads the library that onnxruntime-node ships. @throws Error where it, or koffi, does not load */
export function cApiRuntime(): Runtime {
  const path = libraryPath();
  if (path === null) throw new Error(`onnxruntime-node has no library for ${process.platform} on ${process.arch}`);
  const api = loadCApi(path);
  const library: Library = {
    api,
    env: api.pointer("CreateEnv", warnings, "atlasc"),
    allocator: api.pointer("GetAllocatorWithDefaultOptions"),
    memory: api.pointer("CreateCpuMemoryInfo", ...cpuMemory),
  };
  api.call("CreateAndRegisterAllocator", library.env, library.memory, api.pointer("CreateArenaCfg", ...arenaGrowth));
  return {
    name: "onnxruntime's C API",
    version: api.version,
    providers: providersOf(api),
    hold: (tensor) => hold(library, tensor),
    open: (graph, settings) => openSession(library, graph, settings),
  };
}

function providersOf(api: CApi): readonly string[] {
  const { at, entries } = api.list("GetAvailableProviders");
  const providers = entries.map((name) =>
    textAt(name)
      .replace(/ExecutionProvider$/, "")
      .toLowerCase(),
  );
  api.call("ReleaseAvailableProviders", at, entries.length);
  return providers;
}

/** The values of this runtime by what holds them, which a session of it takes back. */
const values = new WeakMap<HeldTensor, Pointer>();

function held({ api }: Library, value: Pointer, type: string, bytes: number, dims: readonly number[]): HeldTensor {
  const length = bytes * dims.reduce((product, size) => product * size, 1);
  const result: HeldTensor = {
    type,
    dims,
    read: () => tensorOf(type, dims, copyOut(api.pointer("GetTensorMutableData", value), length)),
    release: () => {
      values.delete(result);
      api.call("ReleaseValue", value);
    },
  };
  values.set(result, value);
  return result;
}

function tensorOf(type: string, dims: readonly number[], data: ArrayBuffer): EngineTensor {
  if (!isElementType(type)) throw new RangeError(`tensors of ${type} do not cross the border`);
  return { type, dims, data: new arrayTypes[type](data) } as EngineTensor;
}

function isElementType(type: string): type is EngineElementType {
  return Object.hasOwn(arrayTypes, type);
}

/** A copy in onnxruntime's memory: the garbage collector may move what JavaScript has. */
function hold(library: Library, { type, dims, data }: EngineTensor): HeldTensor {
  const { api, allocator } = library;
  const shape = BigInt64Array.from(dims, BigInt);
  const value = api.pointer("CreateTensorAsOrtValue", allocator, shape, dims.length, numbersOfTypes.get(type));
  copyIn(api.pointer("GetTensorMutableData", value), new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return held(library, value, type, data.BYTES_PER_ELEMENT, dims);
}

function openSession(library: Library, graph: Uint8Array, settings: SessionSettings): RuntimeSession {
  const { api, env } = library;
  const options = optionsOf(api, settings);
  let session: Pointer;
  try {
    session = api.pointer("CreateSessionFromArray", env, graph, graph.length, options);
  } finally {
    api.call("ReleaseSessionOptions", options);
  }
  try {
    const inputs = valuesOf(library, session, "Input");
    const outputs = valuesOf(library, session, "Output");
    const binding = api.pointer("CreateIoBinding", session);
    return {
      inputs,
      outputs,
      run: (taken, fetches) => run(library, session, binding, taken, fetches),
      release: () => {
        api.call("ReleaseIoBinding", binding);
        api.call("ReleaseSession", session);
      },
    };
  } catch (error) {
    api.call("ReleaseSession", session);
    throw error;
  }
}

function optionsOf(api: CApi, { provider, optimisation, threads, entries }: SessionSettings): Pointer {
  if (provider !== "cpu") throw new Error("onnxruntime's C API is used for the processor only");
  const options = api.pointer("CreateSessionOptions");
  try {
    api.call("SetSessionGraphOptimizationLevel", options, optimisation === "basic" ? 1 : 0);
    api.call("SetIntraOpNumThreads", options, threads);
    // A second batch of the same shape would get one block for all its activations, beside what the first one left in the arena.
    api.call("DisableMemPattern", options);
    for (const [name, value] of Object.entries({ ...entries, use_env_allocators: "1" })) {
      api.call("AddSessionConfigEntry", options, `session.${name}`, value);
    }
  } catch (error) {
    api.call("ReleaseSessionOptions", options);
    throw error;
  }
  return options;
}

/** The inputs or outputs of a session. @throws Error with a sentence about one that is not passed between sessions */
function valuesOf({ api, allocator }: Library, session: Pointer, side: "Input" | "Output"): readonly EngineValue[] {
  const count = api.number(`SessionGet${side}Count`, session);
  return Array.from({ length: count }, (_, i) => {
    const text = api.pointer(`SessionGet${side}Name`, session, i, allocator);
    const name = textAt(text);
    api.call("AllocatorFree", allocator, text);
    const about = api.pointer(`SessionGet${side}TypeInfo`, session, i);
    try {
      // It is a part of what it was asked of, and goes with it.
      const info = api.pointer("CastTypeInfoToTensorInfo", about);
      if (info === 0n) throw new Error(`${name} is not a tensor`);
      const { type, dims, symbols } = layoutOf(api, info);
      checkPassedType(name, type);
      return { name, type, shape: dims.map((size, axis) => (size < 0 ? (symbols[axis] ?? "") : size)) };
    } finally {
      api.call("ReleaseTypeInfo", about);
    }
  });
}

/** Type and sizes that an OrtTensorTypeAndShapeInfo tells; −1 for a size that has a symbol, or none. */
function layoutOf(
  api: CApi,
  info: Pointer,
): {
  readonly type: string;
  readonly bytes: number;
  readonly dims: readonly number[];
  readonly symbols: readonly string[];
} {
  const number = api.number("GetTensorElementType", info);
  const [type, bytes] = elementTypes.get(number) ?? [`of onnxruntime's type ${number}`, 0];
  const rank = api.number("GetDimensionsCount", info);
  const sizes = new BigInt64Array(rank);
  const names = new BigUint64Array(rank);
  if (rank > 0) {
    api.call("GetDimensions", info, sizes, rank);
    api.call("GetSymbolicDimensions", info, names, rank);
  }
  return {
    type,
    bytes,
    dims: Array.from(sizes, Number),
    symbols: Array.from(names, (at) => (at === 0n ? "" : textAt(at))),
  };
}

function run(
  library: Library,
  session: Pointer,
  binding: Pointer,
  taken: ReadonlyMap<string, HeldTensor>,
  fetches: readonly string[],
): ReadonlyMap<string, HeldTensor> {
  const { api, allocator, memory } = library;
  try {
    for (const [name, tensor] of taken) api.call("BindInput", binding, name, values.get(tensor));
    for (const name of fetches) api.call("BindOutputToDevice", binding, name, memory);
    api.call("RunWithBinding", session, null, binding);
    const { at, entries } = api.list("GetBoundOutputValues", binding, allocator);
    api.call("AllocatorFree", allocator, at);
    return new Map(
      entries.map((value, i) => {
        const info = api.pointer("GetTensorTypeAndShape", value);
        const { type, bytes, dims } = layoutOf(api, info);
        api.call("ReleaseTensorTypeAndShapeInfo", info);
        return [fetches[i] ?? "", held(library, value, type, bytes, dims)] as const;
      }),
    );
  } finally {
    // The binding would keep its inputs and outputs alive until the next run.
    api.call("ClearBoundInputs", binding);
    api.call("ClearBoundOutputs", binding);
  }
}
