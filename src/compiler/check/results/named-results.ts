/** What statements about results have in common: values with the text they are written as, and lists of axes. */
import { experimentsIn } from "../../ir/result-expression.js";
import type { Span } from "../../base/span.js";
import type { NamedResult, ResultExpression } from "../../ir/protocol.js";
import type { Expression, Name } from "../../syntax/ast.js";
import { reportError, wrongKind } from "../faults.js";
import { axesOf, checkAxis, isColumn, tokensHint, type ResultAxes } from "./result-axes.js";
import type { ResultContext } from "./result-context.js";
import { checkResult } from "./results.js";

/** Source text on one line, for labels and titles. */
export function labelOf(cx: Pick<ResultContext, "sourceOf">, span: Span): string {
  return cx.sourceOf(span).replace(/\s+/g, " ").trim();
}

/** A checked expression under a name, with what its values are. */
export function named(cx: Pick<ResultContext, "results">, label: string, expression: ResultExpression): NamedResult {
  const { unit, element } = axesOf(cx.results, expression);
  return { label, expression, unit, element };
}

/** A value over results; null after an error, which has been reported. */
export function namedResult(cx: ResultContext, expression: Expression): NamedResult | null {
  const checked = checkResult({ ...cx, subject: null }, expression);
  return checked === null ? null : named(cx, labelOf(cx, expression.span), checked);
}

/** Reports ids of tokens, or labels, where numbers are wanted: `what` computes with them or draws them. */
export function isNumeric(cx: ResultContext, value: NamedResult, what: string, at: Span): boolean {
  const { unit, label } = value;
  if (unit !== "token" && unit !== "label") return true;
  const [found, hint] =
    unit === "token" ? [`${label}, ids of tokens`, tokensHint] : [`${label}, names of an axis`, labelsHint];
  reportError(cx, "A3001", at, { fault: `${what} does not apply to ${unit}s` }, { expected: "numbers", found, hint });
  return false;
}

const labelsHint = "tables show labels, and `is` compares them; `mean(x is LABEL over AXIS)` is how often one occurs";

/** {@link measuredResult} of numbers. */
export function measuredNumbers(cx: ResultContext, expression: Expression, what: string): NamedResult | null {
  const value = measuredResult(cx, expression);
  return value !== null && isNumeric(cx, value, what, expression.span) ? value : null;
}

/** A value that reads at least one experiment; null after an error, which has been reported. */
export function measuredResult(cx: ResultContext, expression: Expression): NamedResult | null {
  const value = namedResult(cx, expression);
  if (value === null || experimentsIn(value.expression).length > 0) return value;
  wrongKind(cx, expression.span, "a value of an experiment such as sweep.impact", value.label);
  return null;
}

/** Names of axes, each once and each an axis of one of the values at least; null after an error. */
export function axisNames(
  cx: ResultContext,
  axes: readonly Name[],
  values: readonly NamedResult[],
): readonly string[] | null {
  const twice = axes.find((axis, i) => axes.findIndex((other) => other.text === axis.text) < i);
  if (twice !== undefined) {
    reportError(cx, "A1003", twice.span, { what: `the axis ${twice.text}` });
    return null;
  }
  const of = jointAxes(values.map((value) => axesOf(cx.results, value.expression)));
  return axes.every((axis) => checkAxis(cx, axis, of)) ? axes.map((axis) => axis.text) : null;
}

/**
 * Whether two values can be put side by side place by place: they share an axis, or one of them is a single number.
 * Reports at `right` when they do not.
 */
export function shareAxis(cx: ResultContext, left: NamedResult, right: NamedResult, at: Expression): boolean {
  const [a, b] = [left, right].map((value) => axesOf(cx.results, value.expression));
  if (a === undefined || b === undefined || !a.complete || !b.complete) return true;
  const free = ([axis]: readonly [string, unknown]): boolean => !isColumn(a, axis) && !isColumn(b, axis);
  if (a.axes.size === 0 || b.axes.size === 0 || [...a.axes].filter(free).some(([axis]) => b.axes.has(axis)))
    return true;
  const expected = `a value that shares an axis with ${left.label} (${[...a.axes.keys()].join(", ")})`;
  wrongKind(cx, at.span, expected, `${right.label} (${[...b.axes.keys()].join(", ")})`);
  return false;
}

/** The axes that any of the values has. */
export function jointAxes(values: readonly ResultAxes[]): ResultAxes {
  const labels = values.filter((of) => of.axes.size > 0).map((of) => of.label);
  return {
    label: [...new Set(labels)].join(" and "),
    axes: new Map(values.flatMap((of) => [...of.axes])),
    decided: values.flatMap((of) => of.decided),
    unit: "none",
    element: "real",
    labels: null,
    complete: values.every((of) => of.complete),
  };
}
