/** The runs of a folder over time, each with what it came to and what was said of it. */
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { diagnostic } from "../compiler/diagnostics/create.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import { verdictCounts } from "./decisions.js";
import { errorCode, reasonOf } from "./store/fault.js";
import { isOfOthers, readJudgements, type JudgementEntry } from "./store/judgements.js";
import { holderOf } from "./store/lock.js";
import { RecordFault } from "./store/record-fault.js";
import { readRecord, type EndedStatus, type RunRecord } from "./store/record.js";
import { runFolderAt } from "./store/run-folder.js";

/** A run as a list of runs shows it. */
export interface LoggedRun {
  readonly kind: "run";
  readonly folder: string;
  /** When it was last asked for, ISO 8601. */
  readonly time: string;
  readonly protocol: string;
  readonly digest: string;
  readonly status: EndedStatus;
  /** Rows (prompt × condition) and units of its plan; null where it has none. */
  readonly rows: number | null;
  readonly units: number | null;
  /** How often it was run. */
  readonly times: number;
  /** `1 CONFIRMED, 1 REJECTED`; empty for a protocol without hypotheses, null before they are decided. */
  readonly verdicts: string | null;
  /** What people said, oldest first; `ofOthers`: of results that are others by now. */
  readonly judgements: readonly (JudgementEntry & { readonly file: string; readonly ofOthers: boolean })[];
  /** What a person wrote into the record itself. */
  readonly judgement: RunRecord["judgement"];
  /** Of the run that computed last. */
  readonly seconds: number;
  /** What is wrong beside: damaged judgements, a sentence each. */
  readonly problems: readonly string[];
}

/** A folder that is no run that this atlasc can read. */
export interface OtherFolder {
  readonly kind: "other";
  readonly folder: string;
  /** `damaged`: there is a record, and it cannot be read. `foreign`: there is none. */
  readonly what: "damaged" | "foreign";
  readonly problem: string;
}

export type LogOutcome =
  | { readonly kind: "missing"; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: "listed"; readonly runs: readonly LoggedRun[]; readonly others: readonly OtherFolder[] };

/**
 * Every run in a folder of runs, or in the folder of one protocol, by the time at which it was last asked for; and every
 * folder there that is none.
 */
export async function logRuns(folder: string): Promise<LogOutcome> {
  let names: readonly string[];
  try {
    names = await foldersIn(folder);
  } catch (error) {
    const problem = errorCode(error) === "ENOTDIR" ? "it is a file, not a folder" : reasonOf(error);
    return {
      kind: "missing",
      diagnostics: [diagnostic("A5011", null, { run: folder, problem })],
    };
  }
  const all = (await hasRecord(folder))
    ? [await logged(folder)]
    : (await Promise.all(names.map((name) => below(join(folder, name))))).flat();
  const runs = all.filter((one) => one.kind === "run").sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  return { kind: "listed", runs, others: all.filter((one) => one.kind === "other") };
}

/** Folders in a folder; links (`latest`) and hidden ones (`.units`) are none. */
async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name)
    .sort();
}

async function hasRecord(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => [] as string[]);
  return names.includes("record.json");
}

/** A run, or those of a protocol. */
async function below(folder: string): Promise<readonly (LoggedRun | OtherFolder)[]> {
  if (await hasRecord(folder)) return [await logged(folder)];
  let names: readonly string[];
  try {
    names = await foldersIn(folder);
  } catch (error) {
    return [other(folder, "damaged", `it cannot be listed: ${reasonOf(error)}`)];
  }
  if (names.length === 0) return [other(folder, "foreign", "it has no run")];
  return Promise.all(
    names.map(async (name) => {
      const inner = join(folder, name);
      return (await hasRecord(inner)) ? logged(inner) : other(inner, "foreign", "it has no record.json");
    }),
  );
}

function other(folder: string, what: OtherFolder["what"], problem: string): OtherFolder {
  return { kind: "other", folder, what, problem };
}

async function logged(folder: string): Promise<LoggedRun | OtherFolder> {
  try {
    const record = await readRecord(runFolderAt(folder).record);
    if (record === null) return other(folder, "foreign", "it has no record.json");
    const { entries, problems } = await readJudgements(folder);
    return {
      kind: "run",
      folder,
      time: record.runs.at(-1)?.times.asked ?? record.times.asked,
      protocol: basename(dirname(folder)),
      digest: record.protocol.digest,
      status: await statusOf(folder, record),
      rows: record.plan?.rows ?? null,
      units: record.plan?.units ?? null,
      times: record.runs.length,
      verdicts: verdictsOf(record),
      judgements: entries.map(({ file, entry }) => ({ file, ...entry, ofOthers: isOfOthers(entry, record) })),
      judgement: record.judgement,
      seconds: record.counts.seconds,
      problems: problems.map(({ file, problem }) => `${file}: ${problem}`),
    };
  } catch (error) {
    const problem = error instanceof RecordFault ? error.problems.join("; ") : reasonOf(error);
    return other(folder, "damaged", problem);
  }
}

/** A run that says that it goes on, and whose process is gone, was killed. */
async function statusOf(folder: string, { status }: RunRecord): Promise<EndedStatus> {
  if (status !== "asked" && status !== "running") return status;
  return (await holderOf(folder)) === null ? "killed" : status;
}

function verdictsOf({ decisions }: RunRecord): string | null {
  const hypotheses = decisions.filter(({ kind }) => kind === "hypothesis");
  if (hypotheses.length === 0) return "";
  return hypotheses.some(({ outcome }) => outcome === null) ? null : verdictCounts(decisions).join(", ");
}
