/** A run from its text to what is shown, with the stages and the loop of the command line and nothing of its disk. */
import { diagnostic } from "../../src/compiler/diagnostics/create.js";
import type { Diagnostic } from "../../src/compiler/diagnostics/diagnostic.js";
import { renderDiagnostics } from "../../src/compiler/diagnostics/render.js";
import { hasErrors } from "../../src/compiler/diagnostics/staged.js";
import { resultSetOf } from "../../src/compiler/ir/results.js";
import { planProtocol } from "../../src/compiler/lower/plan.js";
import { createPlanMemory } from "../../src/compiler/lower/plan-memory.js";
import { depthSentences } from "../../src/compiler/models/depths.js";
import { conditionNotes } from "../../src/runtime/condition-notes.js";
import { decidedBy } from "../../src/runtime/decisions.js";
import { EngineFault } from "../../src/runtime/engine/fault.js";
import { createEngineKeeper, type EngineKeeper } from "../../src/runtime/engine/keeper.js";
import { executeStage, openWeightBytes } from "../../src/runtime/execute-stage.js";
import { loadWith, type Loaded, type Reading } from "../../src/runtime/load-protocol.js";
import { checkModelIn } from "../../src/runtime/models/check-model.js";
import { tokenTextsOf } from "../../src/runtime/known-tokens.js";
import { executeStages } from "../../src/runtime/stages.js";
import { readRows } from "../../src/runtime/unit-rows.js";
import type { MemoryStore } from "./memory-store.js";
import type { RunAnswer, RunProgress, Source } from "./messages.js";
import type { PageModel } from "./page-reading.js";
import { shownResults } from "./shown-results.js";
import { wasmBackend, type WasmHost } from "./wasm-backend.js";
import { memoryBudget, tooMuch } from "./work-limits.js";

export interface PageHost {
  readonly reading: Reading<PageModel>;
  readonly wasm: WasmHost;
  readonly store: MemoryStore;
  /** Digests of models whose identities were found to hold. */
  readonly verified: Set<string>;
}

/** Too much work, found out when the results of one stage had decided the next. */
class Refusal extends Error {}

/** Never rejects for what a protocol says; rejects when onnxruntime-web does not start. */
export async function runInPage(
  source: Source,
  host: PageHost,
  onProgress: (progress: RunProgress) => void,
): Promise<RunAnswer> {
  const started = performance.now();
  const loaded = await loadWith(host.reading, source);
  const { value, diagnostics } = loaded.compiled;
  const { protocol, models } = value;
  if (protocol === null || hasErrors(diagnostics)) return rejected(diagnostics, loaded);
  const engine = {
    backend: wasmBackend(host.wasm),
    threads: 1,
    optimisation: "basic",
    prepacking: "never",
    tf32: false,
  } as const;
  const planning = {
    memoryBudget,
    numerics: engine.backend.numerics(engine),
    capabilities: engine.backend.capabilities,
    verifyPasses: false,
    memory: createPlanMemory(),
  };
  const planned = planProtocol(protocol, models, planning);
  const curved = protocol.studies.flatMap(({ curvature }) => curvature ?? []);
  const unavailable = curved.map(({ span }) => diagnostic("A5001", span, { what: "`curvature` in a page" }));
  const all = [...diagnostics, ...planned.diagnostics, ...unavailable];
  if (hasErrors(all)) return rejected(all, loaded);
  const refused = tooMuch(planned.value);
  if (refused !== null) return { kind: "refused", sentence: refused };

  host.store.tidy();
  const keeper = createEngineKeeper({
    engine,
    weights: [...loaded.models.values()].flatMap(({ weightFiles, folder }) =>
      weightFiles.map(({ digest, name }) => ({ digest, name, folder })),
    ),
    openWeightBytes: openWeightBytes(protocol, models),
  });
  try {
    const failed = await failedIdentities(loaded, keeper, host.verified);
    if (failed.length > 0) return rejected(failed, loaded);
    const outcome = await executeStages({ protocol, plan: planned.value }, models, planning, {
      execute: (stage, only) => {
        const more = tooMuch(stage.plan);
        if (more !== null) throw new Refusal(more);
        const surroundings = {
          loaded,
          models,
          store: host.store,
          engine,
          keeper,
          guard: () => null,
          onProgress,
        };
        return executeStage(stage, surroundings, only);
      },
      assemble: (stage, summary) => readRows(stage, summary, host.store),
    });
    const { summary, assembled } = outcome;
    const { total, reused, left, failed: lost, skipped } = summary.units;
    const measured = resultSetOf(outcome.protocol, assembled.rows);
    const { decisions, results } = decidedBy(outcome.protocol, measured, left + lost + skipped === 0);
    const shown = await shownResults(outcome.protocol, results, decisions, tokenTextsOf(outcome.protocol, loaded));
    const notes = [
      ...(summary.stopped === null ? [] : [summary.stopped]),
      ...all.filter(({ severity }) => severity === "warning").map(({ message }) => message),
      ...depthSentences(value.depths).map((sentence) => `${sentence}.`),
      ...outcome.selections,
      ...outcome.warnings,
      ...conditionNotes(assembled),
      ...shown.notes,
      ...summary.faults.map(({ message }) => message),
    ];
    return {
      kind: "ran",
      status: summary.status,
      ...shown,
      notes: [...new Set(notes)],
      rows: assembled.rows.length,
      seconds: (performance.now() - started) / 1000,
      units: { total, reused },
    };
  } catch (error) {
    if (error instanceof Refusal) return { kind: "refused", sentence: error.message };
    throw error;
  } finally {
    await keeper.end();
  }
}

function rejected(diagnostics: readonly Diagnostic[], { sources }: Loaded<PageModel>): RunAnswer {
  return { kind: "rejected", text: renderDiagnostics(diagnostics, (path) => sources.get(path)) };
}

/** Identities of the protocol's models that do not hold in this engine; those that held before are not asked again. */
async function failedIdentities(
  { compiled, models }: Loaded<PageModel>,
  keeper: EngineKeeper,
  verified: Set<string>,
): Promise<readonly Diagnostic[]> {
  const diagnostics: Diagnostic[] = [];
  for (const [id, { graph, facts }] of compiled.value.models) {
    const opened = models.get(id);
    if (opened === undefined || verified.has(facts.digest)) continue;
    const identities = await checkModelIn(await keeper.engine(), graph, opened).catch((error: unknown) => {
      if (error instanceof EngineFault && error.kind !== "start") throw new Error(`${id}: ${error.message}`);
      throw error;
    });
    const failing = identities.filter(({ ok }) => !ok);
    if (failing.length === 0) verified.add(facts.digest);
    for (const { name, site, maxAbsDifference, tolerance } of failing) {
      const difference = maxAbsDifference.toExponential(1);
      const parameters = { source: id, identity: name, site, difference, tolerance: tolerance.toExponential(1) };
      diagnostics.push(diagnostic("A4020", null, parameters));
    }
  }
  return diagnostics;
}
