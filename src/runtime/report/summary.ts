/** What the terminal shows after a run. */
import type { ReportStatus } from "./status.js";
import { printableLine } from "../../compiler/base/printable.js";
import type { DecisionView } from "./decision-view.js";
import type { StudySummary } from "./report-input.js";
import { studySentences } from "./sentences.js";
import type { TableData } from "./table-data.js";
import { renderTextTable, wrapWords, type TextTableOptions } from "./text-table.js";

/** A run as its summary needs it. */
export interface RunSummary {
  readonly title: string;
  readonly status: ReportStatus;
  readonly studies: readonly StudySummary[];
  /** What results decided during the run, a sentence each. */
  readonly selections: readonly string[];
  /** What statements that compare and decide came to. */
  readonly decisions: readonly DecisionView[];
  readonly tables: readonly TableData[];
  readonly warnings: readonly string[];
  /** What was written where; paths as they shall be read. */
  readonly files: readonly { readonly label: string; readonly path: string }[];
}

/** Rows of a table that a terminal shows; the report and the results table have all of them. */
const longestTable = 40;

/** The summary as text without a final newline: what was run, the tables, warnings, and where everything was written. */
export function renderSummary(run: RunSummary, options: TextTableOptions): string {
  const style = options.style ?? ((text: string) => text);
  const sentences = [...studySentences(run.studies), ...run.selections].flatMap((sentence) =>
    wrapWords(sentence, options.width),
  );
  const parts = [
    [
      `${style(printableLine(run.title), "title")}  ${style(run.status.label, run.status.tone === "good" ? "note" : "warning")}`,
      ...sentences,
    ],
    ...run.tables.map((table) => [renderTextTable(shorten(table), options)]),
    ...run.decisions.map((decision) => decisionLines(decision, options)),
    run.warnings.flatMap((warning) =>
      wrapWords(`warning: ${warning}`, options.width).map((line) => style(line, "warning")),
    ),
    filesOf(run).map(({ label, path }) => `${label}  ${style(printableLine(path), "path")}`),
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

/** The verdict in front of the title, then what it came to and the table of its tests. */
function decisionLines(
  { verdict, title, statement, sentence, table, terminal, loadings }: DecisionView,
  options: TextTableOptions,
): readonly string[] {
  const style = options.style ?? ((text: string) => text);
  const heading = wrapWords(title, options.width).map((line) => style(line, "title"));
  const judged = verdict === null ? [] : [style(verdict.label, verdict.tone === "good" ? "note" : "warning")];
  const said = [statement ?? "", sentence]
    .filter((text) => text !== "")
    .flatMap((text) => wrapWords(text, options.width));
  const tables = (terminal ?? [table, ...(loadings === null ? [] : [loadings])]).map((shown) =>
    renderTextTable(shorten(shown), options),
  );
  return [...judged, ...heading, ...said, ...tables.flatMap((shown, i) => (i === 0 ? [shown] : ["", shown]))];
}

function shorten(table: TableData): TableData {
  if (table.rows.length <= longestTable) return table;
  const hidden = `${longestTable} of ${table.rows.length} rows shown here, all of them in the report`;
  const note = table.note === null ? hidden : `${table.note}; ${hidden}`;
  return { ...table, rows: table.rows.slice(0, longestTable), note };
}

function filesOf(run: RunSummary): RunSummary["files"] {
  const width = run.files.reduce((most, { label }) => Math.max(most, label.length), 0);
  return run.files.map(({ label, path }) => ({ label: label.padEnd(width), path }));
}
