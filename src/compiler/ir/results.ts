import { experimentsIn, type ResultExpression } from "./result-expression.js";
import type { Condition, Protocol } from "./protocol.js";
import { referencesName, type PublishedValue } from "./references.js";
import { baselineCondition, observedCondition, type ResultType } from "./result-type.js";
import type { ResultRow, ResultRows } from "./result-row.js";
import { joinedRows } from "./result-table.js";

export type { ResultRow, ResultRows } from "./result-row.js";

/** A row as it is saved: with the words of its text and tokens, where there are any. */
export interface SavedRow extends Omit<ResultRow, "condition"> {
  /** null for the values of a `let`, which may join several conditions. */
  readonly condition: string | null;
  /** The prompt; null for a corpus, for random tokens, and where a value is of several prompts. */
  readonly promptText: string | null;
  /** The token at the row's position. */
  readonly token: string | null;
  /** What a value stands for that is a token itself. */
  readonly valueText: string | null;
}

/** What a condition of an experiment of that type is called in results. The unmodified model has no writes. */
export function conditionLabel({ intervened }: ResultType, { coordinates, writes, drawn }: Condition): string {
  if (!intervened) return observedCondition;
  if (writes.length === 0) return baselineCondition;
  const words = Object.entries(coordinates).map(([axis, value]) => `${axis} ${value}`);
  const label = words.length === 0 ? "intervention" : words.join(", ");
  return drawn === undefined ? label : `${label}: ${drawn}`;
}

/** Results of a run: the rows, and what they are by experiment. */
export interface ResultSet {
  readonly types: ReadonlyMap<string, ResultType>;
  readonly rows: ResultRows;
}

/** Measured rows and published ones, with their types. */
export function resultSetOf(
  { results, references }: Pick<Protocol, "results" | "references">,
  rows: ResultRows,
): ResultSet {
  const types = new Map(results.map((type) => [type.experiment, type]));
  return { types, rows: references.length === 0 ? rows : joinedRows(rows, references.map(publishedRow)) };
}

function publishedRow({ metric, value, axes }: PublishedValue): ResultRow {
  const nothing = { baseline: null, impact: null, relative: null, reason: null };
  return { experiment: referencesName, condition: observedCondition, axes, metric, unit: "none", value, ...nothing };
}

/** True for a value that measures nothing: a number, or published values. `typeOf` knows the results of experiments. */
export function isConstant(
  expression: ResultExpression,
  typeOf: (experiment: string) => Pick<ResultType, "texts"> | undefined,
): boolean {
  return experimentsIn(expression).every((name) => typeOf(name)?.texts.length === 0);
}

/** Formats of saved results, each the ending of its files' names. */
export const saveFormats = ["csv", "jsonl", "json", "parquet"] as const;
/** Formats of saved tables, as a reader sees them: LaTeX and Markdown. */
export const tableFormats = ["tex", "md"] as const;
/** Formats of saved tensors: the eigenvectors of a curvature. */
export const tensorFormats = ["safetensors"] as const;
export type SaveFormat = (typeof saveFormats)[number];
