/** What the sides of a comparison are made of, seen through their expressions. */
import { comparedIn, fixedCoordinates, type ResultExpression } from "../ir/result-expression.js";
import type { ResultSet } from "../ir/results.js";

/**
 * What is averaged where an expression is a mean of everything (`mean(abs(sweep.impact) where layer in L9..10)`): a test
 * compares the values behind the mean. Null for an expression that is no mean.
 */
export function behindMean(expression: ResultExpression): ResultExpression | null {
  return expression.kind === "reduce" && expression.operation === "mean" ? expression.argument : null;
}

/**
 * Which texts the values of an expression belong to, where their coordinates no longer say so: prompt 3 of one set is not
 * prompt 3 of another. `null` where it is said by coordinates, or nowhere.
 */
export interface TextsScope {
  /** The prompt set. */
  readonly prompts: string | null;
  /** The group: documents are numbered within theirs. */
  readonly group: string | null;
}

const nowhere: TextsScope = { prompts: null, group: null };

export function textsScope(expression: ResultExpression, results: ResultSet): TextsScope {
  switch (expression.kind) {
    case "number":
      return nowhere;
    case "column": {
      const texts = results.types.get(expression.experiment)?.texts ?? [];
      return { prompts: texts.length === 1 ? (texts[0] ?? null) : null, group: null };
    }
    case "call":
    case "reduce":
    case "quantile":
    case "argmax":
    case "rank":
      return textsScope(expression.argument, results);
    case "where": {
      const inner = textsScope(expression.argument, results);
      const fixed = fixedCoordinates(expression.condition);
      const at = (axis: keyof TextsScope): string | null => {
        const level = fixed.get(axis);
        return level === undefined ? inner[axis] : String(level);
      };
      return { prompts: at("prompts"), group: at("group") };
    }
    case "binary":
      return joined([expression.left, expression.right], results);
    case "truth":
      return joined(comparedIn(expression.condition), results);
  }
}

function joined(parts: readonly ResultExpression[], results: ResultSet): TextsScope {
  return parts
    .map((part) => textsScope(part, results))
    .reduce((a, b) => ({ prompts: both(a.prompts, b.prompts), group: both(a.group, b.group) }), nowhere);
}

function both(left: string | null, right: string | null): string | null {
  if (left === null || right === null || left === right) return left ?? right;
  return `${left} with ${right}`;
}
