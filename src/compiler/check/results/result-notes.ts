/** What checking expressions over results tells an editor: their types, and those of the sound parts of a wrong one. */
import type { Span } from "../../base/span.js";
import type { Coordinates, ResultExpression } from "../../ir/protocol.js";
import type { Expression } from "../../syntax/ast.js";
import { partsOf } from "../expressions/value-notes.js";
import { axesOf, isColumn, tensorOf } from "./result-axes.js";
import type { ResultContext } from "./result-context.js";

const nowhere = (): Coordinates => ({});

/** Notes the type of a value; nothing of an experiment that is wrong itself. */
export function noteResult({ results, notes }: ResultContext, span: Span, checked: ResultExpression): void {
  if (notes?.collecting !== true) return;
  const of = axesOf(results, checked);
  if (!of.complete) return;
  const value = checked.kind === "number" ? checked.value : null;
  // What follows from an axis is no axis of its own.
  const axes = new Map([...of.axes].filter(([axis]) => !isColumn(of, axis)));
  notes.value(span, value === null ? tensorOf({ ...of, axes }) : "number", null, null, value, nowhere);
}

/** Checks what the check of a wrong expression did not come to, and reports nothing. */
export function noteResultParts(
  cx: ResultContext,
  expression: Expression,
  check: (cx: ResultContext, expression: Expression) => unknown,
): void {
  const { visited } = cx.work;
  if (visited === null) return;
  // Beside `is` and `in` stand names of axes and of their elements, which are no values.
  if (expression.kind === "binary" && (expression.operator === "is" || expression.operator === "in")) return;
  const left = partsOf(expression).filter((part) => !visited.has(part));
  if (left.length === 0 || expression.kind === "member") return;
  const silent: ResultContext = { ...cx, work: { ...cx.work }, report: () => undefined };
  for (const part of left) check(silent, part);
}
