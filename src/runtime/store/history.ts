/**
 * The history of a run folder: a file for each run, named after the time at which it was asked for, and never changed when
 * the run is over. Unlike the record it is nobody's to edit, so that what was computed when and where stays known.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "./atomic.js";
import { errorCode, reasonOf, StoreFault } from "./fault.js";
import { historyProblems } from "./record-schema.js";
import type { RecordedRun, RunFacts, RunRecord } from "./record-types.js";

/** An entry, field by field as history.schema.json describes them. */
export interface HistoryEntry
  extends
    Omit<RunFacts, "counts">,
    Pick<RunRecord, "status" | "estimate" | "warnings" | "selections" | "faults" | "outputs" | "values"> {
  /** null until the run has ended. */
  readonly counts: RunFacts["counts"] | null;
  readonly format: typeof historyFormat;
  readonly protocol: Pick<RunRecord["protocol"], "path" | "sha256" | "digest">;
  /** Digest of the plan. */
  readonly plan: string | null;
  /** This run's own list; null until it has ended, and for a run that computed nothing and found another one's list. */
  readonly units: RunRecord["units"];
  /**
   * SHA-256 of each part of record.json, as it was written together with this entry (`partDigests`); null in entries of
   * earlier versions.
   */
  readonly parts: Readonly<Record<string, string>> | null;
}

export const historyFormat = "atlasc-history-1";

/** An entry as records list it. */
export function listedRun(file: string | null, status: RecordedRun["status"], entry: HistoryEntry): RecordedRun {
  const { times, versions, machine, execution, counts, values } = entry;
  return { file, status, times, versions, machine, execution, counts, values };
}

/** What a history keeps of the record of a run; `parts` are the digests of what the folder's record then says. */
export function historyEntry(record: RunRecord, parts: HistoryEntry["parts"] = null): HistoryEntry {
  const { status, times, versions, machine, execution, estimate } = record;
  const { warnings, selections, faults, outputs, values } = record;
  const { path, sha256, digest } = record.protocol;
  return {
    format: historyFormat,
    protocol: { path, sha256, digest },
    status,
    times,
    versions,
    machine,
    execution,
    counts: status === "asked" || status === "running" ? null : record.counts,
    estimate,
    plan: record.plan?.digest ?? null,
    warnings,
    selections,
    faults,
    outputs,
    values,
    units: record.units,
    parts,
  };
}

const folderName = "history";
const entryName = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}(\.\d+)?Z(-\d+)?\.json$/;

/** A time as a part of a file name; colons are not allowed in one everywhere. */
export function timeName(time: string): string {
  return time.replaceAll(":", "-");
}

export interface History {
  /** Oldest first; `file` relative to the run folder, with forward slashes. */
  readonly entries: readonly { readonly file: string; readonly entry: HistoryEntry }[];
  /** Entries that cannot be read, a sentence each. They are left as they are. */
  readonly problems: readonly string[];
}

/** The history of a run folder, empty when there is none. Rejects with StoreFault when the folder cannot be read. */
export async function readHistory(runFolder: string): Promise<History> {
  const folder = join(runFolder, folderName);
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return { entries: [], problems: [] };
    throw new StoreFault(`cannot read ${folder}: ${reasonOf(error)}`, folder, null, error);
  }
  const entries: { file: string; entry: HistoryEntry }[] = [];
  const problems: string[] = [];
  for (const name of names.filter((own) => entryName.test(own)).sort()) {
    const file = `${folderName}/${name}`;
    try {
      const value = completed(JSON.parse(await readFile(join(folder, name), "utf8")));
      const [problem] = historyProblems(value);
      if (problem === undefined) entries.push({ file, entry: value as HistoryEntry });
      else problems.push(`${file} is left as it is, and not read: ${problem}`);
    } catch (error) {
      problems.push(`${file} is left as it is, and not read: ${reasonOf(error)}`);
    }
  }
  return { entries, problems };
}

/** Entries of earlier versions lack what these did not know. */
function completed(value: unknown): unknown {
  return typeof value === "object" && value !== null ? { units: null, parts: null, ...value } : value;
}

/** A file for the entry of a run that was asked for at `time`: a new one, whatever the clock says. */
export async function newEntryFile(runFolder: string, time: string): Promise<string> {
  const taken = new Set(await readdir(join(runFolder, folderName)).catch(() => [] as string[]));
  for (let number = 1; ; number += 1) {
    const name = `${timeName(time)}${number === 1 ? "" : `-${number}`}.json`;
    if (!taken.has(name)) return `${folderName}/${name}`;
  }
}

/** Writes an entry atomically. Rejects with StoreFault. */
export async function writeEntry(runFolder: string, file: string, entry: HistoryEntry): Promise<void> {
  const path = join(runFolder, file);
  const problems = historyProblems(entry);
  if (problems.length > 0) throw new RangeError(`writeEntry: ${problems.join("; ")}`);
  try {
    await writeFileAtomic(path, `${JSON.stringify(entry, null, 2)}\n`);
  } catch (error) {
    throw new StoreFault(`cannot write ${path}: ${reasonOf(error)}`, path, null, error);
  }
}
