/** What the names in expressions over results mean, whether or not the expression is sound. */
import type { Expression, Name } from "../../syntax/ast.js";
import { partsOf } from "../expressions/value-notes.js";
import { columnPath, memberPath, metricNames, resultMeaning, type ExperimentShape } from "../results/result-scope.js";
import { axisSymbol, columnSymbol, levelSymbol } from "./columns.js";
import { declared, experimentSymbol, nameSymbol, noteWords, type Naming } from "./naming.js";

/** Notes every name in an expression; `subject` is the experiment whose columns go by their bare names. */
export function nameResult(cx: Naming, subject: ExperimentShape | null, expression: Expression): void {
  const { notes } = cx;
  switch (expression.kind) {
    case "name":
      noteResultName(cx, subject, { text: expression.text, span: expression.span });
      return;
    case "member":
      nameMember(cx, subject, expression);
      return;
    case "call":
      noteWords(cx, "function", [expression.callee]);
      noteAxes(cx, [...expression.over, ...expression.between]);
      if (expression.callee.text === "rename") {
        nameRenamed(cx, subject, expression);
        return;
      }
      break;
    case "binary":
      if (expression.operator !== "is" && expression.operator !== "in") break;
      nameMembership(cx, subject, expression.operator, expression.left, expression.right);
      return;
    case "place":
      notes.name(expression.span, "place", null);
      return;
    default:
  }
  for (const part of partsOf(expression)) nameResult(cx, subject, part);
}

/** `rename(x, first: second)`: an axis of x, and what it is called in the result. */
function nameRenamed(
  cx: Naming,
  subject: ExperimentShape | null,
  { positional, named }: Extract<Expression, { kind: "call" }>,
): void {
  for (const part of positional) nameResult(cx, subject, part);
  noteAxes(
    cx,
    named.flatMap(({ name, value }) =>
      value.kind === "name" ? [name, { text: value.text, span: value.span }] : [name],
    ),
  );
}

/** Notes names of axes and columns of results. */
export function noteAxes(cx: Naming, axes: readonly Name[]): void {
  for (const { text, span } of axes) cx.notes.name(span, "axis", axisSymbol(cx, text));
}

/** Notes a column of an experiment. */
export function noteColumn(cx: Naming, { name }: ExperimentShape, { text, span }: Name): void {
  cx.notes.name(span, "column", columnSymbol(cx, name, text));
}

/** Notes a name that means an experiment, a `let` or a column. */
export function noteResultName(cx: Naming, subject: ExperimentShape | null, name: Name): void {
  const meaning = resultMeaning(cx.results, subject, name.text);
  switch (meaning?.kind) {
    case "column":
      noteColumn(cx, meaning.shape, name);
      return;
    case "let":
      cx.notes.name(name.span, "reference", declared("result", meaning.statement.name));
      return;
    case "experiment":
      cx.notes.name(name.span, "reference", experimentSymbol(cx, meaning.shape.name));
      return;
    case "param":
      cx.notes.name(name.span, "reference", nameSymbol(cx, name.text));
      return;
    case undefined:
      cx.notes.name(name.span, "reference", null);
  }
}

/** `sweep.R_V.impact`. */
function nameMember(cx: Naming, subject: ExperimentShape | null, expression: Expression): void {
  const path = memberPath(expression);
  if (path === null) {
    for (const part of partsOf(expression)) nameResult(cx, subject, part);
    if (expression.kind === "member") cx.notes.name(expression.member.span, "column", null);
    return;
  }
  const target = columnPath(cx.results, subject, path);
  const [first] = path;
  if (target === null || first === undefined) {
    for (const name of path) cx.notes.name(name.span, name === first ? "reference" : "column", null);
    return;
  }
  if (!target.ofSubject) cx.notes.name(first.span, "reference", experimentSymbol(cx, target.shape.name));
  const [word, ...more] = target.words;
  if (word === undefined) return;
  noteColumn(cx, target.shape, word);
  // Behind a metric stands one of the values that every metric has.
  const isMetric = metricNames(target.shape).includes(word.text);
  for (const { text, span } of more) {
    cx.notes.name(span, "column", isMetric ? { kind: "column", name: text, at: null } : null);
  }
}

/** `layer in L9..10`, `model is opt`: an axis and its elements; `argmax(x over group) is prose`: a value, and a label. */
function nameMembership(
  cx: Naming,
  subject: ExperimentShape | null,
  operator: "is" | "in",
  left: Expression,
  right: Expression,
): void {
  const isAxis = left.kind === "name" && namesAxis(cx, subject, left.text);
  if (isAxis) noteAxes(cx, [{ text: left.text, span: left.span }]);
  else nameResult(cx, subject, left);
  const axis = isAxis ? left.text : labelsOf(cx, left);
  const isValue = !isAxis && operator === "is" && !(right.kind === "name" && axis !== null && resultMeaning(cx.results, subject, right.text) === null); // prettier-ignore
  if (isValue && right.kind !== "string" && right.kind !== "place") {
    nameResult(cx, subject, right);
    return;
  }
  for (const level of right.kind === "list" ? right.items : [right]) nameLevel(cx, axis ?? "", level);
}

/** Whether a name before `is` or `in` is an axis: one of an experiment, or no value either. */
function namesAxis({ results }: Naming, subject: ExperimentShape | null, name: string): boolean {
  const types = [...results.experiments.values()].map(({ type }) => type);
  const isAxis = types.some((type) => [...type.axes, ...type.columns].some((own) => own.name === name));
  return isAxis || resultMeaning(results, subject, name) === null;
}

/** The axis whose names a value has: `argmax(x over group)`, or a `let` that is one. */
function labelsOf({ results }: Naming, value: Expression): string | null {
  const of = value.kind === "name" ? results.lets.get(value.text)?.value : value;
  const isArgmax = of?.kind === "call" && /^arg(?:max|min)$/.test(of.callee.text);
  return isArgmax ? (of.over[0]?.text ?? null) : null;
}

/** Notes an element of an axis, however it is written. */
export function nameLevel(cx: Naming, axis: string, level: Expression): void {
  const { span } = level;
  if (level.kind === "name") noteLevels(cx, axis, [{ text: level.text, span }]);
  if (level.kind === "place") cx.notes.name(span, "place", null);
  // The name stands between the quotes, unless some of it is written in another way.
  const isPlain = level.kind === "string" && level.value.length === span.end - span.start - 2;
  if (isPlain)
    noteLevels(cx, axis, [{ text: level.value, span: { ...span, start: span.start + 1, end: span.end - 1 } }]);
}

/** Notes elements of an axis. */
export function noteLevels(cx: Naming, axis: string, levels: readonly Name[]): void {
  for (const { text, span } of levels) cx.notes.name(span, "level", levelSymbol(cx, axis, text));
}
