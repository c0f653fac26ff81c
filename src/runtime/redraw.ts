/** Tables, figures and the report of a run once more, from the finished units in the store: nothing is computed. */
import { join } from "node:path";
import { diagnostic } from "../compiler/diagnostics/create.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import { joinedRows } from "../compiler/ir/result-table.js";
import { resultSetOf } from "../compiler/ir/results.js";
import { storedCurvatures, type CurvaturesOutcome } from "./curvatures.js";
import { decidedBy } from "./decisions.js";
import type { ExecutionSummary } from "./execution.js";
import { judgementViews } from "./judgement-views.js";
import { writeOutputs, type WrittenOutputs } from "./outputs.js";
import { planOptions, planRun } from "./plan-run.js";
import { protocolPath, settingsOf } from "./replan.js";
import { executeStages, type Stage, type StagesOutcome } from "./stages.js";
import { StoreFault } from "./store/fault.js";
import { findRun } from "./store/find-run.js";
import { readJudgements } from "./store/judgements.js";
import { readRecord, writeRecord, type RunRecord } from "./store/record.js";
import { lockRunFolder, type RunFolder } from "./store/run-folder.js";
import { openUnitStore, type UnitStore } from "./store/units.js";
import { countOutcomes, unitsOf, type UnitOutcome } from "./unit-outcomes.js";
import { readRows } from "./unit-rows.js";
import { valuesDigest } from "./values-digest.js";

export type RedrawOutcome =
  | {
      readonly kind: "refused";
      readonly diagnostics: readonly Diagnostic[];
      /** Texts that the diagnostics point into. */
      readonly sources: ReadonlyMap<string, string>;
    }
  | {
      readonly kind: "redrawn";
      readonly folder: RunFolder;
      readonly record: RunRecord;
      readonly written: WrittenOutputs;
    };

/**
 * Draws the run that `named` means (see `findRun`) anew, under the run folder's lock, and notes the digests of what it wrote
 * in the record. It is refused when models, texts or atlasc are not those of the run, or the store lacks some of its units.
 * Rejects with LockHeldFault (a run is going on there), RecordFault (its record is damaged) or StoreFault.
 */
export async function redrawRun(named: string, runs: string): Promise<RedrawOutcome> {
  const found = await findRun(named, runs);
  if (found.kind === "missing") {
    const { problem, hint } = found;
    return refused([diagnostic("A5011", null, { run: named, problem }, hint === null ? {} : { hint })]);
  }
  const { folder } = found;
  const lock = await lockRunFolder(folder);
  try {
    return await redraw(folder);
  } finally {
    await lock.release();
  }
}

const again = "running the protocol again computes what is missing, and draws everything";

function refused(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string> = new Map()): RedrawOutcome {
  return { kind: "refused", diagnostics, sources };
}

function cannot(problem: string): RedrawOutcome {
  return refused([diagnostic("A5013", null, { problem }, { hint: again })]);
}

async function redraw(folder: RunFolder): Promise<RedrawOutcome> {
  const record = await readRecord(folder.record);
  if (record === null) throw new StoreFault(`${folder.record} is gone`, folder.record, null, null);
  const settings = settingsOf(record);
  if (typeof settings === "string")
    return cannot(`it was computed on ${record.execution.device}, which is ${settings}`);
  const source = { path: protocolPath(folder, record), text: record.protocol.text };
  const outcome = await planRun(source, { ...settings, verifyWeights: false });
  if (outcome.kind === "rejected") return refused(outcome.diagnostics, outcome.loaded.sources);
  const { planned } = outcome;
  if (planned.digest !== record.protocol.digest) {
    return cannot("models, texts or the version of atlasc are not those that it was run with");
  }
  const store = openUnitStore(join(folder.folder, "..", "..", ".units"));
  const { models } = planned.loaded.compiled.value;
  const stages = await executeStages(planned, models, planOptions(settings), {
    execute: (stage) => storedSummary(stage, store),
    assemble: (stage, summary) => readRows(stage, summary, store),
  });
  const { left, total } = stages.summary.units;
  if (left > 0) return cannot(`${left} of its ${total} units are not in the store`);
  const bent = await storedCurvatures(stages, stages.summary, store);
  if (bent === null) return cannot("products of its Hessians are not in the store");
  const rows = joinedRows(stages.assembled.rows, bent.rows);
  if (record.values !== null && record.values !== valuesDigest(rows)) {
    return cannot("the units in the store have other values than the run had");
  }
  const { eigenvectors } = bent;
  return await write(folder, record, { ...stages, eigenvectors, assembled: { ...stages.assembled, rows } }, planned);
}

async function write(
  folder: RunFolder,
  record: RunRecord,
  { protocol, plan, assembled, eigenvectors }: StagesOutcome & Pick<CurvaturesOutcome, "eigenvectors">,
  planned: Parameters<typeof writeOutputs>[0]["planned"],
): Promise<RedrawOutcome> {
  const { decisions, results } = decidedBy(protocol, resultSetOf(protocol, assembled.rows), true);
  const { entries } = await readJudgements(folder.folder);
  const decided = { ...record, decisions };
  const written = await writeOutputs({
    planned: { ...planned, protocol, plan },
    folder,
    record: decided,
    results,
    eigenvectors,
    judgements: judgementViews(decided, entries),
  });
  await writeRecord(folder.record, { ...record, outputs: written.files });
  return { kind: "redrawn", folder, record, written };
}

/** An execution that finds what is there, and leaves what is not. */
async function storedSummary({ plan }: Stage, store: UnitStore): Promise<ExecutionSummary> {
  const units = unitsOf(plan);
  const outcomes = new Map<string, UnitOutcome>();
  for (const id of units.keys()) if (await store.has(id)) outcomes.set(id, "reused");
  const counts = countOutcomes(units.keys(), outcomes);
  return {
    status: counts.left === 0 ? "finished" : "interrupted",
    units: counts,
    outcomes,
    rowsComputed: 0,
    seconds: 0,
    faults: [],
    stopped: null,
    engine: null,
    restarts: 0,
    recovered: new Set(),
  };
}
