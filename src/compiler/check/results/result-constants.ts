/** Parameters of a protocol as numbers in expressions over results. */
import type { Expression } from "../../syntax/ast.js";

/**
 * The number that an expression is made of numbers and parameters alone; null where it is anything else, and where parameters
 * are defined by themselves. `path` holds the parameters that are being looked at.
 */
export function constantOf(
  params: ReadonlyMap<string, Expression>,
  expression: Expression,
  path: readonly string[] = [],
): number | null {
  switch (expression.kind) {
    case "number":
      return expression.value;
    case "name": {
      const value = params.get(expression.text);
      if (value === undefined || path.includes(expression.text)) return null;
      return constantOf(params, value, [...path, expression.text]);
    }
    case "unary": {
      const operand = expression.operator === "-" ? constantOf(params, expression.operand, path) : null;
      return operand === null ? null : 0 - operand;
    }
    case "binary": {
      const left = constantOf(params, expression.left, path);
      const right = constantOf(params, expression.right, path);
      const value = left === null || right === null ? null : computed(expression.operator, left, right);
      return value === null || !Number.isFinite(value) ? null : value;
    }
    default:
      return null;
  }
}

function computed(operator: string, left: number, right: number): number | null {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "^":
      return left ** right;
    default:
      return null;
  }
}
