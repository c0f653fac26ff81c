/** Two runs, value by value: what was asked for differently, what came out differently, and why that can be. */
import { existsSync } from "node:fs";
import { diagnostic } from "../compiler/diagnostics/create.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import { decisionDifferences, type DecisionDifference } from "./diff/decisions.js";
import type { LineChange } from "./diff/lines.js";
import { requestDifferences, type Difference } from "./diff/request.js";
import { compareResults, isSame, type MetricDifference } from "./diff/results.js";
import { StoreFault } from "./store/fault.js";
import { findRun } from "./store/find-run.js";
import { readRecord, type RunRecord } from "./store/record.js";
import type { RunFolder } from "./store/run-folder.js";

export type { DecisionDifference } from "./diff/decisions.js";
export type { LineChange } from "./diff/lines.js";
export type { Difference } from "./diff/request.js";
export type { LargestDifference, MetricDifference } from "./diff/results.js";

export interface RunDifferences {
  readonly left: RunFolder;
  readonly right: RunFolder;
  /** Whether results and decisions are the same. What was asked for may differ all the same. */
  readonly same: boolean;
  readonly request: readonly Difference[];
  readonly text: readonly LineChange[];
  /** Every metric of every experiment, also those without a difference. */
  readonly results: readonly MetricDifference[];
  readonly decisions: readonly DecisionDifference[];
  /** Why the results can differ, as far as the records tell: empty when they do not differ. */
  readonly reasons: readonly string[];
}

export type DiffOutcome =
  | { readonly kind: "missing"; readonly diagnostics: readonly Diagnostic[] }
  | ({ readonly kind: "compared" } & RunDifferences);

/**
 * Compares the runs that `left` and `right` mean (see `findRun`); `runs` is the folder in which names are looked up. Rejects
 * with RecordFault (a record is damaged) or StoreFault (a file cannot be read).
 */
export async function diffRuns(left: string, right: string, runs: string): Promise<DiffOutcome> {
  const found = [await findRun(left, runs), await findRun(right, runs)] as const;
  const diagnostics = found.flatMap((one, i) => {
    if (one.kind === "found") return [];
    const { problem, hint } = one;
    return [diagnostic("A5011", null, { run: i === 0 ? left : right, problem }, hint === null ? {} : { hint })];
  });
  const [a, b] = found;
  if (a.kind === "missing" || b.kind === "missing") return { kind: "missing", diagnostics };
  const [one, other] = [await recordOf(a.folder), await recordOf(b.folder)];
  const { differences, text } = requestDifferences(one, other);
  const results = await compareFiles(a.folder, b.folder);
  const decisions = decisionDifferences(one, other);
  const same = results.every(isSame) && decisions.length === 0;
  const reasons = same ? [] : reasonsOf(differences, one, other);
  return {
    kind: "compared",
    left: a.folder,
    right: b.folder,
    same,
    request: differences,
    text,
    results,
    decisions,
    reasons,
  };
}

async function recordOf({ record }: RunFolder): Promise<RunRecord> {
  const read = await readRecord(record);
  if (read === null) throw new StoreFault(`${record} is gone`, record, null, null);
  return read;
}

/** Rejects with StoreFault for a run without results. */
async function compareFiles(left: RunFolder, right: RunFolder): Promise<readonly MetricDifference[]> {
  const missing = [left, right].filter(({ results }) => !existsSync(results));
  const [only] = missing;
  if (only !== undefined) {
    throw new StoreFault(`${only.folder} has no results yet: run its protocol again`, only.results, null, null);
  }
  return compareResults(left.results, right.results);
}

function reasonsOf(differences: readonly Difference[], left: RunRecord, right: RunRecord): readonly string[] {
  const known = differences.flatMap(({ reason }) => reason ?? []);
  if (known.length > 0) return known;
  if (left.protocol.digest !== right.protocol.digest) {
    return ["the requests differ in a part that records do not spell out: an imported file, or fields of prompts"];
  }
  return ["the records say of no difference that could be why: the same request gave other results"];
}
