/**
 * The functions of onnxruntime's C API that atlasc calls, through koffi. The API is one table of pointers, to which
 * versions only add at the end, so a place in it means the same in every version.
 *
 * @source onnxruntime_c_api.h of onnxruntime 1.29 (`struct OrtApi`, API version 24)
 */
import koffi from "koffi";

/** The version of the table that is asked for: what it holds, later libraries hold too. */
const apiVersion = 24;

/**
 * Bytes of the stack on which calls run: koffi has one of its own for them, of 2 MiB if nothing is said. As much as it allows, since
 * onnxruntime expects that of a main thread, which is 8 MiB.
 */
const stackBytes = 2 ** 24;

// Possible only before the first library is loaded.
koffi.config({ sync_stack_size: stackBytes, async_stack_size: stackBytes });

/** What keeps libraries loaded: koffi unloads one whose handle is garbage, whoever still has its functions. */
const loaded: unknown[] = [];

/** An address in the library's memory. */
export type Pointer = bigint;

const pointer = "void *";
const text = "str";
const texts = "const char **";
/** Paths are of wide characters on Windows. */
const pathText = process.platform === "win32" ? "str16" : text;
const outPointer = "out void *";
const outSize = "out size_t";
const outInt = "out int";

/** A parameter as koffi takes it. One behind `out` is a place for a result: a list, whose first entry it fills. */
function parameterType(parameter: string): ReturnType<typeof koffi.out> | string {
  const [, result] = /^out (.*)$/.exec(parameter) ?? [];
  return result === undefined ? parameter : koffi.out(koffi.pointer(result));
}

/** Name → place in the table, result, parameters. A result `status` is null, or an error that is thrown; others are given. */
const functions = {
  CreateEnv: [3, "status", ["int", text, outPointer]],
  CreateSessionFromArray: [8, "status", [pointer, pointer, "size_t", pointer, outPointer]],
  CreateSessionOptions: [10, "status", [outPointer]],
  DisableMemPattern: [17, "status", [pointer]],
  EnableCpuMemArena: [18, "status", [pointer]],
  DisableCpuMemArena: [19, "status", [pointer]],
  SetSessionGraphOptimizationLevel: [23, "status", [pointer, "int"]],
  SetIntraOpNumThreads: [24, "status", [pointer, "int"]],
  SessionGetInputCount: [30, "status", [pointer, outSize]],
  SessionGetOutputCount: [31, "status", [pointer, outSize]],
  SessionGetInputTypeInfo: [33, "status", [pointer, "size_t", outPointer]],
  SessionGetOutputTypeInfo: [34, "status", [pointer, "size_t", outPointer]],
  SessionGetInputName: [36, "status", [pointer, "size_t", pointer, outPointer]],
  SessionGetOutputName: [37, "status", [pointer, "size_t", pointer, outPointer]],
  CreateTensorWithDataAsOrtValue: [49, "status", [pointer, pointer, "size_t", pointer, "size_t", "int", outPointer]],
  CreateTensorAsOrtValue: [48, "status", [pointer, pointer, "size_t", "int", outPointer]],
  GetTensorMutableData: [51, "status", [pointer, outPointer]],
  CastTypeInfoToTensorInfo: [55, "status", [pointer, outPointer]],
  GetTensorElementType: [60, "status", [pointer, outInt]],
  GetDimensionsCount: [61, "status", [pointer, outSize]],
  GetDimensions: [62, "status", [pointer, pointer, "size_t"]],
  GetSymbolicDimensions: [63, "status", [pointer, pointer, "size_t"]],
  GetTensorTypeAndShape: [65, "status", [pointer, outPointer]],
  CreateMemoryInfo: [68, "status", [text, "int", "int", "int", outPointer]],
  CreateCpuMemoryInfo: [69, "status", ["int", "int", outPointer]],
  AllocatorFree: [76, "status", [pointer, pointer]],
  GetAllocatorWithDefaultOptions: [78, "status", [outPointer]],
  ReleaseSession: [95, "void", [pointer]],
  ReleaseValue: [96, "void", [pointer]],
  ReleaseTypeInfo: [98, "void", [pointer]],
  ReleaseTensorTypeAndShapeInfo: [99, "void", [pointer]],
  ReleaseSessionOptions: [100, "void", [pointer]],
  GetAvailableProviders: [125, "status", [outPointer, outInt]],
  ReleaseAvailableProviders: [126, "status", [pointer, "int"]],
  AddSessionConfigEntry: [130, "status", [pointer, text, text]],
  RunWithBinding: [133, "status", [pointer, pointer, pointer]],
  CreateAndRegisterAllocator: [144, "status", [pointer, pointer, pointer]],
  AddInitializer: [150, "status", [pointer, text, pointer]],
  CreateArenaCfg: [156, "status", ["size_t", "int", "int", "int", outPointer]],
  CreateIoBinding: [134, "status", [pointer, outPointer]],
  ReleaseIoBinding: [135, "void", [pointer]],
  BindInput: [136, "status", [pointer, text, pointer]],
  BindOutputToDevice: [138, "status", [pointer, text, pointer]],
  GetBoundOutputValues: [140, "status", [pointer, pointer, outPointer, outSize]],
  ClearBoundInputs: [141, "void", [pointer]],
  ClearBoundOutputs: [142, "void", [pointer]],
  SynchronizeBoundInputs: [202, "status", [pointer]],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, "status", [pointer, pointer]],
  CreateCUDAProviderOptions: [205, "status", [outPointer]],
  UpdateCUDAProviderOptions: [206, "status", [pointer, texts, texts, "size_t"]],
  ReleaseCUDAProviderOptions: [208, "void", [pointer]],
  SessionOptionsAppendExecutionProvider: [216, "status", [pointer, text, texts, texts, "size_t"]],
  CreateAndRegisterAllocatorV2: [259, "status", [pointer, text, pointer, pointer, texts, texts, "size_t"]],
  RegisterExecutionProviderLibrary: [301, "status", [pointer, text, pathText]],
  GetEpDevices: [303, "status", [pointer, outPointer, outSize]],
  SessionOptionsAppendExecutionProvider_V2: [
    304,
    "status",
    [pointer, pointer, pointer, "size_t", texts, texts, "size_t"],
  ],
  HardwareDevice_Type: [307, "int", [pointer]],
  EpDevice_EpName: [312, "const char *", [pointer]],
  EpDevice_Device: [316, pointer, [pointer]],
  EpDevice_MemoryInfo: [374, pointer, [pointer, "int"]],
  Session_GetEpGraphAssignmentInfo: [407, "status", [pointer, outPointer, outSize]],
  EpAssignedSubgraph_GetEpName: [408, "status", [pointer, outPointer]],
  EpAssignedSubgraph_GetNodes: [409, "status", [pointer, outPointer, outSize]],
  EpAssignedNode_GetName: [410, "status", [pointer, outPointer]],
  EpAssignedNode_GetOperatorType: [412, "status", [pointer, outPointer]],
} as const;

type FunctionName = keyof typeof functions;

/** The library, loaded. */
export interface CApi {
  readonly version: string;
  /** Calls a function; its status, if it has one, is checked. */
  call(name: FunctionName, ...values: readonly unknown[]): void;
  /** The same in another thread, while this one goes on. */
  callAside(name: FunctionName, ...values: readonly unknown[]): Promise<void>;
  /** Calls a function whose last parameter is a place for a pointer, and returns that; 0 where it is null. */
  pointer(name: FunctionName, ...values: readonly unknown[]): Pointer;
  /** Calls a function that gives its result, and no status. */
  direct(name: FunctionName, ...values: readonly unknown[]): unknown;
  /** Calls a function whose last parameter is a place for a number, and returns that. */
  number(name: FunctionName, ...values: readonly unknown[]): number;
  /** Calls a function whose last parameters are places for a list of pointers and its length; the list is the caller's. */
  list(name: FunctionName, ...values: readonly unknown[]): PointerList;
}

/** A function of the library, as koffi makes it. */
interface Callable {
  (...values: unknown[]): unknown;
  /** Calls it in another thread; the last value is what then takes an error or the result. */
  async(...values: unknown[]): void;
}

/** A list in the library's memory, and what is in it. */
export interface PointerList {
  readonly at: Pointer;
  readonly entries: readonly Pointer[];
}

/**
 * Loads the library at a path.
 *
 * @throws Error where there is none, or none that knows this version of the API
 */
export function loadCApi(path: string): CApi {
  const library = koffi.load(path);
  loaded.push(library);
  const base = koffi.decode(
    library.func("void *OrtGetApiBase()")(),
    koffi.struct({ GetApi: pointer, GetVersionString: pointer }),
  ) as { readonly GetApi: Pointer; readonly GetVersionString: Pointer };
  const callAt = (address: unknown, result: string, parameters: readonly string[]): Callable =>
    koffi.decode(address, koffi.proto(result, parameters.map(parameterType))) as Callable;
  const version = callAt(base.GetVersionString, "const char *", [])() as string;
  const api = callAt(base.GetApi, pointer, ["uint32"])(apiVersion);
  if (isNull(api)) throw new Error(`onnxruntime ${version} has no API of version ${apiVersion}`);

  const places = Object.values(functions).map(([place]) => place);
  const table = koffi.decode(api, koffi.array(pointer, Math.max(...places) + 1)) as unknown[];
  const messageOf = callAt(table[2], "const char *", [pointer]);
  const releaseStatus = callAt(table[93], "void", [pointer]);
  const callable = new Map(
    Object.entries(functions).map(([name, [place, result, parameters]]) => [
      name,
      callAt(table[place], result === "status" ? pointer : result, parameters),
    ]),
  );

  function checkStatus(name: FunctionName, status: unknown): void {
    if (functions[name][1] !== "status" || isNull(status)) return;
    const message = messageOf(status) as string;
    releaseStatus(status);
    throw new Error(message);
  }

  function call(name: FunctionName, ...values: readonly unknown[]): void {
    checkStatus(name, callable.get(name)?.(...values));
  }

  async function callAside(name: FunctionName, ...values: readonly unknown[]): Promise<void> {
    const status = await new Promise((resolve, reject) => {
      callable.get(name)?.async(...values, (error: Error | null, answer: unknown) => {
        if (error === null) resolve(answer);
        else reject(error);
      });
    });
    checkStatus(name, status);
  }

  function result(name: FunctionName, values: readonly unknown[]): unknown {
    const place = [null];
    call(name, ...values, place);
    return place[0];
  }

  return {
    version,
    call,
    callAside,
    direct: (name, ...values) => callable.get(name)?.(...values),
    pointer: (name, ...values) => (result(name, values) ?? 0n) as Pointer,
    number: (name, ...values) => Number(result(name, values)),
    list: (name, ...values) => {
      const at: [Pointer | null] = [null];
      const length: [number | bigint] = [0];
      call(name, ...values, at, length);
      const bytes = Number(length[0]) * BigUint64Array.BYTES_PER_ELEMENT;
      return { at: at[0] ?? 0n, entries: [...new BigUint64Array(copyOut(at[0] ?? 0n, bytes))] };
    },
  };
}

function isNull(value: unknown): boolean {
  return value === null || value === undefined || value === 0n;
}

/** Copies bytes out of the library's memory. */
export function copyOut(from: Pointer, bytes: number): ArrayBuffer {
  return bytes === 0 ? new ArrayBuffer(0) : koffi.view(from, bytes).slice(0);
}

/** Copies bytes into the library's memory. */
export function copyIn(to: Pointer, bytes: Uint8Array): void {
  if (bytes.length > 0) new Uint8Array(koffi.view(to, bytes.length)).set(bytes);
}

/** A text of the library's, which stays the library's. */
export function textAt(at: Pointer): string {
  return koffi.decode.string(at);
}

/** Bytes of the library's memory, to be written in place; nothing keeps them there. */
export function viewOf(at: Pointer, bytes: number): Uint8Array {
  return bytes === 0 ? new Uint8Array(0) : new Uint8Array(koffi.view(at, bytes));
}
