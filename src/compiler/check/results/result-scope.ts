/** What results a protocol will have, for checking the statements that read them. */
import { interventionColumns, plainColumns } from "../../ir/value-columns.js";
import type { ResultType } from "../../ir/result-type.js";
import type { Expression, LetStatement, Name } from "../../syntax/ast.js";

export interface ExperimentShape {
  readonly name: string;
  readonly type: ResultType;
  /** False when something about it was wrong: its axes and metrics are then incomplete, and nothing is said of them. */
  readonly complete: boolean;
  /** True for an experiment whose curvature has eigenvectors. */
  readonly eigenvectors?: boolean;
}

export interface ResultScope {
  readonly experiments: ReadonlyMap<string, ExperimentShape>;
  readonly lets: ReadonlyMap<string, LetStatement>;
  /** Values of `param`, as they are declared or given from outside. */
  readonly params: ReadonlyMap<string, Expression>;
}

/** Names of an experiment's metrics, in the order of its `measure` clause. */
export function metricNames({ type }: ExperimentShape): readonly string[] {
  return type.metrics.map((metric) => metric.name);
}

/** One of the values that every metric of an experiment with interventions has. */
export type ValueColumn = (typeof interventionColumns)[number];

export function isValueColumn(name: string): name is ValueColumn {
  return (interventionColumns as readonly string[]).includes(name);
}

/** What a name stands for in an expression over results. */
export type ResultMeaning =
  /** A column of the experiment that the statement is about: one of all its metrics, or a metric. */
  | { readonly kind: "column"; readonly shape: ExperimentShape; readonly name: string }
  | { readonly kind: "let"; readonly statement: LetStatement }
  | { readonly kind: "experiment"; readonly shape: ExperimentShape }
  | { readonly kind: "param"; readonly value: Expression };

/** Null for a name that means nothing. `subject` is the experiment whose columns go by their bare names, if there is one. */
export function resultMeaning(
  { experiments, lets, params }: ResultScope,
  subject: ExperimentShape | null,
  name: string,
): ResultMeaning | null {
  if (subject !== null && (isValueColumn(name) || metricNames(subject).includes(name))) {
    return { kind: "column", shape: subject, name };
  }
  const statement = lets.get(name);
  if (statement !== undefined) return { kind: "let", statement };
  const shape = experiments.get(name);
  if (shape !== undefined) return { kind: "experiment", shape };
  const value = params.get(name);
  return value === undefined ? null : { kind: "param", value };
}

/** `sweep.R_V.impact` as three names; null for what is no path of names. */
export function memberPath(expression: Expression): readonly Name[] | null {
  if (expression.kind === "name") return [{ text: expression.text, span: expression.span }];
  if (expression.kind !== "member") return null;
  const base = memberPath(expression.base);
  return base === null ? null : [...base, expression.member];
}

/** A path into results: the experiment, and the words that name its column. */
export interface ColumnPath {
  readonly shape: ExperimentShape;
  readonly words: readonly Name[];
  /** True where the path begins with a metric of the statement's subject, and names no experiment. */
  readonly ofSubject: boolean;
}

/** Null where the first name is neither an experiment nor a metric of the subject. */
export function columnPath(
  { experiments }: ResultScope,
  subject: ExperimentShape | null,
  path: readonly Name[],
): ColumnPath | null {
  const [first, ...rest] = path;
  if (first === undefined) return null;
  const shape = experiments.get(first.text);
  if (shape !== undefined) return { shape, words: rest, ofSubject: false };
  if (subject === null || !metricNames(subject).includes(first.text)) return null;
  return { shape: subject, words: path, ofSubject: true };
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
