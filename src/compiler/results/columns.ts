/** From rows of the results table to named-axis arrays: the columns of an experiment. */
import { entryOf } from "../base/entry.js";
import { languageAxes, outerAxes } from "../ir/axes.js";
import type { ResultRow } from "../ir/results.js";
import { coordinateKey, type ResultArray, type ResultCell } from "./result-array.js";

/** The four columns that every metric of an experiment has. */
export type ColumnName = "value" | "baseline" | "impact" | "relative";

/** True when the experiment changed the model: then its rows carry the unmodified model beside each value. */
export function hasIntervention(rows: readonly ResultRow[], experiment: string): boolean {
  return rows.some((row) => row.experiment === experiment && row.baseline !== null);
}

/** Metrics of an experiment in the order of its rows. */
export function metricsOf(rows: readonly ResultRow[], experiment: string): readonly string[] {
  return [...new Set(rows.filter((row) => row.experiment === experiment).map((row) => row.metric))];
}

/**
 * One column of one metric over the axes of its rows. The rows of the unmodified model in an experiment with an
 * intervention are left out: they lack the intervention's axes, and each other row repeats their value as `baseline`.
 */
export function columnArray(
  rows: readonly ResultRow[],
  experiment: string,
  metric: string,
  column: ColumnName,
): ResultArray {
  const made = madeArrays.get(rows) ?? new Map<string, ResultArray>();
  madeArrays.set(rows, made);
  const key = JSON.stringify([experiment, metric, column]);
  const array = made.get(key) ?? makeArray(rows, experiment, metric, column);
  made.set(key, array);
  return array;
}

/** Every table and figure of a run reads the same rows, which may be as many as a corpus has tokens. */
const madeArrays = new WeakMap<readonly ResultRow[], Map<string, ResultArray>>();

function makeArray(rows: readonly ResultRow[], experiment: string, metric: string, column: ColumnName): ResultArray {
  const intervened = hasIntervention(rows, experiment);
  const own = rows.filter((row) => row.experiment === experiment && row.metric === metric);
  const measured = intervened ? own.filter((row) => row.baseline !== null) : own;
  const cells: ResultCell[] = [];
  for (const row of measured) {
    const value = row[column];
    if (value === null) continue;
    const reason = Number.isNaN(value) ? (row.reason ?? defaultReason(row, column)) : null;
    cells.push({ coordinates: row.axes, value, reason });
  }
  const axes = axesOf(measured);
  return { axes, cells, promptColumns: promptColumnsOf(measured, axes) };
}

function defaultReason(row: ResultRow, column: ColumnName): string {
  return column === "relative" && row.baseline === 0 ? "the baseline is 0" : "no reason recorded";
}

function axesOf(rows: readonly ResultRow[]): readonly string[] {
  const found = new Set<string>();
  for (const row of rows) for (const axis in row.axes) found.add(axis);
  const outer = outerAxes.filter((axis) => found.has(axis));
  return [...outer, ...[...found].filter((axis) => !outerAxes.includes(axis))];
}

/**
 * Axes that are fields of the prompt file: not an axis of the language, and one value for each prompt. A metric's
 * parameter with a single value looks the same; it is treated alike, which loses nothing because it is constant.
 */
function promptColumnsOf(rows: readonly ResultRow[], axes: readonly string[]): readonly string[] {
  if (!axes.includes("prompt")) return [];
  return axes.filter((axis) => {
    if (languageAxes.has(axis) || axis === "group") return false;
    const seen = new Map<string, string>();
    return rows.every((row) => {
      const prompt = coordinateKey(row.axes, ["prompts", "group", "prompt"]);
      const field = String(entryOf(row.axes, axis));
      const before = seen.get(prompt) ?? field;
      seen.set(prompt, before);
      return before === field;
    });
  });
}
