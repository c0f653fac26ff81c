/** The library of onnxruntime-node, loaded through its C API, and what every call of it needs. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { loadCApi, type CApi, type Pointer } from "./c-functions.js";

/** What every call needs. */
export interface Library {
  readonly api: CApi;
  readonly env: Pointer;
  /** Of the processor's memory. */
  readonly allocator: Pointer;
  /** The processor's memory. */
  readonly memory: Pointer;
}

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

/** The folder in which onnxruntime-node keeps its libraries for this machine. */
export function libraryFolder(): string {
  const folder = dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"));
  return join(folder, "bin", "napi-v6", process.platform, process.arch);
}

/** Where onnxruntime-node keeps the library on this machine; null where it has none for it. */
function libraryPath(): string | null {
  const name =
    process.platform === "win32"
      ? "onnxruntime.dll"
      : process.platform === "darwin"
        ? "libonnxruntime.1.dylib"
        : "libonnxruntime.so.1";
  const path = join(libraryFolder(), name);
  return existsSync(path) ? path : null;
}

/** Loads the library that onnxruntime-node ships. @throws Error where it, or koffi, does not load */
export function loadLibrary(): Library {
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
  return library;
}
