/** `table`: of an experiment, of a value, of winners, of tokens in their text. */
import { experimentsIn } from "../../ir/result-expression.js";
import type { Span } from "../../base/span.js";
import type { ColumnNotation, Output } from "../../ir/outputs.js";
import type { NamedResult } from "../../ir/protocol.js";
import type { MetricType } from "../../ir/result-type.js";
import { isFault } from "../../operations/operation.js";
import type { Expression, Name, TableStatement, TableValue } from "../../syntax/ast.js";
import { interventionColumns } from "../../ir/value-columns.js";
import { reportError, reportFault, wrongKind } from "../faults.js";
import { checkIntervals } from "./intervals.js";
import { axisNames, isNumeric, jointAxes, labelOf, measuredResult, named, shareAxis } from "./named-results.js";
import { axesOf, axesOfShape, checkAxis, typeOfOperation, type ResultAxes } from "./result-axes.js";
import { metricNames, type ExperimentShape } from "./result-scope.js";
import type { ResultContext } from "./result-context.js";
import { checkCondition, checkResult } from "./results.js";
import { isWhole } from "./statistics.js";
import { unknownResult } from "../names/unknown-results.js";

export function checkTable(cx: ResultContext, statement: TableStatement): Output | null {
  const [first] = statement.of;
  if (statement.winner !== null) return checkWinner(cx, statement, statement.winner);
  return first === undefined ? null : checkValues(cx, statement, first);
}

/** A table of values, which is every one but that of winners. */
function checkValues(
  cx: ResultContext,
  statement: TableStatement,
  first: TableValue,
): Extract<Output, { kind: "table" }> | null {
  const columns: NamedResult[] = [];
  const notations: (ColumnNotation | null)[] = [];
  for (const item of statement.of) {
    const own = columnsOfItem(cx, item);
    if (own?.every((column) => takesNotation(cx, column, item)) !== true) return null;
    const [left, right] = [columns[0], own[0]];
    if (left !== undefined && right !== undefined && !shareAxis(cx, left, right, item.value)) return null;
    columns.push(...own);
    notations.push(...own.map(() => item.notation));
  }
  const [experiment] = columns.flatMap(({ expression }) => experimentsIn(expression));
  const subject = experiment === undefined ? undefined : cx.results.experiments.get(experiment);
  if (experiment === undefined || subject === undefined) return null;
  const inner: ResultContext = { ...cx, subject };
  const { top, context } = statement;
  if (top !== null && (!Number.isInteger(top.value) || top.value < 1)) {
    reportError(cx, "A3005", top.span, { value: top.text, expected: "a count of at least 1" });
    return null;
  }
  if (context !== null && (!isWhole(cx, context, 1) || !checkTokens(cx, first, columns))) return null;
  const isOneExperiment =
    statement.of.length === 1 && first.value.kind === "name" && cx.results.experiments.has(first.value.text);
  const of = isOneExperiment
    ? axesOfShape(subject)
    : jointAxes(columns.map(({ expression }) => axesOf(cx.results, expression)));
  const where = statement.where === null ? null : checkCondition(inner, statement.where, of);
  if (statement.where !== null && where === null) return null;
  const keys = keysOf(cx, statement, of, subject);
  if (keys === null) return null;
  const places = axisNames(cx, [...keys.axes, ...statement.across], columns);
  const [spread] = [...keys.axes, ...statement.across];
  if (places === null) return null;
  if (context !== null && spread !== undefined) {
    const what = keys.axes.length > 0 ? "an axis after `by`" : "`across`";
    reportError(cx, "A1004", spread.span, { what, statement: "a table `with context`, whose rows are single tokens" });
    return null;
  }
  // `table difference top 20 by abs(difference)`: the table's own expression under the name it was declared with.
  const sortKey = keys.sort === null ? null : checkResult(inner, keys.sort);
  if (keys.sort !== null && sortKey === null) return null;
  const written = keys.sort === null || sortKey === null ? null : named(cx, labelOf(cx, keys.sort.span), sortKey);
  if (keys.sort !== null && written !== null && !isNumeric(cx, written, "sorting", keys.sort.span)) return null;
  const ranking = top ?? statement.ranked;
  const order = written ?? (ranking === null ? null : impliedOrder(cx, ranking, top !== null, columns));
  if (ranking !== null && order === null) return null;
  const none = context === null ? null : "a table `with context`, whose rows are single tokens";
  const ci = checkIntervals(cx, statement.ci, { byDefault: true, none });
  if (ci === false) return null;
  const [only] = columns;
  if (statement.ci !== null && ci !== null && only !== undefined && columns.length === 1) {
    if (!isNumeric(cx, only, "`with ci`", statement.ci.span)) return null;
  }
  return {
    kind: "table",
    title: titleOf(cx, statement, keys.axes),
    caption: statement.caption?.value ?? null,
    experiment,
    columns,
    notations,
    rows: keys.axes.length === 0 ? null : keys.axes.map(({ text }) => text),
    across: statement.across.map(({ text }) => text),
    ranked: statement.ranked !== null,
    where,
    by: order,
    top: top?.value ?? null,
    context: context?.value ?? null,
    ci: context === null ? ci : null,
    span: statement.span,
  };
}

/** `sweep.loss, sweep.impact by layer across group`: what is shown, and what its rows and columns are. */
function titleOf(cx: ResultContext, { of, across }: TableStatement, rows: readonly Name[]): string {
  const list = (names: readonly Name[]): string => names.map(({ text }) => text).join(", ");
  return [
    of.map(({ value }) => labelOf(cx, value.span)).join(", "),
    ...(rows.length === 0 ? [] : [`by ${list(rows)}`]),
    ...(across.length === 0 ? [] : [`across ${list(across)}`]),
  ].join(" ");
}

/** The columns that one item of a table asks for: all of an experiment, or one value. Null after an error. */
function columnsOfItem(cx: ResultContext, { value }: TableValue): readonly NamedResult[] | null {
  const shape = value.kind === "name" ? cx.results.experiments.get(value.text) : undefined;
  if (shape === undefined) {
    const measured = measuredResult(cx, value);
    return measured === null ? null : [measured];
  }
  return shape.type.metrics.flatMap((metric) =>
    columnsOf(shape, metric).map((column) =>
      named(cx, column === "value" ? metric.name : `${metric.name}.${column}`, {
        kind: "column",
        experiment: shape.name,
        metric: metric.name,
        column,
      }),
    ),
  );
}

/** Reports a notation of plain numbers on what has a unit. */
function takesNotation(cx: ResultContext, column: NamedResult, { value, notation }: TableValue): boolean {
  if (notation === null || column.unit === "none") return true;
  const hint = "divide by something of the same unit, such as the baseline: `e.impact / e.baseline`";
  const found = `${column.label}, ${column.unit}`;
  const expected = "a plain number, such as a share or a quotient";
  const fault = `\`as ${notation}\` does not apply to ${column.unit}`;
  reportError(cx, "A3001", value.span, { fault }, { expected, found, hint });
  return false;
}

/** What stands after `by`: axes of the rows, and a value to sort by. Null after an error. */
function keysOf(
  cx: ResultContext,
  statement: TableStatement,
  of: ResultAxes,
  subject: ExperimentShape,
): { readonly axes: readonly Name[]; readonly sort: Expression | null } | null {
  const axes: Name[] = [];
  let sort: Expression | null = null;
  for (const key of statement.by) {
    if (isAxisKey(cx, key, of, subject)) axes.push({ text: key.text, span: key.span });
    else if (sort === null) sort = key;
    else {
      wrongKind(cx, key.span, "one value to sort by", labelOf(cx, key.span));
      return null;
    }
  }
  return { axes, sort };
}

/** Whether a name after `by` is an axis of the rows and no value. */
function isAxisKey(
  cx: ResultContext,
  key: Expression,
  of: ResultAxes,
  subject: ExperimentShape,
): key is Extract<Expression, { kind: "name" }> {
  if (key.kind !== "name") return false;
  const isValue = metricNames(subject).includes(key.text) || cx.results.lets.has(key.text);
  return !isValue && !cx.results.experiments.has(key.text) && of.axes.has(key.text);
}

/** The order of `top N` and of `with rank` without `by`: that of the only column. Null after an error. */
function impliedOrder(
  cx: ResultContext,
  at: { readonly span: Span },
  isTop: boolean,
  columns: readonly NamedResult[],
): NamedResult | null {
  const [only, second] = columns;
  const what = isTop ? "`top`" : "`with rank`";
  if (only !== undefined && second === undefined) {
    return isNumeric(cx, only, what, at.span) ? only : null;
  }
  const named = columns.map(({ label }) => label);
  const hint = `write \`by ${named.at(-2) ?? "KEY"}\`: its columns are ${named.join(", ")}`;
  reportError(cx, "A2007", at.span, { metric: what, name: "`by`, what the rows are ranked by" }, { hint });
  return null;
}

/** Rows are shown in their text only where there is one value for every token. */
function checkTokens(cx: ResultContext, { value }: TableValue, columns: readonly NamedResult[]): boolean {
  const axis = (text: string): Name => ({ text, span: value.span });
  return columns.every(({ expression }) => {
    const of = axesOf(cx.results, expression);
    const shapes = experimentsIn(expression).map((name) => cx.results.experiments.get(name));
    // Values per token of several prompts belong to a text only while the prompts are apart.
    const needsPrompt = shapes.some((shape) => shape?.type.axes.some(({ name }) => name === "prompt"));
    const along = shapes.flatMap((shape) => shape?.type.axes.filter(({ kind }) => kind === "position") ?? []);
    const measured = along.find(({ name }) => name === "measured_position" && of.axes.has(name));
    return checkAxis(cx, axis(measured?.name ?? "position"), of) && (!needsPrompt || checkAxis(cx, axis("prompt"), of));
  });
}

/** `table relay winner lowest of attn_pr, mlp_pr by layer`. */
function checkWinner(
  cx: ResultContext,
  statement: TableStatement,
  winner: NonNullable<TableStatement["winner"]>,
): Output | null {
  const [item, another] = statement.of;
  if (item === undefined) return null;
  const { value: of } = item;
  const shape = of.kind === "name" ? cx.results.experiments.get(of.text) : undefined;
  if (shape === undefined) {
    if (of.kind !== "name" || cx.results.lets.has(of.text)) {
      wrongKind(cx, of.span, "an experiment whose metrics compete", labelOf(cx, of.span));
      return null;
    }
    const name = of.text;
    reportError(cx, "A2011", of.span, { name }, unknownResult(name, [...cx.results.experiments.keys()]));
    return null;
  }
  const [extra] = (
    [
      ["a second value", another ?? null],
      ["`as`", item.notation === null ? null : item],
      ["`top`", statement.top],
      ["`across`", statement.across[0] ?? null],
      ["`with context`", statement.context],
      ["`with rank`", statement.ranked],
      ["`caption`", statement.caption],
    ] as const
  ).flatMap(([what, node]) => (node === null ? [] : [{ what, span: node.span }]));
  if (extra !== undefined) {
    reportError(cx, "A1004", extra.span, { what: extra.what, statement: "`table … winner`" });
    return null;
  }
  const takes = { byDefault: false, none: "`table … winner`" };
  if (checkIntervals(cx, statement.ci, takes) === false) return null;
  const inner: ResultContext = { ...cx, subject: shape };
  const among: NamedResult[] = [];
  for (const [i, name] of winner.among.entries()) {
    if (winner.among.findIndex((other) => other.text === name.text) < i) {
      reportError(cx, "A1003", name.span, { what: name.text });
      return null;
    }
    const expression = checkResult(inner, { kind: "name", text: name.text, span: name.span });
    if (expression === null) return null;
    among.push(named(cx, name.text, expression));
  }
  const [first, second] = winner.among;
  if (first !== undefined && second === undefined) {
    wrongKind(cx, first.span, "two metrics or more to compare", first.text);
    return null;
  }
  for (const [i, value] of among.entries()) {
    const at = winner.among[i] ?? statement;
    if (!isNumeric(cx, value, "`winner`", at.span) || !isComparable(cx, among[0] ?? value, value, at)) return null;
  }
  const axes = statement.by.map((key) => axisOf(cx, key));
  if (axes.includes(null)) return null;
  const by = axisNames(
    cx,
    axes.flatMap((axis) => axis ?? []),
    among,
  );
  const where = statement.where === null ? null : checkCondition(inner, statement.where, axesOfShape(shape));
  if (by === null || (statement.where !== null && where === null)) return null;
  const names = among.map(({ label }) => label).join(", ");
  return {
    kind: "winner",
    title: `${labelOf(cx, of.span)}: ${winner.which} of ${names}`,
    experiment: shape.name,
    among,
    which: winner.which,
    where,
    by,
    span: statement.span,
  };
}

/** Only values of one unit compete. */
function isComparable(cx: ResultContext, first: NamedResult, other: NamedResult, at: { readonly span: Span }): boolean {
  const type = typeOfOperation(cx.results, "less", [first.expression, other.expression]);
  if (!isFault(type)) return true;
  reportFault(cx, at.span, "less", type, []);
  return false;
}

function axisOf(cx: ResultContext, key: Expression): Name | null {
  if (key.kind === "name") return { text: key.text, span: key.span };
  if (key.kind !== "missing") wrongKind(cx, key.span, "an axis such as layer", labelOf(cx, key.span));
  return null;
}

/** Columns of a metric in the table of its whole experiment. */
function columnsOf(
  { type }: ExperimentShape,
  { normalised, unit }: MetricType,
): readonly (typeof interventionColumns)[number][] {
  if (!type.intervened || normalised) return ["value"];
  return unit === "token" ? ["value", "baseline"] : interventionColumns;
}
