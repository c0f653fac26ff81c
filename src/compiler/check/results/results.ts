/** Expressions over results (§8 of the language): `sweep.R_V.impact`, `mean(abs(sweep.impact) over prompt)`. */
import { nearestNames } from "../../base/suggest.js";
import type { Span } from "../../base/span.js";
import type { ResultCondition, ResultExpression } from "../../ir/protocol.js";
import type { Expression, Name } from "../../syntax/ast.js";
import { reportError, wrongKind } from "../faults.js";
import { limits } from "../limits.js";
import { infixName } from "../../operations/written.js";
import { resultTypeOfOperation, axesOf, type ResultAxes } from "./result-axes.js";
import { checkResultCall } from "./result-calls.js";
import { checkTruthValue, conditionOn } from "./result-conditions.js";
import { constantOf } from "./result-constants.js";
import type { ResultContext } from "./result-context.js";
import { bad, fits, meets } from "./result-faults.js";
import { checkChoice } from "./choices.js";
import { resultFunction } from "../../ir/result-functions.js";
import { noteResult, noteResultParts } from "./result-notes.js";
import { metricOf } from "../../ir/result-type.js";
import { onceChecked } from "./lets.js";
import {
  columnPath,
  columnsOf,
  describeColumns,
  describeRows,
  isValueColumn,
  memberPath,
  metricNames,
  resultMeaning,
  type ExperimentShape,
  type ValueColumn,
} from "./result-scope.js";
import { missingAxis, pathInResults, unknownResult } from "../names/unknown-results.js";

const arithmetic = ["+", "-", "*", "/", "^"] as const;

/** Checks an expression; null after an error, which has been reported. */
export function checkResult(cx: ResultContext, expression: Expression): ResultExpression | null {
  if (cx.work.depth >= limits.depth) {
    reportError(cx, "A1005", expression.span, { limit: limits.depth });
    return null;
  }
  cx.work.depth++;
  cx.work.deepest = Math.max(cx.work.deepest, cx.work.depth);
  const checked = checkExpression(cx, expression);
  cx.work.depth--;
  cx.work.visited?.add(expression);
  if (checked !== null) {
    noteResult(cx, expression.span, checked);
    if (expression.kind === "call") noteResult(cx, expression.callee.span, checked);
  } else noteResultParts(cx, expression, checkResult);
  return checked;
}

function checkExpression(cx: ResultContext, expression: Expression): ResultExpression | null {
  switch (expression.kind) {
    case "number":
      return { kind: "number", value: expression.value };
    case "name":
      return checkName(cx, expression.text, expression);
    case "member":
      return checkMember(cx, expression);
    case "unary": {
      if (expression.operator === "not") return checkTruthValue(cx, expression, checkResult);
      const operand = checkResult(cx, expression.operand);
      if (operand === null) return null;
      const negated = { kind: "binary", operation: "-", left: { kind: "number", value: 0 }, right: operand } as const;
      return fits(cx, expression, "subtract", resultTypeOfOperation(cx.results, negated)) ? negated : null;
    }
    case "binary": {
      const operation = arithmetic.find((sign) => sign === expression.operator);
      if (operation === undefined) return checkTruthValue(cx, expression, checkResult);
      const left = checkResult(cx, expression.left);
      const right = checkResult(cx, expression.right);
      if (left === null || right === null) return null;
      const joined = { kind: "binary", operation, left, right } as const;
      if (!fits(cx, expression, infixName(operation), resultTypeOfOperation(cx.results, joined))) return null;
      return meets(cx, expression, left, right) ? joined : null;
    }
    case "where": {
      const argument = checkResult(cx, expression.base);
      if (argument === null) return null;
      const condition = checkCondition(cx, expression.condition, axesOf(cx.results, argument));
      return condition === null ? null : { kind: "where", argument, condition };
    }
    case "conditional":
      return checkChoice(cx, expression, checkResult);
    case "call":
      return checkResultCall(cx, expression, checkResult);
    case "missing":
      return null;
    case "string": {
      const hint =
        'results hold numbers: a text is compared with, as in `x is "a"`, and `classify VALUE as low < 1, high` gives values a name';
      const expected = "a number or an expression over results";
      reportError(cx, "A3004", expression.span, { expected, found: cx.sourceOf(expression.span) }, { hint });
      return null;
    }
    default: {
      const expected = "an expression over results such as sweep.R_V.impact";
      const details = {
        hint: "inside the model a name is `metric NAME = …`, or `let x = … in …` within an expression; experiments measure it",
      };
      reportError(cx, "A3004", expression.span, { expected, found: cx.sourceOf(expression.span) }, details);
      return null;
    }
  }
}

function checkName(cx: ResultContext, name: string, at: Expression): ResultExpression | null {
  const { subject, results } = cx;
  const meaning = resultMeaning(results, subject, name);
  if (meaning?.kind === "column") {
    return isValueColumn(name)
      ? columnOf(cx, meaning.shape, null, name, at)
      : columnOf(cx, meaning.shape, name, "value", at);
  }
  if (meaning?.kind === "let") {
    if (cx.unfolding.includes(name)) {
      const path = [...cx.unfolding.slice(cx.unfolding.indexOf(name)), name].join(" → ");
      reportError(cx, "A2006", at.span, { name, path });
      return null;
    }
    return checkLet(cx, name, meaning.statement.value, at.span);
  }
  if (meaning?.kind === "experiment") return columnOf(cx, meaning.shape, null, "value", at);
  if (meaning?.kind === "param") {
    const value = constantOf(results.params, meaning.value, [name]);
    if (value !== null) return { kind: "number", value };
    const { file, start, end } = meaning.value.span;
    const written = file === at.span.file ? `, which is ${cx.sourceOf({ ...at.span, start, end })}` : "";
    wrongKind(cx, at.span, "a parameter that is a number", `${name}${written}`);
    return null;
  }
  const axes = [...results.experiments.values()].flatMap(({ type }) => [...type.axes, ...type.columns]);
  if (axes.some((axis) => axis.name === name)) {
    const expected = `a value: ${name} is an axis, which is tested with \`is\` or \`in\`, as in \`${name} in [1, 2]\``;
    wrongKind(cx, at.span, expected, name);
    return null;
  }
  const valid = [
    ...results.experiments.keys(),
    ...results.lets.keys(),
    ...results.params.keys(),
    ...(subject === null ? [] : [...metricNames(subject), ...columnsOf(subject)]),
  ];
  if (subject !== null) {
    reportError(
      cx,
      "A2012",
      at.span,
      { experiment: subject.name, name },
      { suggestions: nearestNames(name, valid), hint: missingAxis(name) ?? describeRows(subject) },
    );
  } else reportError(cx, "A2011", at.span, { name }, unknownResult(name, valid, experimentsWith(cx, name)));
  return null;
}

/** The experiments that measure something of that name. */
function experimentsWith({ results }: ResultContext, metric: string): readonly string[] {
  return [...results.experiments.values()]
    .filter((shape) => metricNames(shape).includes(metric))
    .map((shape) => shape.name);
}

/** The value of a `let` where it is used, or defined; null after an error, which is reported once. */
export function checkLet(cx: ResultContext, name: string, value: Expression, at: Span): ResultExpression | null {
  return onceChecked(cx, name, at, () =>
    checkResult({ ...cx, subject: null, unfolding: [...cx.unfolding, name] }, value),
  );
}

/** A column of an experiment; `metric` null means its only one. */
function columnOf(
  cx: ResultContext,
  shape: ExperimentShape,
  metric: string | null,
  column: ValueColumn,
  at: Expression,
): ResultExpression | null {
  const [only, ...more] = metricNames(shape);
  const chosen = metric ?? only;
  if (chosen === undefined) return null;
  if (metric === null && more.length > 0) {
    const written = column === "value" ? "metric" : column;
    const meant = metricNames(shape).map((m) => `${shape.name}.${m}${column === "value" ? "" : `.${column}`}`);
    reportError(
      cx,
      "A2017",
      at.span,
      { experiment: shape.name, column: written },
      {
        expected: meant.join(" or "),
        fixes: meant.map((replacement) => ({
          title: `change to ${replacement}`,
          edits: [{ span: at.span, replacement }],
        })),
      },
    );
    return null;
  }
  if (!columnsOf(shape).includes(column)) {
    reportError(
      cx,
      "A2012",
      at.span,
      { experiment: shape.name, name: column },
      { hint: `${shape.name} changes nothing in the model, so it has no baseline to compare with` },
    );
    return null;
  }
  const { unit } = metricOf(shape.type, chosen) ?? { unit: "none" };
  if (unit === "token" && (column === "impact" || column === "relative")) {
    const hint = `tokens have no differences: ${chosen} and ${chosen}.baseline are the tokens with and without the change`;
    reportError(cx, "A2012", at.span, { experiment: shape.name, name: `${chosen}.${column}` }, { hint });
    return null;
  }
  return { kind: "column", experiment: shape.name, metric: chosen, column };
}

/** `sweep.R_V.impact`, `sweep.R_V`, `sweep.impact`; `R_V.impact` beside a subject. */
function checkMember(cx: ResultContext, expression: Extract<Expression, { kind: "member" }>): ResultExpression | null {
  const path = memberPath(expression);
  if (path === null) return bad(cx, expression, "EXPERIMENT.METRIC or EXPERIMENT.METRIC.COLUMN");
  const [first] = path;
  if (first === undefined) return null;
  const target = columnPath(cx.results, cx.subject, path);
  if (target === null) {
    const details = unknownResult(first.text, [...cx.results.experiments.keys()]);
    reportError(cx, "A2011", first.span, { name: first.text }, pathInResults(cx.sourceOf(expression.span)) ?? details);
    return null;
  }
  const { shape, words } = target;
  const [word, column, extra] = words;
  const end = words.at(-1);
  if (end !== undefined && shape.complete && !metricNames(shape).includes(end.text)) {
    const called = resultFunction(end.text);
    if (called !== null) {
      const value = cx.sourceOf(expression.span).replace(/\s*\.\s*\w+$/, "");
      const [form = ""] = called.form.split("\n");
      const hint = `a function stands before its value: ${form.replace(/\bx\b/, value).replace(" over AXIS, …", "")}`;
      reportError(cx, "A2012", end.span, { experiment: shape.name, name: end.text }, { hint });
      return null;
    }
  }
  if (word === undefined || extra !== undefined) return bad(cx, expression, "EXPERIMENT.METRIC.COLUMN");
  const unknown = (name: Name, valid: readonly string[]): null => {
    if (!shape.complete) return null;
    const called = /^(?:delta|diff|difference|change|effect)$/.test(name.text) ? ["impact"] : null;
    const suggestions = (called ?? nearestNames(name.text, valid)).filter((near) => valid.includes(near));
    const hint = `its columns are ${describeColumns(shape)}`;
    reportError(cx, "A2012", name.span, { experiment: shape.name, name: name.text }, { suggestions, hint });
    return null;
  };
  if (column === undefined) {
    if (metricNames(shape).includes(word.text)) return columnOf(cx, shape, word.text, "value", expression);
    if (isValueColumn(word.text)) return columnOf(cx, shape, null, word.text, expression);
    return unknown(word, [...metricNames(shape), ...columnsOf(shape)]);
  }
  if (!metricNames(shape).includes(word.text)) return unknown(word, metricNames(shape));
  if (!isValueColumn(column.text)) return unknown(column, columnsOf(shape));
  return columnOf(cx, shape, word.text, column.text, expression);
}

/** Conditions of `where`: `layer in L9..10`, `model is opt`, `abs(impact) > 0.01`, with and, or, not. */
export function checkCondition(cx: ResultContext, expression: Expression, of: ResultAxes): ResultCondition | null {
  return conditionOn(cx, expression, of, checkResult);
}
