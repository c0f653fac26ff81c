/** Whether a run still is what its record says, from the record itself to the weights of its models. */
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { diagnostic } from "../compiler/diagnostics/create.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import { EngineFault } from "./engine/fault.js";
import { findRun } from "./store/find-run.js";
import { RecordFault } from "./store/record-fault.js";
import { readRecord, type RunRecord } from "./store/record.js";
import type { RunFolder } from "./store/run-folder.js";
import { checkFiles, checkJudgements } from "./verify/files.js";
import { counted } from "../compiler/base/counted.js";
import { joined, type Finding } from "./verify/finding.js";
import { checkHistory } from "./verify/history.js";
import { checkRequest } from "./verify/request.js";
import { rerunUnits, type Rerun } from "./verify/rerun.js";
import { checkUnits, recordedUnits } from "./verify/units.js";

export type { Finding } from "./verify/finding.js";
export type { Rerun, RerunUnit } from "./verify/rerun.js";

export interface VerifyOptions {
  /** Folder in which names of runs are looked up. */
  readonly runs: string;
  /** How many units are computed again; none when absent. */
  readonly rerun?: number;
  /** Decides which; a random one when absent. */
  readonly seed?: number;
}

export type VerifyOutcome =
  | { readonly kind: "missing"; readonly diagnostics: readonly Diagnostic[] }
  | {
      readonly kind: "verified";
      readonly folder: RunFolder;
      /** What was looked at, a phrase each. */
      readonly looked: readonly string[];
      /** What does not agree; empty when all is well. */
      readonly findings: readonly Finding[];
      /** What could not be checked, and what else a reader must know: sentences without a full stop. */
      readonly notes: readonly string[];
      /** null: nothing was computed again. */
      readonly rerun: Omit<Rerun, "findings" | "notes"> | null;
    };

/**
 * Checks the run that `named` means (see `findRun`) and changes nothing. Damaged files are findings. Rejects with
 * StoreFault when a folder cannot be read.
 */
export async function verifyRun(named: string, options: VerifyOptions): Promise<VerifyOutcome> {
  const found = await findRun(named, options.runs);
  if (found.kind === "missing") {
    const { problem, hint } = found;
    const missing = diagnostic("A5011", null, { run: named, problem }, hint === null ? {} : { hint });
    return { kind: "missing", diagnostics: [missing] };
  }
  const { folder } = found;
  const record = await readRecord(folder.record).catch((error: unknown) => {
    if (error instanceof RecordFault) return error;
    throw error;
  });
  if (record === null || record instanceof RecordFault) {
    const problems = record === null ? ["missing"] : record.problems;
    const findings = problems.map((problem) => ({
      what: "record.json",
      expected: "a record as record.schema.json describes it",
      found: problem,
    }));
    return { kind: "verified", folder, looked: ["record.json"], findings, notes: [], rerun: null };
  }
  return verify(folder, record, options);
}

async function verify(folder: RunFolder, record: RunRecord, options: VerifyOptions): Promise<VerifyOutcome> {
  // Units lie beside the folders of all protocols.
  const unitFolder = join(folder.folder, "..", "..", ".units");
  const units = await recordedUnits(folder, record);
  const { checked: request, replanned } = await checkRequest(folder, record);
  const { looked, findings, notes } = joined([
    await checkHistory(folder, record),
    await checkFiles(folder, record),
    await checkUnits(unitFolder, record, units),
    await checkJudgements(folder, record),
    request,
    stateOf(record),
  ]);
  const common = { kind: "verified", folder } as const;
  if (options.rerun === undefined) return { ...common, looked, findings, notes, rerun: null };
  const seed = options.seed ?? randomInt(2 ** 32);
  const cannot = (problem: string): VerifyOutcome => {
    const finding = { what: "units, computed again", expected: counted(options.rerun ?? 0, "unit"), found: problem };
    return { ...common, looked, findings: [...findings, finding], notes, rerun: { seed, units: [] } };
  };
  if (replanned === null) return cannot("none: the protocol does not compile here");
  if (replanned.otherVersion !== null) return cannot(`none: ${replanned.otherVersion}`);
  if (units.length === 0) return cannot("none: the run has no list of its units");
  try {
    const rerun = await rerunUnits(replanned, unitFolder, units, options.rerun, seed);
    if (rerun.units.length === 0) return cannot("none: the plan of today has none of the run's units");
    return {
      ...common,
      looked,
      findings: [...findings, ...rerun.findings],
      notes: [...notes, ...rerun.notes],
      rerun: { seed, units: rerun.units },
    };
  } catch (error) {
    if (!(error instanceof EngineFault)) throw error;
    return cannot(error.message);
  }
}

/** A run that did not come to its end is as its record says, and yet not whole. */
function stateOf({ status, faults }: RunRecord): { looked: []; findings: []; notes: readonly string[] } {
  if (status === "finished") return { looked: [], findings: [], notes: [] };
  const how = faults.length === 0 ? "" : ` with ${counted(faults.length, "fault")}`;
  return { looked: [], findings: [], notes: [`the run is not finished: its status is ${status}${how}`] };
}
