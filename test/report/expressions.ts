/** Expressions over the metrics of made-up experiments, and their values. */
import type { ResultCondition, ResultExpression } from "../../src/compiler/ir/protocol.js";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { evaluateResult } from "../../src/compiler/results/evaluate.js";
import type { ResultArray } from "../../src/compiler/results/result-array.js";
import { column, resultsOf } from "./samples.js";

export const m = column("e", "m");
export const number = (value: number): ResultExpression => ({ kind: "number", value });
type Reduction = Extract<ResultExpression, { kind: "reduce" }>["operation"];
export const reduce = (
  operation: Reduction,
  over: readonly string[] | null,
  argument: ResultExpression = m,
): ResultExpression => ({ kind: "reduce", operation, argument, over });
export const quantile = (level: number, over: readonly string[] | null): ResultExpression => ({
  kind: "quantile",
  level,
  argument: m,
  over,
});
export const argmax = (
  over: string,
  which: "largest" | "smallest" = "largest",
  argument: ResultExpression = m,
): ResultExpression => ({ kind: "argmax", which, argument, over });
export const rank = (...over: readonly string[]): ResultExpression => ({ kind: "rank", argument: m, over });
export const less = (left: ResultExpression, right: ResultExpression): ResultCondition => ({
  kind: "compare",
  operation: "<",
  left,
  right,
});
export const truth = (condition: ResultCondition): ResultExpression => ({ kind: "truth", condition });
export const where = (argument: ResultExpression, condition: ResultCondition): ResultExpression => ({
  kind: "where",
  argument,
  condition,
});

/** Evaluates on rows, with the notes. */
export function evaluated(expression: ResultExpression, rows: readonly ResultRow[]): ResultArray & { notes: string[] } {
  const notes: string[] = [];
  return { ...evaluateResult(expression, resultsOf(rows), (sentence) => notes.push(sentence)), notes };
}
