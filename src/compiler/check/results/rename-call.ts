/**
 * `rename(x, first: second)`: the values of x with an axis under another name, so that joins meet along it; as in the
 * measurement language, the old name stands first. Axes that get one name become one: `rename(x, layer: first, head: first)`.
 */
import { outerAxes } from "../../ir/axes.js";
import { isPlaceAxes } from "../../ir/place-axes.js";
import type { ResultExpression } from "../../ir/protocol.js";
import { reservedNames } from "../../ir/result-type.js";
import type { Expression, Name } from "../../syntax/ast.js";
import { reportError, wrongKind } from "../faults.js";
import { axesOf, checkAxis, isColumn, type ResultAxes } from "./result-axes.js";
import type { ResultContext } from "./result-context.js";
import { bad, type Check } from "./result-faults.js";

type Call = Extract<Expression, { kind: "call" }>;

/** Null after an error, which has been reported. */
export function checkRename(cx: ResultContext, call: Call, check: Check): ResultExpression | null {
  const [first, ...more] = call.positional;
  const { named } = call;
  if (first === undefined || named.length === 0 || more.length + call.over.length + call.between.length > 0) {
    return bad(cx, call, "one value and new names of its axes, as in rename(x, first: second)");
  }
  const argument = check(cx, first);
  if (argument === null) return null;
  const groups = new Map<string, Named[]>();
  for (const { name, value, span } of named) {
    if (value.kind !== "name") return bad(cx, value, "a name for the axis, as in rename(x, first: second)");
    if (named.find((other) => other.name.text === name.text)?.name !== name) {
      reportError(cx, "A1003", name.span, { what: `the axis ${name.text}` });
      return null;
    }
    const one: Named = { from: name, to: { text: value.text, span: value.span }, span };
    groups.set(value.text, [...(groups.get(value.text) ?? []), one]);
  }
  let renamed: ResultExpression = argument;
  for (const group of groups.values()) {
    if (!canRename(cx, group, axesOf(cx.results, renamed))) return null;
    const [one] = group;
    renamed = { kind: "rename", argument: renamed, from: group.map(({ from }) => from.text), to: one?.to.text ?? "" };
  }
  return renamed;
}

/** `head: first`. */
interface Named {
  readonly from: Name;
  readonly to: Name;
  readonly span: Name["span"];
}

/** Whether these axes of a value can have the one name that they get; reports why not. */
function canRename(cx: ResultContext, group: readonly Named[], of: ResultAxes): boolean {
  for (const { from } of group) {
    if (!checkAxis(cx, from, of)) return false;
    if (!outerAxes.includes(from.text) && !isColumn(of, from.text)) continue;
    const expected =
      "an axis of what was changed or measured: those of models and texts, and columns, keep their names";
    wrongKind(cx, from.span, expected, from.text);
    return false;
  }
  const axes = group.map(({ from }) => from.text);
  const last = group.at(-1);
  if (last === undefined) return false;
  if (axes.length > 1 && !isPlaceAxes(axes)) {
    const expected = "the axes of a place under one name: layer, then head, kv_head or neuron";
    wrongKind(cx, last.span, expected, axes.join(", "));
    return false;
  }
  const { text, span } = last.to;
  const taken = of.axes.has(text) && !axes.includes(text);
  if (!taken && !outerAxes.includes(text) && !reservedNames.has(text)) return true;
  const what = taken ? `an axis of ${of.label}` : "an axis or a column that results have";
  reportError(cx, "A2019", span, { kind: "axis", name: text, what });
  return false;
}
