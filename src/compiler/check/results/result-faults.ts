/** What is wrong with expressions over results, said alike wherever it shows. */
import { diagnostic } from "../../diagnostics/create.js";
import type { ResultExpression } from "../../ir/protocol.js";
import { textsBehind } from "../../ir/texts-scope.js";
import { experimentsIn } from "../../ir/result-expression.js";
import type { TensorType } from "../../ir/tensor-type.js";
import { isFault, type TypeFault } from "../../operations/operation.js";
import type { Expression } from "../../syntax/ast.js";
import { reportError, reportFault, wrongKind } from "../faults.js";
import { axesOf, disjointAxis, type ResultAxes } from "./result-axes.js";
import type { ResultContext } from "./result-context.js";

/** Checks an expression; null after an error, which has been reported. */
export type Check = (cx: ResultContext, expression: Expression) => ResultExpression | null;

/** Reports that something else is expected where an expression stands. */
export function bad(cx: ResultContext, expression: Expression, expected: string): null {
  if (expression.kind !== "missing") wrongKind(cx, expression.span, expected, cx.sourceOf(expression.span));
  return null;
}

/** Whether an operation applies to the values at hand; reports why not. */
export function fits(cx: ResultContext, at: Expression, operation: string, type: TensorType | TypeFault): boolean {
  if (!isFault(type)) return true;
  reportFault(cx, at.span, operation, type, []);
  return false;
}

/** Prompt sets behind a value. */
function textsIn(cx: ResultContext, expression: ResultExpression): readonly string[] {
  return experimentsIn(expression).flatMap((name) => cx.results.experiments.get(name)?.type.texts ?? []);
}

/** Says when texts are put side by side by their numbers alone: prompts of different sets, documents of different groups. */
export function warnOfOtherTexts(
  cx: ResultContext,
  at: Expression,
  left: ResultExpression,
  right: ResultExpression,
): void {
  const [a, b] = [axesOf(cx.results, left), axesOf(cx.results, right)];
  const both = (axis: string): boolean => a.axes.has(axis) && b.axes.has(axis);
  const [own, others] = [textsIn(cx, left), textsIn(cx, right)];
  const all = new Set([...own, ...others]);
  // With the axis `prompts` on both sides only texts of the same set meet.
  if (both("prompt") && !both("prompts") && own.length > 0 && others.length > 0 && all.size > 1) {
    cx.report(diagnostic("A8023", at.span, { texts: [...all].join(" and "), kind: "prompt sets", units: "prompts" }));
  }
  const [one, other] = [left, right].map(
    (side) => textsBehind(side, (name) => cx.results.experiments.get(name)?.type).group,
  );
  if (!both("document") || one == null || other == null || one === other) return;
  cx.report(diagnostic("A8023", at.span, { texts: `${one} and ${other}`, kind: "groups", units: "documents" }));
}

/** Whether two values have places in common; reports two that are known to have none. */
export function meets(cx: ResultContext, at: Expression, left: ResultExpression, right: ResultExpression): boolean {
  const [a, b] = [axesOf(cx.results, left), axesOf(cx.results, right)];
  const axis = disjointAxis(a, b);
  if (axis === null) {
    warnOfOtherTexts(cx, at, left, right);
    return true;
  }
  const levels = (of: ResultAxes): string => [...(of.axes.get(axis) ?? [])].slice(0, 5).join(", ");
  const hint = `reduce the axis first, as in mean(… over ${axis}), or select one element of it on each side`;
  reportError(cx, "A3020", at.span, { axis, left: levels(a), right: levels(b) }, { hint });
  return false;
}
