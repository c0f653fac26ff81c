/** `if … then … else …` over results. */
import type { ResultExpression } from "../../ir/result-expression.js";
import type { Expression } from "../../syntax/ast.js";
import { reportError } from "../faults.js";
import { axesOf, resultTypeOfOperation } from "./result-axes.js";
import { conditionOn, checkTruthCondition, isAxisTest } from "./result-conditions.js";
import type { ResultContext } from "./result-context.js";
import { fits, meets, type Check } from "./result-faults.js";

type Conditional = Extract<Expression, { kind: "conditional" }>;

function hasNoPlaces(cx: ResultContext, value: ResultExpression): boolean {
  const { axes, complete } = axesOf(cx.results, value);
  return complete && axes.size === 0;
}

/**
 * Checks a conditional: its condition compares values, with places of its own, or tests axes of its branches. Null after an
 * error, which has been reported.
 */
export function checkChoice(cx: ResultContext, expression: Conditional, check: Check): ResultExpression | null {
  const yes = check(cx, expression.yes);
  const no = check(cx, expression.no);
  const written = expression.condition;
  const onAxes = isAxisTest(cx, written);
  const truth = onAxes ? null : checkTruthCondition(cx, written, check);
  if (yes === null || no === null || !meets(cx, expression, yes, no)) return null;
  if (onAxes && hasNoPlaces(cx, yes) && hasNoPlaces(cx, no)) {
    const found = `the test of an axis alone, \`${cx.sourceOf(written.span)}\`, between values without axes`;
    const hint =
      "one of the two values has the axis, as in `if group is prose then e.loss else 0`, or the condition compares values";
    reportError(cx, "A3004", written.span, { expected: "a condition with places of its own", found }, { hint });
    return null;
  }
  const both: ResultExpression = { kind: "binary", operation: "max", left: yes, right: no };
  const condition = onAxes ? conditionOn(cx, written, axesOf(cx.results, both), check) : truth;
  if (condition === null) return null;
  if (!onAxes && !meets(cx, expression, both, { kind: "truth", condition })) return null;
  const choice = { kind: "choice", condition, yes, no } as const;
  return fits(cx, expression, "if", resultTypeOfOperation(cx.results, choice)) ? choice : null;
}
