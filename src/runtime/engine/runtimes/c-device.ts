/** A provider before the processor's, through the C API: CUDA, one that the library has by name, or a plugin. */
import type { Graph } from "../../../compiler/onnx/graph.js";
import { withoutFastGelu, withoutFusedProducts, withProductsIn } from "../../../compiler/onnx/products.js";
import type { DeviceProvider } from "../messages.js";
import { textAt, type CApi, type Pointer } from "./c-functions.js";
import { checkCudaLibraries } from "./cuda-libraries.js";
import { libraryFolder, type Library } from "./c-library.js";
import { createDeviceWeights, type DeviceWeights } from "./c-weights.js";
import { createTransfers, type Transfers } from "./c-transfers.js";

export interface Device {
  /** Adds the provider to the options of a session. */
  append(options: Pointer): void;
  /** A graph as this device is given it. */
  rewritten(graph: Graph): Graph;
  /** Whether what it has no kernel for may be computed by onnxruntime's own: it is the same processor. */
  readonly isProcessor: boolean;
  /** Where it has memory of its own; null where it computes in the processor's. */
  readonly own: OwnMemory | null;
  /** What is not as it might be, in words; null when all is. */
  readonly remark: string | null;
}

export interface OwnMemory {
  readonly memory: Pointer;
  readonly transfers: Transfers;
  readonly weights: DeviceWeights;
}

/** `OrtDeviceAllocator` and `OrtMemTypeDefault` of a memory that has a name. */
const deviceAllocator = 0;
const defaultMemory = 0;

/** `kSameAsRequested`: a device has less memory than powers of two would take. */
const asRequested = 1;

/**
 * Makes a device ready.
 *
 * @throws Error with a sentence that says what is missing
 */
export function openDevice(library: Library, provider: DeviceProvider): Device {
  const { api } = library;
  if (provider.door === "cuda") checkCudaLibraries(libraryFolder(), api.version);
  const plugin = provider.door === "plugin" ? pluginDevice(library, provider) : null;
  const append = (options: Pointer): void => {
    if (plugin !== null) appendPlugin(library, options, plugin, provider);
    else if (provider.door === "cuda") appendCuda(api, options, provider);
    else appendNamed(api, options, provider);
  };
  const memory =
    plugin !== null
      ? pluginMemory(api, plugin)
      : provider.memory === null
        ? null
        : api.pointer("CreateMemoryInfo", provider.memory, deviceAllocator, provider.deviceId, defaultMemory);
  const isProcessor = provider.hardware === "processor";
  const rewritten = (graph: Graph): Graph => {
    const { lacks, products } = provider;
    const plain = lacks.includes("FusedMatMul") ? withoutFusedProducts(graph) : graph;
    return withProductsIn(lacks.includes("FastGelu") ? withoutFastGelu(plain) : plain, products);
  };
  if (memory === null) return { append, rewritten, isProcessor, own: null, remark: null };
  const remark = provider.door === "cuda" ? shareArena(library, memory, provider) : null;
  const transfers = createTransfers(library, memory, () => {
    const options = api.pointer("CreateSessionOptions");
    api.call("AddSessionConfigEntry", options, "session.use_env_allocators", "1");
    append(options);
    return options;
  });
  const weights = createDeviceWeights(library, memory, transfers, provider.sharedWeights);
  return { append, rewritten, isProcessor, own: { memory, transfers, weights }, remark };
}

/** What onnxruntime says without the place in its source: `/…/FILE:LINE FUNCTION CONDITION was false. SENTENCE`. */
export function sentenceOf(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).trim();
  return text.replace(/^\S+\.(?:cc|cpp|h):\d+ .* was false\. /s, "");
}

function appendNamed(api: CApi, options: Pointer, { name, options: own }: DeviceProvider): void {
  const [keys, values] = [Object.keys(own), Object.values(own)];
  try {
    api.call("SessionOptionsAppendExecutionProvider", options, name, keys, values, keys.length);
  } catch (error) {
    throw new Error(`${name} does not start on this machine: ${sentenceOf(error)}`, { cause: error });
  }
}

function appendCuda(api: CApi, options: Pointer, { deviceId, options: own, memoryLimit }: DeviceProvider): void {
  const all = Object.entries({
    device_id: String(deviceId),
    arena_extend_strategy: "kSameAsRequested",
    ...(memoryLimit === null ? {} : { gpu_mem_limit: String(memoryLimit) }),
    ...own,
  });
  const cuda = api.pointer("CreateCUDAProviderOptions");
  try {
    const [keys, values] = [all.map(([key]) => key), all.map(([, value]) => value)];
    api.call("UpdateCUDAProviderOptions", cuda, keys, values, keys.length);
    api.call("SessionOptionsAppendExecutionProvider_CUDA_V2", options, cuda);
  } finally {
    api.call("ReleaseCUDAProviderOptions", cuda);
  }
}

/** One arena on the device for all sessions, like the one on the processor. Why there is none, in words, or null. */
function shareArena({ api, env }: Library, memory: Pointer, { deviceId, memoryLimit }: DeviceProvider): string | null {
  const growth = api.pointer("CreateArenaCfg", memoryLimit ?? 0, asRequested, -1, -1);
  const [keys, values] = [["device_id"], [String(deviceId)]];
  try {
    api.call("CreateAndRegisterAllocatorV2", env, "CUDAExecutionProvider", memory, growth, keys, values, keys.length);
    return null;
  } catch (error) {
    return `every session has an arena of its own: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Of `OrtHardwareDeviceType`. */
const processorType = 0;

/** The device of a plugin that has its name, is of the wanted hardware and has the number. @throws Error where there is none */
function pluginDevice({ api, env }: Library, { name, deviceId, hardware, library }: DeviceProvider): Pointer {
  try {
    api.call("RegisterExecutionProviderLibrary", env, name, library);
  } catch (error) {
    const source = `("Other engines" in the README says how to get it)`;
    throw new Error(`${name}'s plugin does not load: ${sentenceOf(error)} ${source}`, { cause: error });
  }
  const own = api.list("GetEpDevices", env).entries.filter((device) => {
    if (api.direct("EpDevice_EpName", device) !== `${name}ExecutionProvider`) return false;
    return hardware === "any" || hardwareType(api, device) === processorType;
  });
  const device = own[deviceId];
  if (device === undefined) throw new Error(`${name}'s plugin loads, and finds no device of its kind on this machine`);
  return device;
}

function hardwareType(api: CApi, device: Pointer): number {
  return Number(api.direct("HardwareDevice_Type", api.direct("EpDevice_Device", device)));
}

function pluginMemory(api: CApi, device: Pointer): Pointer | null {
  const memory = api.direct("EpDevice_MemoryInfo", device, defaultMemory) as Pointer | null;
  return memory === null || memory === 0n ? null : memory;
}

function appendPlugin(
  { api, env }: Library,
  options: Pointer,
  device: Pointer,
  { options: own }: DeviceProvider,
): void {
  const [keys, values] = [Object.keys(own), Object.values(own)];
  const devices = BigUint64Array.of(device);
  api.call("SessionOptionsAppendExecutionProvider_V2", options, env, devices, 1, keys, values, keys.length);
}

/** The providers that the library knows, in lower case. */
export function providersOf(api: CApi): readonly string[] {
  const { at, entries } = api.list("GetAvailableProviders");
  const providers = entries.map((name) =>
    textAt(name)
      .replace(/ExecutionProvider$/, "")
      .toLowerCase(),
  );
  api.call("ReleaseAvailableProviders", at, entries.length);
  return providers;
}
