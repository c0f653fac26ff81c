/**
 * A run from beginning to end: compile, record what was asked, check the models, execute the plan, assemble results,
 * draw and write. Nothing here prints; the caller is told through `events`.
 */
import { joinedRows } from "../compiler/ir/result-table.js";
import { resultSetOf } from "../compiler/ir/results.js";
import { decidedBy } from "./decisions.js";
import { join } from "node:path";
import type { SourceFile } from "../compiler/base/span.js";
import { depthSentences } from "../compiler/models/depths.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import type { Assembled } from "../compiler/results/assemble.js";
import { numericsOf } from "./engine/backend.js";
import { EngineFault } from "./engine/fault.js";
import { checkModels, identitiesFolder } from "./check-models.js";
import { createEngineKeeper } from "./engine/keeper.js";
import type { PlanOptions } from "../compiler/lower/plan.js";
import { executeCurvatures, type CurvaturesOutcome } from "./curvatures.js";
import { loadVega } from "./report/render-figure.js";
import { once } from "./once.js";
import { createRunEstimator } from "./estimate.js";
import type { ExecutionProgress } from "./execution.js";
import { executeStage, openWeightBytes, type RunSurroundings } from "./execute-stage.js";
import { judgementViews } from "./judgement-views.js";
import type { Loaded } from "./load.js";
import { planOptions, planRun, type PlanSettings, type Planned } from "./plan-run.js";
import { localWeights } from "./models/weight-files.js";
import { createWeightsGuard } from "./models/weights-guard.js";
import { writeOutputs, type WrittenOutputs } from "./outputs.js";
import { recordedFacts, recordedMeans, recordedPlan, recordedPlanning, runNotes } from "./recorded.js";
import { partsOf, type RunParts } from "./remarks.js";
import { executeStages, type Stage, type StagesOutcome } from "./stages.js";
import { readJudgements, type StoredJudgement } from "./store/judgements.js";
import { pointToLatest } from "./store/latest.js";
import { createProgressFile } from "./store/progress-file.js";
import { createRecord, updateRecord, type RunRecord } from "./store/record.js";
import { lockRunFolder, runFolderOf, type RunFolder } from "./store/run-folder.js";
import { sweepTemporaries } from "./store/sweep.js";
import { openRunRecord, type RunRecordFile } from "./store/run-record.js";
import { openUnitStore, type UnitDamage } from "./store/units.js";
import { createUnitLog } from "./unit-log.js";
import { readRows, type RunSummary } from "./unit-rows.js";
import { valuesDigest } from "./values-digest.js";
import { atlascVersion } from "./version.js";

/** What computes is `engine.backend`: any {@link Backend}, in the table of `engine/backends` or not. */
export interface RunOptions extends PlanSettings {
  /** Folder of all runs. */
  readonly runs: string;
  /**
   * Work, in floating-point operations, from which on the machine's rate is measured and the run's time estimated before
   * it begins; never when absent.
   */
  readonly estimateFromFlops?: number;
  readonly signal?: AbortSignal;
}

export interface RunEvents {
  /** Compiled and planned; nothing has run. */
  readonly onPlanned?: (planned: Planned) => void;
  readonly onProgress?: (progress: ExecutionProgress) => void;
}

export type RunOutcome =
  | { readonly kind: "rejected"; readonly loaded: Loaded; readonly diagnostics: readonly Diagnostic[] }
  | {
      readonly kind: "ran";
      readonly planned: Planned;
      readonly folder: RunFolder;
      /** Of this run; that of the folder also says who computed before. */
      readonly record: RunRecord;
      readonly summary: RunSummary;
      readonly assembled: Assembled;
      readonly written: WrittenOutputs;
      /** What people said of the run before, oldest first. */
      readonly judgements: readonly StoredJudgement[];
      /** What a reader of the results must know, a sentence each. */
      readonly notes: readonly string[];
      readonly parts: RunParts;
    };

/** Computes all stages of a plan, and then its curvatures: what both came to, together. */
async function computeAll(
  first: Stage,
  planning: PlanOptions,
  surroundings: RunSurroundings,
): Promise<StagesOutcome & Pick<CurvaturesOutcome, "eigenvectors">> {
  const { models, store } = surroundings;
  const outcome = await executeStages(first, models, planning, {
    execute: (stage, only) => executeStage(stage, surroundings, only),
    assemble: (stage, summary) => readRows(stage, summary, store),
  });
  const { rows, summary, facts, warnings, eigenvectors } = await executeCurvatures(
    outcome,
    outcome.summary,
    surroundings,
  );
  return {
    ...outcome,
    eigenvectors,
    assembled: { ...outcome.assembled, rows: joinedRows(outcome.assembled.rows, rows) },
    summary,
    selections: [...outcome.selections, ...facts],
    warnings: [...outcome.warnings, ...warnings],
  };
}

/**
 * Computes the units of a protocol into the store, with the models that are there, and writes no record: a part of a run that
 * is recorded when it is whole. `rejected`: the protocol or a model is refused. `stopped`: it was interrupted, or the store or the
 * engine failed.
 */
export async function runUnits(
  source: SourceFile,
  options: RunOptions,
  events: RunEvents = {},
): Promise<"computed" | "rejected" | "stopped"> {
  const outcome = await planRun(source, options);
  if (outcome.kind === "rejected") return "rejected";
  const { loaded, protocol, plan, memory } = outcome.planned;
  const models = loaded.compiled.value.models;
  const guard = createWeightsGuard(loaded.models);
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const keeper = createEngineKeeper({
    engine: options.engine,
    weights: localWeights(loaded.models.values()),
    openWeightBytes: openWeightBytes(protocol, models),
    ...signal,
  });
  try {
    const checks = await checkModels(loaded, models, protocol, options.engine, keeper, guard);
    if (checks.diagnostics.length > 0) return "rejected";
    const store = openUnitStore(join(options.runs, ".units"));
    const onProgress = events.onProgress === undefined ? {} : { onProgress: events.onProgress };
    const surroundings = { loaded, models, store, engine: options.engine, keeper, guard, ...signal, ...onProgress };
    const planning = { ...planOptions(options), memory };
    const { summary } = await computeAll({ protocol, plan }, planning, surroundings);
    return summary.status === "interrupted" || summary.stopped !== null ? "stopped" : "computed";
  } finally {
    await keeper.end();
  }
}

/**
 * Runs a protocol with whatever `options.engine.backend` is: it is asked for one engine, in which everything is computed,
 * and `record.json` has its name. Rejects with StoreFault (the runs folder cannot be written), LockHeldFault (another process runs the
 * same), RecordFault (the record there is damaged) or EngineFault (no engine); everything else is in the outcome.
 */
export async function runProtocol(
  source: SourceFile,
  options: RunOptions,
  events: RunEvents = {},
): Promise<RunOutcome> {
  const outcome = await planRun(source, options);
  if (outcome.kind === "rejected") return outcome;
  const { planned } = outcome;
  const { loaded, protocol, plan, digest, memory } = planned;
  const models = loaded.compiled.value.models;
  events.onPlanned?.(planned);

  const folder = runFolderOf(options.runs, source.path, digest);
  const lock = await lockRunFolder(folder);
  const unitFolder = join(options.runs, ".units");
  await sweepTemporaries([folder.folder, unitFolder, identitiesFolder()]);
  const guard = createWeightsGuard(loaded.models);
  // One engine for all of it: the checks, the machine's rate, and the units of every stage.
  const keeper = createEngineKeeper({
    engine: options.engine,
    weights: localWeights(loaded.models.values()),
    openWeightBytes: openWeightBytes(protocol, models),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  let record = createRecord({
    path: source.path,
    text: source.text,
    digest,
    parameters: protocol.parameters,
    overrides: Object.fromEntries(options.overrides),
    atlascVersion: atlascVersion(),
    engine: options.engine,
    planning: recordedPlanning(options),
    warnings: planned.warnings.map((d) => d.message),
    ...recordedFacts(protocol, plan, models),
  });
  let file: RunRecordFile | null = null;
  let ended = (): Promise<void> => Promise.resolve();
  try {
    // What was asked is written down before anything runs.
    file = await openRunRecord(folder, record);
    record = await file.write(record);
    await pointToLatest(folder);

    const checks = await checkModels(loaded, models, protocol, options.engine, keeper, guard).catch(
      (error: unknown) => {
        // Interrupted: there is nothing to say about the models, and the run says what there is to say about itself.
        if (error instanceof EngineFault && options.signal?.aborted === true) return { recorded: [], diagnostics: [] };
        throw error;
      },
    );
    record = await file.write(updateRecord(record, { identities: checks.recorded, status: "running" }));
    if (checks.diagnostics.length > 0) {
      const refusals = checks.diagnostics.map(({ message }) => ({ unit: null, message }));
      await file.write(updateRecord(record, { status: "failed", faults: refusals }));
      return { kind: "rejected", loaded, diagnostics: checks.diagnostics };
    }

    const log = createUnitLog();
    const progress = createProgressFile(folder.folder);
    ended = () => progress.end();
    let latest: ExecutionProgress | null = null;
    const said = (state: ExecutionProgress): void => {
      latest = state;
      progress.note(state);
      events.onProgress?.(state);
    };
    const enter = (phase: ExecutionProgress["phase"]): void => {
      if (latest !== null) said({ ...latest, secondsLeft: null, phase });
    };
    const damages = new Map<string, UnitDamage>();
    const store = openUnitStore(unitFolder, (damage) => damages.set(damage.path, damage));
    const estimator = createRunEstimator(models, memory, {
      unitFlops: options.engine.backend.capabilities.unitFlops,
      engine: () => keeper.engine(),
      fromFlops: options.estimateFromFlops ?? Infinity,
    });
    const planning = { ...planOptions(options), memory };
    // This process has little else to do while the engine computes. What keeps it from loading is told when it is drawn.
    const draws = protocol.outputs.some(({ kind }) => kind === "plot" || kind === "figure");
    const loadVegaOnce = once(() => loadVega().catch(() => undefined));
    const outcome = await computeAll({ protocol, plan }, planning, {
      loaded,
      models,
      store,
      engine: options.engine,
      keeper,
      guard,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onUnit: (unit, outcome) => {
        log.note(unit, outcome);
        if (outcome === "computed" && draws) void loadVegaOnce();
      },
      onProgress: said,
      ...(options.estimateFromFlops === undefined ? {} : { estimator }),
    });
    enter("writing results");
    const { assembled, selections } = outcome;
    const summary = { ...outcome.summary, damages: [...damages.values()] };
    const { computed, reused, failed, skipped, left } = summary.units;
    const values = valuesDigest(assembled.rows);
    const other = await file.keepEarlier(values, summary.status === "finished");
    const notes = [...outcome.warnings, ...runNotes(summary, assembled), ...(other === null ? [] : [other])];
    const faults = [
      ...summary.faults.map((fault) => ({ unit: fault.unit, message: fault.message })),
      ...(summary.stopped === null || summary.status === "interrupted"
        ? []
        : [{ unit: null, message: summary.stopped }]),
    ];
    record = updateRecord(record, {
      status: summary.status,
      counts: { computed, reused, failed, skipped, left, seconds: summary.seconds },
      estimate: estimator.estimate(),
      versions: {
        ...record.versions,
        onnxruntime: summary.engine?.onnxruntimeVersion ?? numericsOf(options.engine).onnxruntime,
      },
      warnings: [...record.warnings, ...notes],
      selections: [...depthSentences(loaded.compiled.value.depths).map((sentence) => `${sentence}.`), ...selections],
      plan: recordedPlan(outcome.plan),
      means: recordedMeans(outcome.protocol),
      faults,
      values,
      units: await file.keepUnits(log.list(outcome.protocol, outcome.plan, store)),
    });
    // What was stated before the run stays as it was; what it came to is put beside it.
    const isComplete = summary.units.left + failed + skipped === 0;
    // Decisions, tables and figures read the same columns, which are made once for one set of results.
    const measured = resultSetOf(outcome.protocol, assembled.rows);
    const { decisions, results } = decidedBy(outcome.protocol, measured, isComplete);
    record = { ...record, decisions };
    const judgements = await readJudgements(folder.folder);
    const shown = file.ofFolder({ ...record, judgement: await file.judgement() });
    enter("drawing figures");
    const written = await writeOutputs({
      planned: { ...planned, protocol: outcome.protocol, plan: outcome.plan },
      folder,
      record: shown,
      results,
      eigenvectors: outcome.eigenvectors,
      // The values are those of now, which the folder gets only when its outputs are written.
      judgements: judgementViews({ ...shown, values }, judgements.entries),
    });
    const unread = judgements.problems.map((own) => `${own.file} is not as it was written: ${own.problem}`);
    const warnings = [...record.warnings, ...written.warnings, ...unread];
    record = await file.write({ ...record, warnings, outputs: written.files });
    return {
      kind: "ran",
      planned,
      folder,
      record,
      summary,
      assembled,
      written,
      judgements: judgements.entries,
      notes: [...notes, ...written.warnings, ...unread, ...file.problems()],
      parts: partsOf(outcome.protocol, assembled.rows, record.decisions, written.missing, summary.units),
    };
  } catch (error) {
    if (file !== null) await recordFailure(file, record, error);
    throw error;
  } finally {
    await keeper.end();
    await ended();
    await lock.release();
  }
}

/** A run that ends by an error says so in its record, as far as the disk lets it; the error itself goes on. */
async function recordFailure(file: RunRecordFile, record: RunRecord, error: unknown): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  const failed = updateRecord(record, { status: "failed", faults: [...record.faults, { unit: null, message }] });
  await file.write(failed).catch(() => undefined);
}
