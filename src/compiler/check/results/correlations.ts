/** `correlate`: a value with another one, with an axis of numbers, or between the levels of axes. */
import { diagnostic } from "../../diagnostics/create.js";
import type { Span } from "../../base/span.js";
import { languageAxes } from "../../ir/axes.js";
import type { Decision, NamedResult } from "../../ir/protocol.js";
import { experimentsIn } from "../../ir/result-expression.js";
import type { CorrelateStatement, Expression, Name } from "../../syntax/ast.js";
import { reportError, wrongKind } from "../faults.js";
import { unknownResult } from "../names/unknown-results.js";
import { axisNames, measuredNumbers, shareAxis } from "./named-results.js";
import { warnOfOtherTexts } from "./result-faults.js";
import { isNumericAxis } from "./numeric-axis.js";
import { axesOf, type ResultAxes } from "./result-axes.js";
import type { ResultContext } from "./result-context.js";
import { checkCorrection, checkTests } from "./statistics.js";

type Correlate = Omit<Extract<Decision, { kind: "correlate" }>, "text" | "span">;
type Compared = Pick<Correlate, "right" | "by">;

/** The decision that a statement asks for; null after an error, which has been reported. */
export function checkCorrelate(cx: ResultContext, statement: CorrelateStatement): Correlate | null {
  const tests = checkTests(cx, statement.using, "correlate");
  const correction = checkCorrection(cx, statement.correct);
  const isValue = statement.right === null || isValueOrAxis(cx, statement.right);
  const left = isValue ? measuredNumbers(cx, statement.left, "`correlate`") : null;
  if (left === null) return null;
  const compared =
    statement.right === null ? between(cx, left, statement) : withRight(cx, left, statement, statement.right);
  if (compared === null || tests === null || correction === null) return null;
  return {
    kind: "correlate",
    left,
    ...compared,
    tests: tests.length > 0 ? tests : [{ name: "pearson", count: null, seed: null }],
    correction: correction === "none" ? null : correction,
  };
}

function withRight(
  cx: ResultContext,
  left: NamedResult,
  statement: CorrelateStatement,
  right: Expression,
): Compared | null {
  const axis = axisMeant(cx, right);
  if (axis !== null) {
    const of = axesOf(cx.results, left.expression);
    const axes = axisNames(cx, [axis, ...statement.by], [left]);
    if (axes === null || !isNumericAxis(cx, axis, of)) return null;
    return { right: { kind: "axis", axis: axis.text }, by: axes.slice(1) };
  }
  const value = measuredNumbers(cx, right, "`correlate`");
  if (value === null || !shareAxis(cx, left, value, right)) return null;
  warnOfOtherTexts(cx, right, left.expression, value.expression);
  const by = axisNames(cx, statement.by, [left, value]);
  return by === null ? null : { right: { kind: "value", value }, by };
}

/** A name that is no value: an axis of the left side, or at least the name of one. */
function axisMeant(cx: ResultContext, right: Expression): Name | null {
  if (right.kind !== "name" || isResult(cx, right.text)) return null;
  return { text: right.text, span: right.span };
}

function isResult({ results }: ResultContext, name: string): boolean {
  return results.lets.has(name) || results.experiments.has(name);
}

/** Reports a word after `with` that is neither a value nor the name of an axis: `correlate a with regression`. */
function isValueOrAxis(cx: ResultContext, right: Expression): boolean {
  if (right.kind !== "name" || isResult(cx, right.text)) return true;
  const { lets, experiments } = cx.results;
  const shapes = [...experiments.values()];
  const axes = shapes.flatMap(({ type }) => [...type.axes, ...type.columns].map(({ name }) => name));
  if (axes.includes(right.text) || languageAxes.has(right.text)) return true;
  // It may be a field of texts that could not be read, which has been said.
  if (shapes.some(({ complete }) => !complete)) return false;
  const known = [...experiments.keys(), ...lets.keys()];
  const { suggestions = [] } = unknownResult(right.text, known);
  const [example = "sweep"] = known;
  const hint =
    `\`with\` takes the value to correlate with, such as ${example}.loss, or an axis of numbers, such as layer; ` +
    "how follows `using`: pearson or spearman";
  reportError(cx, "A2011", right.span, { name: right.text }, { suggestions, hint });
  return false;
}

/** The axes of a matrix: each has levels of its own, and at least two where they are known. */
function between(cx: ResultContext, left: NamedResult, statement: CorrelateStatement): Compared | null {
  const names = axisNames(cx, [...statement.between, ...statement.by], [left]);
  if (names === null) return null;
  const of = axesOf(cx.results, left.expression);
  const axes = names.slice(0, statement.between.length);
  if (!statement.between.every((axis) => isFree(cx, axis, axes, of))) return null;
  const [first] = statement.between;
  const counts = axes.map((axis) => of.axes.get(axis)?.size ?? Infinity);
  if (first !== undefined && counts.reduce((product, count) => product * count, 1) < 2) {
    wrongKind(cx, first.span, "an axis of two levels or more", `${axes.join(", ")} with a single one`);
    return null;
  }
  warnMatched(cx, left, axes, of, first?.span ?? statement.span);
  return { right: { kind: "levels", axes }, by: names.slice(axes.length) };
}

/** Reports what follows from other axes of the value: its levels have no place in common. */
function isFree(cx: ResultContext, axis: Name, axes: readonly string[], of: ResultAxes): boolean {
  const deciding = of.decided.find(({ name }) => name === axis.text)?.of.filter((name) => of.axes.has(name)) ?? [];
  const owner = deciding.find((name) => !axes.includes(name));
  if (owner === undefined) return true;
  const hint = `each ${owner} has one ${axis.text}: average over ${owner} first, or write \`between ${owner}\``;
  const expected = "an axis along which the same places are measured again";
  reportError(cx, "A3004", axis.span, { expected, found: `${axis.text}, which follows from ${owner}` }, { hint });
  return false;
}

/** Prompts of different sets are matched by number, which means something for pairs of prompts only. */
function warnMatched(cx: ResultContext, left: NamedResult, axes: readonly string[], of: ResultAxes, at: Span): void {
  if (!axes.includes("prompts") || axes.includes("prompt") || !of.axes.has("prompt")) return;
  const texts = experimentsIn(left.expression).flatMap((name) => cx.results.experiments.get(name)?.type.texts ?? []);
  const names = [...new Set(texts)].join(" and ");
  cx.report(diagnostic("A8023", at, { texts: names, kind: "prompt sets", units: "prompts" }));
}
