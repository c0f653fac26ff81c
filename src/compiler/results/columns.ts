/** From rows of the results table to named-axis arrays: the columns of an experiment. */
import { outerAxes } from "../ir/axes.js";
import { baselineCondition, metricOf, type DecidedAxis, type ResultType } from "../ir/result-type.js";
import { zeroBaseline } from "../ir/result-row.js";
import { rowsOfExperiments, visitRows } from "../ir/result-table.js";
import type { ResultRow, ResultSet } from "../ir/results.js";
import { emptyArray, type ResultArray, type ResultCell } from "./result-array.js";

/** The four columns that every metric of an experiment has. */
export type ColumnName = "value" | "baseline" | "impact" | "relative";

/**
 * One column of one metric over the axes of its type. The rows of the unmodified model in an experiment with an
 * intervention are left out: they lack the intervention's axes, and each other row repeats their value as `baseline`.
 */
export function columnArray(results: ResultSet, experiment: string, metric: string, column: ColumnName): ResultArray {
  const made = madeArrays.get(results) ?? new Map<string, ResultArray>();
  madeArrays.set(results, made);
  const key = JSON.stringify([experiment, metric, column]);
  const array = made.get(key) ?? makeArray(results, experiment, metric, column);
  made.set(key, array);
  return array;
}

/** Every table and figure of a run reads the same rows, which may be as many as a corpus has tokens. */
const madeArrays = new WeakMap<ResultSet, Map<string, ResultArray>>();

function makeArray(results: ResultSet, experiment: string, metric: string, column: ColumnName): ResultArray {
  const type = results.types.get(experiment);
  const own = type === undefined ? null : metricOf(type, metric);
  if (type === undefined || own === null) return emptyArray;
  const cells: ResultCell[] = [];
  visitRows(
    rowsOfExperiments(results.rows, (name) => name === experiment),
    (row) => {
      if (row.metric !== metric || (type.intervened && row.condition === baselineCondition)) return;
      const value = row[column];
      if (value === null) return;
      const reason = Number.isNaN(value) ? (row.reason ?? defaultReason(row, column)) : null;
      cells.push({ coordinates: row.axes, value, reason });
    },
  );
  const axes = type.axes.filter(({ name }) => own.axes.includes(name));
  const columns = columnsFor(type, own.axes);
  const isOuter = ({ name }: { readonly name: string }): boolean => outerAxes.includes(name);
  return {
    // Fields stand beside the texts that they describe.
    axes: [...axes.filter(isOuter), ...columns, ...axes.filter((axis) => !isOuter(axis))].map(({ name }) => name),
    cells,
    decided: [
      ...axes.filter(({ of }) => of.length > 0).map(({ name, of }): DecidedAxis => ({ name, of, isColumn: false })),
      ...columns.map(({ name, of }): DecidedAxis => ({ name, of, isColumn: true })),
    ],
    ragged: axes.filter(({ kind }) => kind === "position").map(({ name }) => name),
    labels: null,
  };
}

/** The columns that follow from the axes of a metric. */
function columnsFor(type: ResultType, axes: readonly string[]): ResultType["columns"] {
  return type.columns.filter(({ of }) => of.every((axis) => axes.includes(axis)));
}

function defaultReason(row: ResultRow, column: ColumnName): string {
  return column === "relative" && row.baseline === 0 ? zeroBaseline : "no reason recorded";
}
