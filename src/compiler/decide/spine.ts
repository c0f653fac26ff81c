/** What the sides of a comparison are made of, seen through their expressions. */
import type { ResultCondition, ResultExpression } from "../ir/result-expression.js";
import type { ResultSet } from "../ir/results.js";

/** Axes that say which texts a value is of. */
const textAxes = ["prompts", "group"];

/**
 * What is averaged where an expression is a mean of everything (`mean(abs(sweep.impact) where layer in L9..10)`): a test
 * compares the values behind the mean. Null for an expression that is no mean.
 */
export function behindMean(expression: ResultExpression): ResultExpression | null {
  return expression.kind === "reduce" && expression.operation === "mean" ? expression.argument : null;
}

/**
 * Which texts the values of an expression belong to, beside the coordinates that they still have: prompt 3 of one set is
 * not prompt 3 of another. Equal texts give equal words.
 */
export function textsScope(expression: ResultExpression, results: ResultSet): string {
  switch (expression.kind) {
    case "number":
      return "";
    case "column":
      return (results.types.get(expression.experiment)?.texts ?? []).join(" and ");
    case "call":
    case "reduce":
      return textsScope(expression.argument, results);
    case "where": {
      const fixed = fixedTexts(expression.condition);
      const inner = textsScope(expression.argument, results);
      return fixed.length === 0 ? inner : `${inner} where ${fixed.join(" and ")}`;
    }
    case "binary": {
      const sides = [textsScope(expression.left, results), textsScope(expression.right, results)];
      return [...new Set(sides.filter((side) => side !== ""))].join(" with ");
    }
  }
}

function fixedTexts(condition: ResultCondition): readonly string[] {
  if (condition.kind === "and") return condition.operands.flatMap(fixedTexts);
  if (condition.kind !== "axis" || !textAxes.includes(condition.axis) || condition.among.length !== 1) return [];
  return [`${condition.axis} is ${condition.among.map(String).join()}`];
}
