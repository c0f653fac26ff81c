/** Which texts the values of an expression over results belong to, seen through the expression. */
import { choiceParts, comparedIn, fixedCoordinates, type ResultExpression } from "./result-expression.js";
import type { ResultType } from "./result-type.js";

type TypeOf = (experiment: string) => Pick<ResultType, "texts"> | undefined;

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

/** @param typeOf what the results of an experiment are. */
export function textsBehind(expression: ResultExpression, typeOf: TypeOf): TextsScope {
  switch (expression.kind) {
    case "number":
      return nowhere;
    case "column": {
      const texts = typeOf(expression.experiment)?.texts ?? [];
      return { prompts: texts.length === 1 ? (texts[0] ?? null) : null, group: null };
    }
    case "call":
    case "reduce":
    case "quantile":
    case "argmax":
    case "rank":
    case "rename":
      return textsBehind(expression.argument, typeOf);
    case "where": {
      const inner = textsBehind(expression.argument, typeOf);
      const fixed = fixedCoordinates(expression.condition);
      const at = (axis: keyof TextsScope): string | null => {
        const level = fixed.get(axis);
        return level === undefined ? inner[axis] : String(level);
      };
      return { prompts: at("prompts"), group: at("group") };
    }
    case "binary":
      return joined([expression.left, expression.right], typeOf);
    case "choice":
      return joined(choiceParts(expression), typeOf);
    case "truth":
      return joined(comparedIn(expression.condition), typeOf);
  }
}

function joined(parts: readonly ResultExpression[], typeOf: TypeOf): TextsScope {
  return parts
    .map((part) => textsBehind(part, typeOf))
    .reduce((a, b) => ({ prompts: both(a.prompts, b.prompts), group: both(a.group, b.group) }), nowhere);
}

function both(left: string | null, right: string | null): string | null {
  if (left === null || right === null || left === right) return left ?? right;
  return `${left} with ${right}`;
}
