/** What the sides of a comparison are made of, seen through their expressions. */
import type { ResultExpression } from "../ir/result-expression.js";
import type { ResultSet } from "../ir/results.js";
import { textsBehind, type TextsScope } from "../ir/texts-scope.js";

export type { TextsScope } from "../ir/texts-scope.js";

/**
 * What is averaged where an expression is a mean of everything (`mean(abs(sweep.impact) where layer in L9..10)`): a test
 * compares the values behind the mean. Null for an expression that is no mean.
 */
export function behindMean(expression: ResultExpression): ResultExpression | null {
  return expression.kind === "reduce" && expression.operation === "mean" ? expression.argument : null;
}

/** {@link textsBehind} of a value of these results. */
export function textsScope(expression: ResultExpression, results: ResultSet): TextsScope {
  return textsBehind(expression, (experiment) => results.types.get(experiment));
}
