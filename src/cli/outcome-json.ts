/** What `atlasc run --json` prints: the outcome of a run as outcome.schema.json describes it. */
import { remarksOf } from "../runtime/remarks.js";
import type { TableCell, TableData } from "../runtime/report/table-data.js";
import type { RunOutcome } from "../runtime/run.js";
import { isOfOthers } from "../runtime/store/judgements.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import { rejectionJson } from "./terminal.js";

/** Name and version of the format. */
export const outcomeFormat = "atlasc-outcome-1";

export function outcomeJson(outcome: RunOutcome): unknown {
  if (outcome.kind === "rejected") {
    return rejectedJson(outcome.diagnostics, outcome.loaded.sources);
  }
  const { summary, planned, folder, record, written, parts, judgements } = outcome;
  return {
    format: outcomeFormat,
    status: summary.status,
    remarks: remarksOf(parts),
    digest: planned.digest,
    folder: folder.folder,
    record: folder.record,
    results: folder.results,
    report: written.report,
    units: summary.units,
    seconds: summary.seconds,
    estimate: record.estimate,
    experiments: parts.experiments,
    reasons: parts.reasons,
    decisions: record.decisions,
    missingOutputs: parts.missingOutputs,
    tables: written.tables.map(tableJson),
    selections: record.selections,
    warnings: record.warnings,
    faults: record.faults,
    judgement: record.judgement,
    judgements: judgements.map(({ file, entry }) => ({ file, ...entry, ofOthers: isOfOthers(entry, record) })),
    outputs: written.files,
  };
}

/** A run that could not go on, where nothing else can be said of it. */
export function faultJson(message: string): unknown {
  return { format: outcomeFormat, status: "failed", faults: [{ unit: null, message }] };
}

/** A protocol that is wrong, as JSON. */
export function rejectedJson(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>): unknown {
  return { format: outcomeFormat, ...rejectionJson(diagnostics, sources) };
}

interface Place {
  readonly row: number;
  readonly column: number;
}

/**
 * A table with its values: `rows` hold one value for each column, and what there is to say about a value beside itself
 * stands in lists, by row and column from 0. Every null among the numbers has a reason.
 */
export function tableJson({ title, caption, note, warnings, columns, rows }: TableData): unknown {
  const reasons: (Place & { readonly reason: string })[] = [];
  const errors: (Place & { readonly error: number })[] = [];
  const texts: (Place & { readonly text: string })[] = [];
  const marks: (Place & { readonly start: number; readonly end: number })[] = [];
  const values = rows.map((cells, row) =>
    cells.map((cell, column) => {
      const place = { row, column };
      const numeric = columns[column]?.kind === "value";
      const reason = numeric ? reasonOf(cell) : cell.reason;
      if (reason !== null) reasons.push({ ...place, reason });
      if (cell.error !== undefined) errors.push({ ...place, error: cell.error });
      if (cell.shown !== undefined) texts.push({ ...place, text: cell.shown });
      if (cell.mark !== undefined) marks.push({ ...place, start: cell.mark[0], end: cell.mark[1] });
      return typeof cell.value === "number" && !Number.isFinite(cell.value) ? null : cell.value;
    }),
  );
  return {
    title,
    caption: caption ?? null,
    note,
    warnings,
    columns: columns.map(({ name, heading, kind, unit, signed }) => ({
      name,
      heading: heading ?? null,
      kind,
      unit,
      signed,
    })),
    rows: values,
    reasons,
    errors,
    texts,
    marks,
  };
}

/** What there is to say of a number: why it is NaN, or what the infinity is that null stands for. */
function reasonOf({ value, reason }: TableCell): string | null {
  if (value === null) return reason ?? "there is no value here";
  if (typeof value !== "number" || Number.isFinite(value)) return reason;
  if (Number.isNaN(value)) return reason ?? "no reason recorded";
  return `the value is ${value > 0 ? "+" : "−"}∞${reason === null ? "" : `: ${reason}`}`;
}
