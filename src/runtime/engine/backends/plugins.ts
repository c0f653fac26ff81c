/**
 * Execution providers that are libraries of their own, which onnxruntime registers when it runs: whoever makes kernels for some
 * hardware can offer them without building onnxruntime. Each is another numeric identity, and none is ever the default.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { ProductType } from "../../../compiler/onnx/products.js";
import { cacheFolder, processEnvironment } from "../../models/places.js";
import type { BackendKind, EngineSettings } from "../backend.js";
import { EngineFault } from "../fault.js";
import type { DeviceProvider } from "../messages.js";
import { localBackend } from "./local.js";

/** What atlasc knows of a plugin. */
interface Plugin {
  /** As `--device` takes it. */
  readonly word: string;
  /** The provider's name in onnxruntime, without `ExecutionProvider` at its end. */
  readonly name: string;
  /** The library's name on each system. */
  readonly library: Readonly<Partial<Record<NodeJS.Platform, string>>>;
  /** The package of PyPI that has it. */
  readonly package: string;
  readonly hardware: DeviceProvider["hardware"];
  readonly computes: readonly ProductType[];
  readonly lacks: DeviceProvider["lacks"];
  readonly options: (settings: EngineSettings) => Readonly<Record<string, string>>;
  readonly unitFlops: number;
}

const plugins: readonly Plugin[] = [
  {
    word: "openvino",
    name: "OpenVINO",
    library: {
      linux: "libonnxruntime_providers_openvino_plugin.so",
      win32: "onnxruntime_providers_openvino_plugin.dll",
    },
    package: "onnxruntime-ep-openvino",
    hardware: "processor",
    computes: ["float32", "bfloat16"],
    lacks: ["FastGelu"],
    options: ({ threads, compute = "float32" }) => ({
      load_config: JSON.stringify({
        CPU: {
          INFERENCE_PRECISION_HINT: compute === "bfloat16" ? "bf16" : "f32",
          INFERENCE_NUM_THREADS: String(threads),
        },
      }),
    }),
    unitFlops: 6e10,
  },
  {
    word: "tensorrt-rtx",
    name: "NvTensorRTRTX",
    library: {
      linux: "libonnxruntime_providers_nv_tensorrt_rtx.so",
      win32: "onnxruntime_providers_nv_tensorrt_rtx.dll",
    },
    package: "onnxruntime-ep-nv-tensorrt-rtx-cu13",
    hardware: "any",
    computes: ["float32"],
    lacks: ["FusedMatMul", "FastGelu"],
    options: () => ({}),
    unitFlops: 2e13,
  },
  {
    word: "webgpu-plugin",
    name: "WebGpu",
    library: {
      linux: "libonnxruntime_providers_webgpu.so",
      darwin: "libonnxruntime_providers_webgpu.dylib",
      win32: "onnxruntime_providers_webgpu.dll",
    },
    package: "onnxruntime-ep-webgpu",
    hardware: "any",
    computes: ["float32"],
    lacks: ["FusedMatMul"],
    options: () => ({}),
    unitFlops: 2e12,
  },
];

/** The folders in which plugins are looked for, and folders in these: those of `ATLASC_PLUGINS`, and one of the cache. */
export function pluginFolders(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  const named = (environment["ATLASC_PLUGINS"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...named, join(cacheFolder(processEnvironment()), "plugins")];
}

/** The first library of this name in one of the folders, or in a folder in one of them; null where there is none. */
export function findPlugin(name: string, folders: readonly string[]): string | null {
  for (const folder of folders) {
    if (!existsSync(folder)) continue;
    const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const found = [folder, ...inner.map((entry) => join(folder, entry.name)).sort()]
      .map((own) => join(own, name))
      .find((path) => existsSync(path));
    if (found !== undefined) return found;
  }
  return null;
}

/**
 * What a plugin is, for the identity of units: its library, and the names and sizes of the libraries beside it, on which it leans.
 */
export function pluginDigest(library: string): string {
  const folder = dirname(library);
  const others = readdirSync(folder).filter((name) => /\.(so|dll|dylib)(\.|$)/.test(name));
  const sizes = others.sort().map((name) => [name, statSync(join(folder, name)).size]);
  return createHash("sha256").update(readFileSync(library)).update(JSON.stringify(sizes)).digest("hex").slice(0, 16);
}

const digests = new Map<string, string>();

function identityOf(plugin: Plugin): string {
  const library = libraryOf(plugin);
  if (library === null) return plugin.word;
  const digest = digests.get(library) ?? pluginDigest(library);
  digests.set(library, digest);
  return `${plugin.word} ${digest}`;
}

function libraryOf({ library }: Plugin): string | null {
  const name = library[process.platform];
  return name === undefined ? null : findPlugin(name, pluginFolders());
}

function requiredLibrary(plugin: Plugin): string {
  const found = libraryOf(plugin);
  if (found !== null) return found;
  const name = plugin.library[process.platform];
  throw new EngineFault(
    "start",
    name === undefined
      ? `${plugin.name} has no plugin for ${process.platform}`
      : `${plugin.name} is not here: it takes ${name} of PyPI's ${plugin.package} in ${pluginFolders().join(" or ")} ` +
          `("Other engines" in the README says how to get it)`,
  );
}

function kindOf(plugin: Plugin): BackendKind {
  const { word, name, hardware, lacks, computes, options, unitFlops } = plugin;
  const backend = localBackend({
    name: word,
    device: () => identityOf(plugin),
    capabilities: {
      chunkedAttention: { holds: false, because: "attention is computed as a whole: chunks were not measured here" },
      segments: { holds: true, because: "what one session passes to the next stays where it was computed" },
      rowsIndependent: {
        holds: false,
        because: "captured values belong to their batches: nothing says that a plugin adds in the same order in each",
      },
      prepacking: { holds: false, because: "a plugin arranges weights as it likes" },
      mappedWeights: { holds: false, because: "every session has a copy of its weights" },
      threads: { holds: hardware === "processor", because: "threads are those of the processor" },
      unitFlops,
    },
    provider: (settings) => ({
      name,
      door: "plugin",
      deviceId: 0,
      hardware,
      options: options(settings),
      memory: null,
      library: requiredLibrary(plugin),
      sharedWeights: hardware === "processor" ? [] : ["float32"],
      lacks,
      // Its own option says the type.
      products: "float32",
      memoryLimit: null,
    }),
    computes,
    entries: {},
    environment: () => ({}),
  });
  return { forms: [word], named: (text) => (text === word ? backend : null) };
}

/** An entry of the table for each. */
export const pluginKinds: readonly BackendKind[] = plugins.map(kindOf);
