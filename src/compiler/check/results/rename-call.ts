/** `rename(x, first: [layer, head])`: the values of x with an axis under another name, so that joins meet along it. */
import { outerAxes } from "../../ir/axes.js";
import { isPlaceAxes } from "../../ir/place-axes.js";
import type { ResultExpression } from "../../ir/protocol.js";
import { reservedNames } from "../../ir/result-type.js";
import type { Expression, Name } from "../../syntax/ast.js";
import { reportError, wrongKind } from "../faults.js";
import { axesOf, checkAxis, isColumn } from "./result-axes.js";
import type { ResultContext } from "./result-context.js";
import { bad, type Check } from "./result-faults.js";

type Call = Extract<Expression, { kind: "call" }>;

/** Null after an error, which has been reported. */
export function checkRename(cx: ResultContext, call: Call, check: Check): ResultExpression | null {
  const [first, ...more] = call.positional;
  const [named, ...others] = call.named;
  const form = "rename(x, second: first) or rename(x, first: [layer, head])";
  if (
    first === undefined ||
    named === undefined ||
    more.length + others.length + call.over.length + call.between.length > 0
  ) {
    return bad(cx, call, `one value and one new name, as in ${form}`);
  }
  const argument = check(cx, first);
  if (argument === null) return null;
  const from = namesIn(named.value);
  if (from === null || from.length === 0) return bad(cx, named.value, `an axis, or a list of axes, as in ${form}`);
  const of = axesOf(cx.results, argument);
  for (const [i, axis] of from.entries()) {
    if (!checkAxis(cx, axis, of)) return null;
    if (from.findIndex((other) => other.text === axis.text) < i) {
      reportError(cx, "A1003", axis.span, { what: `the axis ${axis.text}` });
      return null;
    }
    if (!outerAxes.includes(axis.text) && !isColumn(of, axis.text)) continue;
    const expected =
      "an axis of what was changed or measured: those of models and texts, and columns, keep their names";
    wrongKind(cx, axis.span, expected, axis.text);
    return null;
  }
  const axes = from.map(({ text }) => text);
  if (axes.length > 1 && !isPlaceAxes(axes)) {
    const expected = "one axis, or those of a place: [layer, head], [layer, kv_head] or [layer, neuron]";
    wrongKind(cx, named.value.span, expected, cx.sourceOf(named.value.span));
    return null;
  }
  const { text: to, span } = named.name;
  const taken = of.axes.has(to) && !axes.includes(to);
  if (taken || outerAxes.includes(to) || reservedNames.has(to)) {
    const what = taken ? `an axis of ${of.label}` : "an axis or a column that results have";
    reportError(cx, "A2019", span, { kind: "axis", name: to, what });
    return null;
  }
  return { kind: "rename", argument, from: axes, to };
}

/** The names that an expression lists; null where it is no list of names. */
function namesIn(value: Expression): readonly Name[] | null {
  const items = value.kind === "list" ? value.items : [value];
  const names = items.flatMap((item) => (item.kind === "name" ? [{ text: item.text, span: item.span }] : []));
  return names.length === items.length ? names : null;
}
