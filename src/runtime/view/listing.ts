/** What a page of runs shows: each run with its question, its verdicts, and how far it is. */
import { stat } from "node:fs/promises";
import { relative, sep } from "node:path";
import type { Verdict } from "../../compiler/ir/decision-outcome.js";
import { logRuns, type LoggedRun, type OtherFolder } from "../log-runs.js";
import { questionOf } from "../report-texts.js";
import { readProgress, type RunProgress } from "../store/progress-file.js";
import { readRecord } from "../store/record.js";
import { runFolderAt } from "../store/run-folder.js";

/** A run as the page shows it. */
export interface ListedRun {
  /** Its folder as a part of an address, below that of all runs; empty for the folder itself. */
  readonly address: string;
  readonly run: LoggedRun;
  readonly question: string | null;
  readonly verdicts: readonly { readonly title: string; readonly verdict: Verdict }[];
  /** null for a run that does not go on, or has not said yet. */
  readonly progress: RunProgress | null;
  readonly hasReport: boolean;
}

export interface Listing {
  /** The last one first. */
  readonly runs: readonly ListedRun[];
  readonly others: readonly OtherFolder[];
}

/** Everything below `folder`, which is a real path. Rejects when it cannot be listed. */
export async function listRuns(folder: string): Promise<Listing> {
  const log = await logRuns(folder);
  if (log.kind === "missing") throw new Error(log.diagnostics.map(({ message }) => message).join("; "));
  const runs = await Promise.all(log.runs.map((run) => listed(folder, run)));
  return { runs: runs.reverse(), others: log.others };
}

async function listed(root: string, run: LoggedRun): Promise<ListedRun> {
  const { record: path, report } = runFolderAt(run.folder);
  const record = await readRecord(path).catch(() => null);
  const goesOn = run.status === "running" || run.status === "asked";
  const verdicts = (record?.decisions ?? []).flatMap(({ outcome }) =>
    outcome?.kind === "hypothesis" ? [{ title: outcome.title, verdict: outcome.verdict }] : [],
  );
  return {
    address: relative(root, run.folder).split(sep).map(encodeURIComponent).join("/"),
    run,
    question: record === null ? null : questionOf(record.protocol.text),
    verdicts,
    progress: goesOn ? await readProgress(run.folder) : null,
    hasReport: await stat(report).then(
      (found) => found.isFile(),
      () => false,
    ),
  };
}
