/** Writing down what a person made of a run's results. The machine adds the time and what was judged, nothing else. */
import { readFile } from "node:fs/promises";
import { printable, printableLine } from "../compiler/base/printable.js";
import { nearestNames } from "../compiler/base/suggest.js";
import { diagnostic } from "../compiler/diagnostics/create.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import { valuesDigest } from "./values-digest.js";
import { renewJudgements } from "./renew-report.js";
import { errorCode, reasonOf, StoreFault } from "./store/fault.js";
import { findRun } from "./store/find-run.js";
import { appendJudgement, outcomesDigest, readJudgements, type JudgementEntry } from "./store/judgements.js";
import { readRecord, sha256, type RunRecord } from "./store/record.js";
import { lockRunFolder, type RunFolder } from "./store/run-folder.js";

/** What a person says of a run. */
export interface Judgement {
  /** In the person's own words, on one line. */
  readonly verdict: string;
  /** Who says so, on one line. */
  readonly by: string;
  /** What else there is to say, in any number of lines. */
  readonly note?: string;
  /** Title of the hypothesis that it is about; absent: the run as a whole. */
  readonly hypothesis?: string;
}

export interface JudgeOptions {
  /** Folder in which names of runs are looked up. */
  readonly runs: string;
  /** When it is given; now when absent. */
  readonly now?: Date;
}

export type JudgeOutcome =
  | { readonly kind: "refused"; readonly diagnostics: readonly Diagnostic[] }
  | {
      readonly kind: "judged";
      readonly folder: RunFolder;
      readonly record: RunRecord;
      /** How many judgements the run has now. */
      readonly number: number;
      /** Relative to the run folder. */
      readonly file: string;
      readonly entry: JudgementEntry;
      /** Why the report does not show it; null when it does. */
      readonly reportProblem: string | null;
    };

/**
 * Appends a judgement to the run that `named` means (see `findRun`), under the run folder's lock, and puts it into the
 * report. Earlier judgements are never changed. Rejects with LockHeldFault (a run is going on there), RecordFault (its
 * record is damaged) or StoreFault.
 */
export async function judgeRun(named: string, judgement: Judgement, options: JudgeOptions): Promise<JudgeOutcome> {
  const found = await findRun(named, options.runs);
  if (found.kind === "missing") {
    const { problem, hint } = found;
    const missing = diagnostic("A5011", null, { run: named, problem }, hint === null ? {} : { hint });
    return { kind: "refused", diagnostics: [missing] };
  }
  const wrong = wordProblems(judgement);
  if (wrong.length > 0) return refused(wrong);
  const { folder } = found;
  const lock = await lockRunFolder(folder);
  try {
    return await judge(folder, judgement, options.now ?? new Date());
  } finally {
    await lock.release();
  }
}

interface Problem {
  readonly problem: string;
  readonly hint: string | null;
}

function refused(problems: readonly Problem[]): Extract<JudgeOutcome, { kind: "refused" }> {
  const diagnostics = problems.map(({ problem, hint }) =>
    diagnostic("A5012", null, { problem }, hint === null ? {} : { hint }),
  );
  return { kind: "refused", diagnostics };
}

async function judge(folder: RunFolder, judgement: Judgement, now: Date): Promise<JudgeOutcome> {
  const record = await readRecord(folder.record);
  if (record === null) throw new StoreFault(`${folder.record} is gone`, folder.record, null, null);
  const { decisions, values, status } = record;
  const { entries, problems } = await readJudgements(folder.folder);
  const [damaged] = problems;
  if (damaged !== undefined) {
    const hint = "judgements are never changed: put the file back as it was, or judge a new run";
    return refused([{ problem: `of the earlier ones, ${damaged.file} is not as it was: ${damaged.problem}`, hint }]);
  }
  const unknown = hypothesisProblem(judgement, record);
  if (unknown !== null) return refused([unknown]);
  const ended = status === "finished" || status === "interrupted" || status === "failed" ? status : null;
  const results = await digestOfResults(folder);
  // A run that was interrupted before its first batch wrote a file without rows.
  if (ended === null || values === null || values === valuesDigest([]) || results === null) {
    const hint = "run the protocol again: what was computed is kept";
    return refused([{ problem: "the run has no results", hint }]);
  }
  const recorded = record.outputs.find(({ kind }) => kind === "results")?.sha256;
  if (recorded !== results) {
    const hint = `atlasc verify ${folder.folder} says what changed; running the protocol again writes them anew`;
    return refused([{ problem: "results.parquet is not the file that the run wrote", hint }]);
  }
  const stored = await appendJudgement(folder.folder, entries, {
    time: now.toISOString(),
    by: judgement.by.trim(),
    verdict: judgement.verdict.trim(),
    note: judgement.note?.trim() ?? null,
    hypothesis: judgement.hypothesis ?? null,
    of: { digest: record.protocol.digest, status: ended, values, decisions: outcomesDigest({ decisions }), results },
  });
  const all = [...entries, stored];
  const reportProblem = await renewJudgements(folder, record, all);
  const { file, entry } = stored;
  return { kind: "judged", folder, record, number: all.length, file, entry, reportProblem };
}

/** Letters that a verdict or a name may have; what is longer is a note. */
const longestLine = 500;

/** What cannot be written down as it is: nothing at all, several lines, or what cannot be seen. */
function wordProblems({ verdict, by, note }: Judgement): readonly Problem[] {
  const ofLine = (what: string, text: string): readonly Problem[] => {
    if (text.trim() === "") return [{ problem: `the ${what} is empty`, hint: null }];
    const shown = printableLine(text.trim());
    if (shown !== text.trim()) {
      const hint = what === "verdict" ? "--note takes several lines" : null;
      return [{ problem: `the ${what} has line breaks or characters that cannot be seen: ${shown}`, hint }];
    }
    if (text.length <= longestLine) return [];
    const hint = what === "verdict" ? "the reasons belong into --note" : null;
    return [{ problem: `the ${what} has ${text.length} letters, and at most ${longestLine} are kept`, hint }];
  };
  const ofNote = (text: string): readonly Problem[] => {
    if (text.trim() === "") return [{ problem: "the note is empty", hint: "leave it out" }];
    if (printable(text) === text) return [];
    return [{ problem: `the note has characters that cannot be seen: ${printableLine(text)}`, hint: null }];
  };
  return [...ofLine("verdict", verdict), ...ofLine("name", by), ...(note === undefined ? [] : ofNote(note))];
}

function hypothesisProblem({ hypothesis }: Judgement, { decisions }: RunRecord): Problem | null {
  if (hypothesis === undefined) return null;
  const titles = decisions.flatMap(({ title }) => title ?? []);
  if (titles.includes(hypothesis)) return null;
  const [near] = nearestNames(hypothesis, titles);
  const listed = titles.map((title) => JSON.stringify(title)).join(", ");
  const hint =
    titles.length === 0
      ? "without --hypothesis the run as a whole is judged"
      : near === undefined
        ? `there ${titles.length === 1 ? "is" : "are"} ${listed}`
        : `did you mean ${JSON.stringify(near)}?`;
  return { problem: `the run has no hypothesis ${JSON.stringify(hypothesis)}`, hint };
}

async function digestOfResults({ results }: RunFolder): Promise<string | null> {
  try {
    return sha256(await readFile(results));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw new StoreFault(`cannot read ${results}: ${reasonOf(error)}`, results, null, error);
  }
}
