/** Compiling and planning a protocol: everything of a run that happens before anything runs. */
import type { SourceFile } from "../compiler/base/span.js";
import { hasErrors } from "../compiler/diagnostics/staged.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import type { Plan } from "../compiler/ir/plan.js";
import type { Protocol } from "../compiler/ir/protocol.js";
import { planProtocol, type PlanOptions } from "../compiler/lower/plan.js";
import { createPlanMemory, type PlanMemory } from "../compiler/lower/plan-memory.js";
import { numericsOf, type EngineOptions } from "./engine/backend.js";
import { loadProtocol, type Loaded } from "./load.js";
import type { Download, Reading } from "./load-protocol.js";
import { runDigest } from "./run-digest.js";

/** What decides a plan beside the protocol. */
export interface PlanSettings extends Omit<PlanOptions, "numerics" | "capabilities" | "memory"> {
  /** `--set` overrides, as text of the language. */
  readonly overrides: ReadonlyMap<string, string>;
  /** What computes, and how. */
  readonly engine: EngineOptions;
  /** `--verify-weights`: hash all weights, whatever is remembered of their files. */
  readonly verifyWeights?: boolean;
  /** What gets models and data sets that are not on this machine. */
  readonly download?: Download;
  /** What reads files and models; from disk when absent. */
  readonly reading?: Reading;
}

/** A protocol ready to be executed. */
export interface Planned {
  readonly loaded: Loaded;
  readonly protocol: Protocol;
  readonly plan: Plan;
  /** Everything that was asked and can change a number or a picture. */
  readonly digest: string;
  readonly warnings: readonly Diagnostic[];
  /** What planning found out, for other plans of the same protocol. */
  readonly memory: PlanMemory;
}

export type PlanOutcome =
  | { readonly kind: "planned"; readonly planned: Planned }
  | { readonly kind: "rejected"; readonly loaded: Loaded; readonly diagnostics: readonly Diagnostic[] };

/** What planning needs of the settings. */
export function planOptions(settings: PlanSettings): PlanOptions {
  const { engine, memoryBudget, passes, graphWork, chunkedFrom, verifyPasses } = settings;
  return {
    memoryBudget,
    numerics: numericsOf(engine),
    capabilities: engine.backend.capabilities,
    ...(passes === undefined ? {} : { passes }),
    ...(graphWork === undefined ? {} : { graphWork }),
    ...(chunkedFrom === undefined ? {} : { chunkedFrom }),
    ...(verifyPasses === undefined ? {} : { verifyPasses }),
  };
}

/** Compiles and plans without running. */
export async function planRun(source: SourceFile, options: PlanSettings): Promise<PlanOutcome> {
  const loaded = await loadProtocol(source, options);
  const { value, diagnostics } = loaded.compiled;
  if (value.protocol === null || hasErrors(diagnostics)) return { kind: "rejected", loaded, diagnostics };
  const { protocol } = value;
  const memory = createPlanMemory();
  const planned = planProtocol(protocol, value.models, { ...planOptions(options), memory });
  const all = [...diagnostics, ...planned.diagnostics];
  if (hasErrors(all)) return { kind: "rejected", loaded, diagnostics: all };
  const digest = runDigest({
    text: source.text,
    protocol,
    plan: planned.value,
    models: value.models,
    options: planOptions(options),
  });
  return { kind: "planned", planned: { loaded, protocol, plan: planned.value, digest, warnings: all, memory } };
}
