/**
 * Judgements of a run: `judgements/1.json`, `2.json`, … in its folder, each written once by a person's order and never
 * changed. They are no part of record.json, which every run writes anew. See decision 0051.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../compiler/base/digest.js";
import { writeFileAtomic } from "./atomic.js";
import { errorCode, reasonOf, StoreFault } from "./fault.js";
import { asWritten } from "./record-parts.js";
import { judgementProblems } from "./record-schema.js";
import { sha256, type RunRecord } from "./record.js";

export const judgementFormat = "atlasc-judgement-1";

/** The results that a judgement is of. */
export interface JudgedResults {
  /** Of the request, as `protocol.digest` of the record. */
  readonly digest: string;
  readonly status: "finished" | "interrupted" | "failed";
  /** As in the record. */
  readonly values: string;
  /** SHA-256 of the outcomes of the record's decisions, as canonical JSON. */
  readonly decisions: string;
  /** SHA-256 of results.parquet. */
  readonly results: string;
}

/** A judgement, field by field as judgement.schema.json describes it. */
export interface JudgementEntry {
  readonly format: typeof judgementFormat;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly by: string;
  readonly verdict: string;
  readonly note: string | null;
  /** null: the run as a whole. */
  readonly hypothesis: string | null;
  readonly of: JudgedResults;
  /** SHA-256 of the file of the judgement before; null in the first one. */
  readonly previous: string | null;
}

/** A judgement with its file, relative to the run folder, and the SHA-256 of that. */
export interface StoredJudgement {
  readonly file: string;
  readonly sha256: string;
  readonly entry: JudgementEntry;
}

export interface Judgements {
  /** In the order in which they were given. */
  readonly entries: readonly StoredJudgement[];
  /** What is wrong with those that cannot be read, or do not follow each other: a sentence each, by file. */
  readonly problems: readonly { readonly file: string; readonly problem: string }[];
}

export const judgementsFolder = "judgements";
const entryName = /^([1-9]\d*)\.json$/;

/** The judgements of a run folder, none when there are none. Rejects with StoreFault when the folder cannot be read. */
export async function readJudgements(runFolder: string): Promise<Judgements> {
  const folder = join(runFolder, judgementsFolder);
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return { entries: [], problems: [] };
    throw new StoreFault(`cannot read ${folder}: ${reasonOf(error)}`, folder, null, error);
  }
  const numbers = names.flatMap((name) => Number(entryName.exec(name)?.[1] ?? [])).sort((a, b) => a - b);
  const entries: StoredJudgement[] = [];
  const problems: { file: string; problem: string }[] = [];
  let previous: string | null = null;
  for (const [i, number] of numbers.entries()) {
    const file = fileOf(number);
    const read = await readEntry(join(runFolder, file));
    if (number !== i + 1 && number - 1 !== numbers[i - 1]) {
      problems.push({ file: fileOf(number - 1), problem: "it is missing" });
    } else if (read.entry !== null && read.entry.previous !== previous) {
      const changed = previous === null ? "it names one before it" : `${fileOf(number - 1)} was changed after it`;
      problems.push({ file, problem: changed });
    }
    if (read.entry === null) problems.push({ file, problem: read.problem });
    else entries.push({ file, sha256: read.sha256, entry: read.entry });
    previous = read.sha256;
  }
  return { entries, problems };
}

function fileOf(number: number): string {
  return `${judgementsFolder}/${number}.json`;
}

type ReadEntry =
  | { readonly entry: JudgementEntry; readonly sha256: string }
  | { readonly entry: null; readonly sha256: string | null; readonly problem: string };

async function readEntry(path: string): Promise<ReadEntry> {
  let digest: string | null = null;
  try {
    const bytes = await readFile(path);
    digest = sha256(bytes);
    const value = JSON.parse(bytes.toString("utf8")) as unknown;
    const [problem] = judgementProblems(value);
    if (problem === undefined) return { entry: value as JudgementEntry, sha256: digest };
    return { entry: null, sha256: digest, problem };
  } catch (error) {
    const problem = error instanceof SyntaxError ? "it is not JSON" : reasonOf(error);
    return { entry: null, sha256: digest, problem };
  }
}

/**
 * Writes a judgement as the next one, and returns it with its file. The folder must be locked and its judgements
 * `earlier` sound. Rejects with StoreFault.
 */
export async function appendJudgement(
  runFolder: string,
  earlier: readonly StoredJudgement[],
  judgement: Omit<JudgementEntry, "format" | "previous">,
): Promise<StoredJudgement> {
  const file = fileOf(earlier.length + 1);
  const path = join(runFolder, file);
  const entry: JudgementEntry = {
    format: judgementFormat,
    ...judgement,
    previous: earlier.at(-1)?.sha256 ?? null,
  };
  const problems = judgementProblems(entry);
  if (problems.length > 0) throw new RangeError(`appendJudgement: ${problems.join("; ")}`);
  const text = `${JSON.stringify(entry, null, 2)}\n`;
  try {
    await writeFileAtomic(path, text);
  } catch (error) {
    throw new StoreFault(`cannot write ${path}: ${reasonOf(error)}`, path, null, error);
  }
  return { file, sha256: sha256(text), entry };
}

/** Digest of what the statements of a record came to. */
export function outcomesDigest({ decisions }: Pick<RunRecord, "decisions">): string {
  return digestOf(asWritten(decisions.map(({ outcome }) => outcome)));
}

/** Whether the results are no longer those that were judged: other numbers, or other outcomes of the same numbers. */
export function isOfOthers({ of }: JudgementEntry, record: Pick<RunRecord, "decisions" | "values">): boolean {
  return of.values !== record.values || of.decisions !== outcomesDigest(record);
}
