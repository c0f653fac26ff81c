/** What results a protocol will have, for checking the statements that read them. */
import { interventionColumns, plainColumns } from "../../ir/value-columns.js";
import type { ResultType } from "../../ir/result-type.js";
import type { LetStatement } from "../../syntax/ast.js";

export interface ExperimentShape {
  readonly name: string;
  readonly type: ResultType;
  /** False when something about it was wrong: its axes and metrics are then incomplete, and nothing is said of them. */
  readonly complete: boolean;
}

export interface ResultScope {
  readonly experiments: ReadonlyMap<string, ExperimentShape>;
  readonly lets: ReadonlyMap<string, LetStatement>;
}

/** Names of an experiment's metrics, in the order of its `measure` clause. */
export function metricNames({ type }: ExperimentShape): readonly string[] {
  return type.metrics.map((metric) => metric.name);
}

/** Columns that every metric of the experiment has. */
export function columnsOf(shape: ExperimentShape): readonly (typeof interventionColumns)[number][] {
  return shape.type.intervened || !shape.complete ? interventionColumns : plainColumns;
}

/** What `by` and `where` of a table can name. */
export function describeRows(shape: ExperimentShape): string {
  const axes = [...shape.type.axes, ...shape.type.columns].map(({ name }) => name);
  return `its columns are ${describeColumns(shape)}${axes.length === 0 ? "" : `; its axes are ${axes.join(", ")}`}`;
}

/** The metrics and their columns, for messages. */
export function describeColumns(shape: ExperimentShape): string {
  return [...metricNames(shape), ...columnsOf(shape)].join(", ");
}
