/** `table`: of an experiment, of a value, of winners, of tokens in their text. */
import { experimentsIn } from "../../ir/result-expression.js";
import type { Span } from "../../base/span.js";
import type { NamedResult, Output } from "../../ir/protocol.js";
import type { MetricType } from "../../ir/result-type.js";
import { isFault } from "../../operations/operation.js";
import type { Expression, Name, NumberLiteral, TableStatement } from "../../syntax/ast.js";
import { interventionColumns } from "../../ir/value-columns.js";
import { reportError, reportFault, wrongKind } from "../faults.js";
import { checkIntervals } from "./intervals.js";
import { axisNames, isNumeric, labelOf, measuredResult, named } from "./named-results.js";
import { axesOf, axesOfShape, checkAxis, typeOfOperation, type ResultAxes } from "./result-axes.js";
import { metricNames, type ExperimentShape } from "./result-scope.js";
import type { ResultContext } from "./result-context.js";
import { checkCondition, checkResult } from "./results.js";
import { isWhole } from "./statistics.js";
import { unknownResult } from "../names/unknown-results.js";

export function checkTable(cx: ResultContext, statement: TableStatement): Output | null {
  const shape = statement.of.kind === "name" ? cx.results.experiments.get(statement.of.text) : undefined;
  if (statement.winner !== null) return checkWinner(cx, statement, statement.winner, shape);
  let columns: readonly NamedResult[];
  let experiment: string;
  if (shape !== undefined) {
    experiment = shape.name;
    columns = shape.type.metrics.flatMap((metric) =>
      columnsOf(shape, metric).map((column) =>
        named(cx, column === "value" ? metric.name : `${metric.name}.${column}`, {
          kind: "column",
          experiment: shape.name,
          metric: metric.name,
          column,
        }),
      ),
    );
  } else {
    const value = measuredResult(cx, statement.of);
    const [first] = value === null ? [] : experimentsIn(value.expression);
    if (value === null || first === undefined) return null;
    experiment = first;
    columns = [value];
  }
  const subject = cx.results.experiments.get(experiment) ?? null;
  if (subject === null) return null;
  const inner: ResultContext = { ...cx, subject };
  const { top, context } = statement;
  if (top !== null && (!Number.isInteger(top.value) || top.value < 1)) {
    reportError(cx, "A3005", top.span, { value: top.text, expected: "a count of at least 1" });
    return null;
  }
  if (context !== null && (!isWhole(cx, context, 1) || !checkTokens(cx, statement, columns))) return null;
  const [only] = columns;
  const of = shape === undefined && only !== undefined ? axesOf(cx.results, only.expression) : axesOfShape(subject);
  const where = statement.where === null ? null : checkCondition(inner, statement.where, of);
  if (statement.where !== null && where === null) return null;
  const [by, second] = statement.by;
  if (second !== undefined) {
    wrongKind(cx, second.span, "one value to sort by", labelOf(cx, second.span));
    return null;
  }
  if (by !== undefined && !isSortable(cx, by, of, subject)) return null;
  // `table difference top 20 by abs(difference)`: the table's own expression under the name it was declared with.
  const sortKey = by === undefined ? null : checkResult(inner, by);
  if (by !== undefined && sortKey === null) return null;
  const written = by === undefined || sortKey === null ? null : named(cx, labelOf(cx, by.span), sortKey);
  if (by !== undefined && written !== null && !isNumeric(cx, written, "sorting", by.span)) return null;
  const order = written ?? (top === null ? null : impliedOrder(cx, top, columns));
  if (top !== null && order === null) return null;
  const none = context === null ? null : "a table `with context`, whose rows are single tokens";
  const ci = checkIntervals(cx, statement.ci, { byDefault: true, none });
  if (ci === false) return null;
  if (statement.ci !== null && ci !== null && only !== undefined && columns.length === 1) {
    if (!isNumeric(cx, only, "`with ci`", statement.ci.span)) return null;
  }
  return {
    kind: "table",
    title: labelOf(cx, statement.of.span),
    experiment,
    columns,
    where,
    by: order,
    top: top?.value ?? null,
    context: context?.value ?? null,
    ci: context === null ? ci : null,
    span: statement.span,
  };
}

/** Reports an axis after `by` of a table, which sorts by a value. */
function isSortable(cx: ResultContext, by: Expression, of: ResultAxes, subject: ExperimentShape): boolean {
  if (by.kind !== "name") return true;
  const isValue = metricNames(subject).includes(by.text) || cx.results.lets.has(by.text);
  if (isValue || cx.results.experiments.has(by.text) || !of.axes.has(by.text)) return true;
  const [example] = metricNames(subject);
  const hint = `rows stand in the order of the sweep, ${by.text} among it; \`by\` sorts by a value, such as \`by ${example ?? "loss"}\``;
  reportError(cx, "A3004", by.span, { expected: "a value to sort by", found: `the axis ${by.text}` }, { hint });
  return false;
}

/** The order of `top N` without `by`: that of the only column. Null after an error. */
function impliedOrder(cx: ResultContext, top: NumberLiteral, columns: readonly NamedResult[]): NamedResult | null {
  const [only, second] = columns;
  if (only !== undefined && second === undefined) {
    return isNumeric(cx, only, "`top`", top.span) ? only : null;
  }
  const named = columns.map(({ label }) => label);
  const hint = `write \`by ${named.at(-2) ?? "KEY"}\`: its columns are ${named.join(", ")}`;
  reportError(cx, "A2007", top.span, { metric: "`top`", name: "`by`, what the rows are ranked by" }, { hint });
  return null;
}

/** Rows are shown in their text only where there is one value for every token. */
function checkTokens(cx: ResultContext, statement: TableStatement, columns: readonly NamedResult[]): boolean {
  const axis = (text: string): Name => ({ text, span: statement.of.span });
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
  shape: ExperimentShape | undefined,
): Output | null {
  if (shape === undefined) {
    if (statement.of.kind !== "name" || cx.results.lets.has(statement.of.text)) {
      wrongKind(cx, statement.of.span, "an experiment whose metrics compete", labelOf(cx, statement.of.span));
      return null;
    }
    const name = statement.of.text;
    reportError(cx, "A2011", statement.of.span, { name }, unknownResult(name, [...cx.results.experiments.keys()]));
    return null;
  }
  const extra = statement.top ?? statement.context;
  if (extra !== null) {
    const what = statement.top === null ? "`with context`" : "`top`";
    reportError(cx, "A1004", extra.span, { what, statement: "`table … winner`" });
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
    title: `${labelOf(cx, statement.of.span)}: ${winner.which} of ${names}`,
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
