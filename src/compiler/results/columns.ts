/** From rows of the results table to named-axis arrays: the columns of an experiment. */
import { outerAxes } from "../ir/axes.js";
import { baselineCondition, metricOf, type DecidedAxis, type ResultType } from "../ir/result-type.js";
import { zeroBaseline } from "../ir/result-row.js";
import { rowsOfExperiments, visitRows } from "../ir/result-table.js";
import type { ResultRow, ResultSet } from "../ir/results.js";
import { type ResultCells } from "./cell-columns.js";
import { metricColumn, metricPlaces, type ColumnName, type MetricPlaces } from "./metric-columns.js";
import { emptyArray, type ResultArray, type ResultCell } from "./result-array.js";

export type { ColumnName } from "./metric-columns.js";

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
  const cells = columnCells(results, type, metric, column) ?? listedCells(results, type, metric, column);
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

function defaultReason(row: Pick<ResultRow, "baseline">, column: ColumnName): string {
  return column === "relative" && row.baseline === 0 ? zeroBaseline : "no reason recorded";
}

/** The places of metrics, which all of a metric's columns share. */
const madePlaces = new WeakMap<ResultSet, Map<string, MetricPlaces>>();

/** The column out of the columns in which studies are; null where rows are objects, or some row has no such value. */
function columnCells(results: ResultSet, type: ResultType, metric: string, column: ColumnName): ResultCells | null {
  const { experiment, intervened } = type;
  const segments = rowsOfExperiments(results.rows, (name) => name === experiment).segments;
  const studies = segments.flatMap((segment) => (segment.kind === "study" ? [segment] : []));
  if (studies.length === 0 || studies.length < segments.length) return null;
  const made = madePlaces.get(results) ?? new Map<string, MetricPlaces>();
  madePlaces.set(results, made);
  const key = JSON.stringify([experiment, metric]);
  const places = made.get(key) ?? metricPlaces(studies, metric, intervened ? baselineCondition : null);
  made.set(key, places);
  return metricColumn(places, column, (baseline) => defaultReason({ baseline }, column));
}

/** The column out of rows one by one. */
function listedCells(
  results: ResultSet,
  { experiment, intervened }: ResultType,
  metric: string,
  column: ColumnName,
): readonly ResultCell[] {
  const cells: ResultCell[] = [];
  visitRows(
    rowsOfExperiments(results.rows, (name) => name === experiment),
    (row) => {
      if (row.metric !== metric || (intervened && row.condition === baselineCondition)) return;
      const value = row[column];
      if (value === null) return;
      const reason = Number.isNaN(value) ? (row.reason ?? defaultReason(row, column)) : null;
      cells.push({ coordinates: row.axes, value, reason });
    },
  );
  return cells;
}
