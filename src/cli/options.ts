/** Values of command-line options. */
import { availableParallelism } from "node:os";
import { InvalidArgumentError } from "commander";
import type { ProductType } from "../compiler/onnx/products.js";
import { passNames, type PassName } from "../compiler/passes/names.js";
import type { Backend, EngineOptions } from "../runtime/engine/backend.js";
import { backendForms, backendNamed } from "../runtime/engine/backends/index.js";
import type { PlanSettings } from "../runtime/plan-run.js";

/** Options of every command that plans. */
export interface CommonOptions {
  readonly set: ReadonlyMap<string, string>;
  /** Bytes; absent: as much as the device suggests. */
  readonly memory?: number;
  /** What computes. */
  readonly device: Backend;
  readonly threads?: number;
  /** Absent: as the length of a text suggests. */
  readonly prepacking?: boolean;
  readonly tf32: boolean;
  readonly compute: ProductType;
  readonly verifyWeights: boolean;
  /** Optimisations to leave out. */
  readonly noOpt?: readonly PassName[];
}

const sizes: Readonly<Record<string, number>> = { "": 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 };

/** `512MB`, `2GB`, `1048576` → bytes. */
export function parseMemory(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]b)?$/i.exec(text.trim());
  const bytes = match === null ? Number.NaN : Number(match[1]) * (sizes[(match[2] ?? "").toLowerCase()] ?? Number.NaN);
  if (!(bytes >= 1)) throw new InvalidArgumentError("It must be a size such as 512MB or 2GB.");
  if (bytes > Number.MAX_SAFE_INTEGER) throw new InvalidArgumentError("It must be below 8388608GB.");
  return Math.floor(bytes);
}

/** Bytes of activations that one batch takes when nothing is said, where the device has no memory of its own. */
const processorMemory = 2 ** 30;

/** The part of a device's memory for one batch's activations: the weights, and what products need beside, take the rest. */
const deviceShare = 1 / 4;

function defaultMemory({ memory }: Backend): number {
  const own = memory?.() ?? null;
  return own === null ? processorMemory : Math.floor(deviceShare * own);
}

const productTypes: Readonly<Record<string, ProductType>> = { f32: "float32", bf16: "bfloat16", f16: "float16" };

/** `f32`, `bf16`, `f16`. */
export function parseCompute(text: string): ProductType {
  const type = Object.hasOwn(productTypes, text) ? productTypes[text] : undefined;
  if (type === undefined) throw new InvalidArgumentError(`It must be ${Object.keys(productTypes).join(", ")}.`);
  return type;
}

/**
 * Why what computes does not do what other options ask of it, as the command line says it; null when it does. Such a run would
 * fail when it starts, or its record would claim what was not so.
 */
export function deviceProblem({
  device: { name, computes = ["float32"], hasTf32 = false },
  tf32,
  compute,
}: Pick<CommonOptions, "device" | "tf32" | "compute">): string | null {
  const word = (type: ProductType): string =>
    Object.keys(productTypes).find((text) => productTypes[text] === type) ?? type;
  if (!computes.includes(compute)) {
    const known = computes.map(word).join(" or ");
    return `option '--compute <type>' argument '${word(compute)}' is not for ${name}. It computes products in ${known}.`;
  }
  if (tf32 && !hasTf32) return `option '--tf32' is not for ${name}. It has no TF32; CUDA has.`;
  return null;
}

/** `cpu`, `cuda`, `cuda:1`. */
export function parseDevice(text: string): Backend {
  const backend = backendNamed(text);
  if (backend === null) throw new InvalidArgumentError(`It must be ${backendForms()}.`);
  return backend;
}

/** Collects `name=value`; a name given twice is refused, because one of the two would be ignored. */
export function parseOverride(text: string, earlier: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const match = /^([A-Za-z_]\w*)=(.+)$/s.exec(text);
  const [, name, value] = match ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("It must be name=value.");
  if (earlier.has(name)) throw new InvalidArgumentError(`${name} is set twice.`);
  return new Map([...earlier, [name, value]]);
}

/** `--no-opt` alone leaves out every optimisation, `--no-opt NAME,…` those named. */
export function parseNoOpt(text: string): readonly PassName[] {
  return text.split(",").map((part) => {
    const known = passNames.find((name) => name === part.trim());
    if (known === undefined) throw new InvalidArgumentError(`Optimisations are ${passNames.join(", ")}.`);
    return known;
  });
}

/** What planning is told by the options. */
export function planSettings(options: CommonOptions): PlanSettings {
  const left = new Set(options.noOpt ?? []);
  return {
    overrides: options.set,
    memoryBudget: options.memory ?? defaultMemory(options.device),
    passes: passNames.filter((name) => !left.has(name)),
    engine: engineOptions(options),
    // Checking passes is for tests: it takes a good part of the time that planning takes.
    verifyPasses: false,
    verifyWeights: options.verifyWeights,
  };
}

export function engineOptions(
  options: Pick<CommonOptions, "device" | "threads" | "prepacking" | "tf32"> & Partial<Pick<CommonOptions, "compute">>,
): EngineOptions {
  return {
    backend: options.device,
    threads: options.threads ?? availableParallelism(),
    optimisation: "basic",
    prepacking: options.prepacking === undefined ? "short texts" : options.prepacking ? "always" : "never",
    tf32: options.tf32,
    ...(options.compute === undefined || options.compute === "float32" ? {} : { compute: options.compute }),
  };
}
