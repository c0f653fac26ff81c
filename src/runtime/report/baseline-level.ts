/** The value of the unmodified model, for lines to be compared with. */
import type { NamedResult } from "../../compiler/ir/protocol.js";
import type { ResultSet } from "../../compiler/ir/results.js";
import { evaluateResult } from "../../compiler/results/evaluate.js";
import { averageOver, type ResultArray } from "../../compiler/results/result-array.js";

/**
 * The baseline of lines of one measured value over a sweep, averaged as the lines are; where it differs between or along
 * them, a sentence instead. null for several values, for what is no measured column, and where nothing was changed.
 */
export function baselineOf(
  values: readonly NamedResult[],
  results: ResultSet,
  arrays: readonly ResultArray[],
): { readonly label: string; readonly value: number } | string | null {
  const [named, ...others] = values;
  const [array] = arrays;
  if (named?.expression.kind !== "column" || named.expression.column !== "value" || others.length > 0) return null;
  if (array === undefined || array.axes.length === 0) return null;
  const { experiment } = named.expression;
  const { texts = [] } = results.types.get(experiment) ?? {};
  const isSwept = evaluateResult({ ...named.expression, column: "impact" }, results).cells.length > 0;
  if (texts.length === 0 || !isSwept) return null;
  const full = evaluateResult({ ...named.expression, column: "baseline" }, results);
  // The baseline must not depend on the axes: along positions, or for each of several groups, it is a line of its own.
  const along = averageOver(full, array.axes).cells.map(({ value }) => value);
  const [first] = along;
  const differs = along.some((value) => !(Math.abs(value - (first ?? NaN)) <= 1e-9 * Math.abs(first ?? 0)));
  if (first === undefined || along.some((value) => !Number.isFinite(value))) return null;
  if (differs) return "the unmodified model has no line: its value differs between places";
  return { label: "unmodified", value: first };
}
