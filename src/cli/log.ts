/** `atlasc log`. */
import { logRuns, type LoggedRun, type OtherFolder } from "../runtime/log-runs.js";
import { ofOthersText } from "../runtime/report/judgement-html.js";
import { axisColumn, textColumn } from "../runtime/report/table-data.js";
import { renderTextTable, wrapWords } from "../runtime/report/text-table.js";
import { exitCodes } from "./exit-codes.js";
import { output } from "./screen.js";
import { printRejection } from "./source.js";
import { counted } from "../compiler/base/counted.js";
import { tableOptions } from "./terminal.js";

export async function logCommand(folder: string, { json }: { readonly json: boolean }): Promise<number> {
  const outcome = await logRuns(folder);
  if (outcome.kind === "missing") {
    printRejection(outcome.diagnostics, new Map(), json);
    return exitCodes.wrongInput;
  }
  const { runs, others } = outcome;
  if (json) {
    output.json({
      runs: runs.map(({ kind: _kind, ...run }) => run),
      others: others.map(({ kind: _kind, ...own }) => own),
    });
  } else output.text(logText(folder, runs, others));
  return exitCodes.done;
}

/** Where a line is too short for all of them, the first two are repeated. */
const columns = [
  ...["time (UTC)", "digest"].map(axisColumn),
  ...["protocol", "status", "rows", "units", "seconds", "hypotheses", "judgement"].map(textColumn),
];

function logText(folder: string, runs: readonly LoggedRun[], others: readonly OtherFolder[]): string {
  const options = tableOptions();
  const wrapped = (text: string): string => wrapWords(text, options.width).join("\n");
  const table = {
    title: "",
    columns,
    rows: runs.map((run) => cellsOf(run).map((value) => ({ value, reason: null }))),
    note: null,
    warnings: [],
  };
  return [
    runs.length === 0 ? wrapped(`There are no runs in ${folder}.`) : renderTextTable(table, options),
    ...runs.flatMap((run) => run.problems.map((problem) => wrapped(`warning: ${run.folder}/${problem}`))),
    ...others.map(({ folder: own, what, problem }) => wrapped(`${what}: ${own}: ${problem}`)),
    ...(runs.length === 0 ? [] : [counted(runs.length, "run")]),
  ].join("\n\n");
}

function cellsOf(run: LoggedRun): readonly (string | number)[] {
  const { time, protocol, digest, status, rows, units, seconds, verdicts } = run;
  return [
    time.slice(0, 16).replace("T", " "),
    digest.slice(0, 12),
    protocol,
    status,
    rows ?? "",
    units ?? "",
    seconds.toFixed(1),
    verdicts ?? "not decided",
    judgementText(run),
  ];
}

/** The last judgement of the run as a whole, or of a hypothesis where there is none; blank where nobody has judged. */
function judgementText({ judgements, judgement }: LoggedRun): string {
  const last = judgements.findLast(({ hypothesis }) => hypothesis === null) ?? judgements.at(-1);
  if (last === undefined) {
    if (judgement === null) return "";
    return typeof judgement === "string" ? judgement : `${judgement.text} (${judgement.name})`;
  }
  const about = last.hypothesis === null ? "" : ", on a hypothesis";
  const more = judgements.length === 1 ? "" : `, ${judgements.length} in all`;
  return `${last.verdict} (${last.by}${about}${more}${last.ofOthers ? `; ${ofOthersText}` : ""})`;
}
