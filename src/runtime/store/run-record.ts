/**
 * The record of a run while it goes on: its entry in the history and the record of the folder, written together. Whoever
 * computed stays in the record when others run the same again and find everything done.
 */
import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { diagnostic } from "../../compiler/diagnostics/create.js";
import { executionText } from "./execution-text.js";
import { errorCode, reasonOf, StoreFault } from "./fault.js";
import {
  historyEntry,
  listedRun,
  newEntryFile,
  readHistory,
  timeName,
  writeEntry,
  type HistoryEntry,
} from "./history.js";
import { readRecord, writeRecord } from "./record-file.js";
import { RecordFault } from "./record-fault.js";
import type { RecordedRun, RunFacts, RunRecord } from "./record-types.js";
import { partDigests } from "./record-parts.js";
import type { RunFolder } from "./run-folder.js";
import { listsSame, readUnitList, writeUnitList, type ListedUnit } from "./unit-list.js";

export interface RunRecordFile {
  /**
   * Writes how the run stands, and returns the same with the judgement that is in the folder, and with what was wrong
   * there among its warnings. A record that was damaged since the run began is moved aside. Rejects with StoreFault.
   */
  write(record: RunRecord): Promise<RunRecord>;
  /** The record of the folder, as it is written of a run that stands so. */
  ofFolder(record: RunRecord): RunRecord;
  /** What a person has written by now. A record that cannot be read has nothing to say. */
  judgement(): Promise<RunRecord["judgement"]>;
  /**
   * Compares measured values, by their digest, with those of the last run that finished. Where they differ, or the new ones
   * are not complete, its results are moved aside before they are overwritten, and a sentence says so; null otherwise.
   * Rejects with StoreFault.
   */
  keepEarlier(values: string, isComplete: boolean): Promise<string | null>;
  /**
   * Keeps the list of this run's units beside its entry. null, and nothing is written, where it computed nothing and the
   * list that is there has the same units with the same numbers. Rejects with StoreFault.
   */
  keepUnits(units: readonly ListedUnit[]): Promise<RunRecord["units"]>;
  /** What was wrong with what was found, a sentence each. */
  problems(): readonly string[];
}

/**
 * Begins the record of a run in a folder that is locked. Rejects with RecordFault when the record there is damaged, of
 * another format or of another run (nothing is overwritten), or with StoreFault.
 */
export async function openRunRecord(folder: RunFolder, record: RunRecord): Promise<RunRecordFile> {
  const found = await readRecord(folder.record);
  if (found !== null && found.protocol.digest !== record.protocol.digest) {
    throw new RecordFault(folder.record, [
      `protocol.digest is ${found.protocol.digest}, and that of this run is ${record.protocol.digest}`,
    ]);
  }
  if (found !== null) await keepUnlisted(folder, found);
  const { entries, problems: unread } = await readHistory(folder.folder);
  const earlier = withoutFiles(found?.runs ?? [], entries).concat(entries.map(ended));
  earlier.sort((a, b) => (a.times.asked < b.times.asked ? -1 : a.times.asked > b.times.asked ? 1 : 0));
  const problems = [...unread];
  const file = await newEntryFile(folder.folder, record.times.asked);

  const ofFolder = (current: RunRecord): RunRecord => {
    const runs = [...earlier, listedRun(file, current.status, historyEntry(current))];
    const computing = runs.filter(hasComputed).at(-1);
    const isOwn = computing === undefined || computing.file === file;
    const { outputs, values } = current.outputs.length > 0 || found === null ? current : found;
    return {
      ...current,
      ...(isOwn ? {} : { ...factsOf(computing), estimate: estimateOf(computing.file) }),
      // Until this run writes its own, those of before are there.
      outputs,
      values,
      units: current.units ?? found?.units ?? null,
      runs,
    };
  };
  const estimateOf = (of: string | null): RunRecord["estimate"] =>
    entries.find((own) => own.file === of)?.entry.estimate ?? null;

  const told = (current: RunRecord): RunRecord => {
    const untold = problems.filter((problem) => !current.warnings.includes(problem));
    return { ...current, warnings: [...current.warnings, ...untold] };
  };

  async function write(current: RunRecord): Promise<RunRecord> {
    await readRecord(folder.record).catch(async (error: unknown) => {
      if (!(error instanceof RecordFault)) throw error;
      problems.push(await moveAside(folder, error));
    });
    const whole = ofFolder(told(current));
    await writeEntry(folder.folder, file, historyEntry(told(current), partDigests(whole)));
    const { judgement } = await writeRecord(folder.record, whole);
    return { ...told(current), judgement };
  }

  return {
    write,
    ofFolder,
    judgement: () =>
      readRecord(folder.record).then(
        (now) => now?.judgement ?? null,
        () => found?.judgement ?? null,
      ),
    async keepEarlier(values, isComplete) {
      const last = earlier.filter((run) => run.status === "finished" && run.values !== null).at(-1);
      if (last === undefined || last.values === values) return null;
      const kept = await keepResults(folder, last, found?.values === last.values);
      const when = last.times.ended ?? last.times.asked;
      if (!isComplete) return kept === null ? null : `the results of ${when}, which were complete, are kept as ${kept}`;
      const where = kept === null ? "which are gone" : `kept as ${kept}`;
      return diagnostic("A8019", null, { when, how: howText(last), kept: where }).message;
    },
    async keepUnits(units) {
      const before = found?.units ?? null;
      if (before !== null && !units.some(({ outcome }) => outcome === "computed")) {
        const read = await readUnitList(folder.folder, before);
        if (read.kind === "read" && listsSame(read.units, units)) return null;
      }
      return writeUnitList(folder.folder, file.replace(/json$/, "units.csv"), units);
    },
    problems: () => problems,
  };
}

/** Runs that a record lists and the history has no file of: those of the first format, which knew no history, get one. */
async function keepUnlisted(folder: RunFolder, found: RunRecord): Promise<void> {
  const [only, ...others] = found.runs;
  if (only?.file !== null || others.length > 0) return;
  const { entries } = await readHistory(folder.folder);
  if (entries.some(({ entry }) => entry.times.asked === only.times.asked)) return;
  const file = await newEntryFile(folder.folder, only.times.asked);
  await writeEntry(folder.folder, file, { ...historyEntry(found), ...factsOf(only) });
}

/** Runs of a record whose files are gone. */
function withoutFiles(
  listed: readonly RecordedRun[],
  entries: readonly { readonly entry: HistoryEntry }[],
): RecordedRun[] {
  const known = new Set(entries.map(({ entry }) => entry.times.asked));
  return listed
    .filter((run) => !known.has(run.times.asked))
    .map((run) => ({ ...run, file: null, status: over(run.status) }));
}

function ended({ file, entry }: { readonly file: string; readonly entry: HistoryEntry }): RecordedRun {
  return listedRun(file, over(entry.status), entry);
}

/** How a run ended whose folder is locked by another: one that still says that it goes on was killed. */
function over(status: RecordedRun["status"]): RecordedRun["status"] {
  return status === "asked" || status === "running" ? "killed" : status;
}

function hasComputed(run: RecordedRun): run is RecordedRun & RunFacts {
  return run.counts !== null && run.counts.computed > 0;
}

function factsOf<Counts>(
  run: Omit<RunFacts, "counts"> & { readonly counts: Counts },
): Omit<RunFacts, "counts"> & { readonly counts: Counts } {
  const { times, versions, machine, execution, counts } = run;
  return { times, versions, machine, execution, counts };
}

/** `atlasc 0.1.0 on host, cpu, 2 threads`. */
function howText({ versions, machine, execution }: RecordedRun): string {
  const where = machine.host === null ? "" : ` on ${machine.host}`;
  return `atlasc ${versions.atlasc}${where}, ${executionText(execution)}`;
}

/** Moves the results of an earlier run beside its entry, unless they are there already; null when they are gone. */
async function keepResults(
  { folder, results }: RunFolder,
  { times }: RecordedRun,
  arePresent: boolean,
): Promise<string | null> {
  const name = `history/${timeName(times.asked)}.results.parquet`;
  const path = join(folder, name);
  if (existsSync(path)) return name;
  if (!arePresent) return null;
  try {
    await rename(results, path);
    return name;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw new StoreFault(`cannot move ${results} to ${path}: ${reasonOf(error)}`, results, null, error);
  }
}

/** Moves a damaged record out of the way, and says where it is. */
async function moveAside({ folder, record }: RunFolder, { problems }: RecordFault): Promise<string> {
  const name = `record.damaged-${timeName(new Date().toISOString())}.json`;
  const path = join(folder, name);
  try {
    await rename(record, path);
  } catch (error) {
    throw new StoreFault(`cannot move ${record} to ${path}: ${reasonOf(error)}`, record, null, error);
  }
  return `record.json was damaged during the run, and is kept as ${name}: ${problems.join("; ")}`;
}
