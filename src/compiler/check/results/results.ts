/** Expressions over results (§8 of the language): `sweep.R_V.impact`, `mean(abs(sweep.impact) over prompt)`. */
import { experimentsIn } from "../../ir/result-expression.js";
import { nearestNames } from "../../base/suggest.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { Span } from "../../base/span.js";
import type { ResultCondition, ResultExpression } from "../../ir/protocol.js";
import type { Expression, Name } from "../../syntax/ast.js";
import { isFault, type TypeFault } from "../../operations/operation.js";
import type { TensorType } from "../../ir/tensor-type.js";
import { reportError, reportFault, wrongKind } from "../faults.js";
import { limits } from "../limits.js";
import { infixName } from "../../operations/written.js";
import {
  axesOf,
  checkAxis,
  checkCoordinates,
  checkReducible,
  disjointAxis,
  isColumn,
  resultTypeOfOperation,
  typeOfOperation,
  type ResultAxes,
} from "./result-axes.js";
import type { ResultContext } from "./result-context.js";
import { coordinatesOf } from "./result-coordinates.js";
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
import { missingAxis, pathInResults, unknownResult, unknownResultFunction } from "../names/unknown-results.js";

const elementwise = ["abs", "exp", "log", "sqrt"] as const;
const reductions = ["mean", "sum", "max", "min", "std", "var"] as const;
const arithmetic = ["+", "-", "*", "/", "^"] as const;
const comparisons = ["<", ">", "<=", ">="] as const;

function oneOf<T extends string>(values: readonly T[], name: string): T | null {
  return values.find((v) => v === name) ?? null;
}

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
      if (expression.operator !== "-") return bad(cx, expression, "a number");
      const operand = checkResult(cx, expression.operand);
      if (operand === null) return null;
      const negated = { kind: "binary", operation: "-", left: { kind: "number", value: 0 }, right: operand } as const;
      return fits(cx, expression, "subtract", resultTypeOfOperation(cx.results, negated)) ? negated : null;
    }
    case "binary": {
      const operation = oneOf(arithmetic, expression.operator);
      if (operation === null) return bad(cx, expression, "a value, not a condition");
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
    case "call":
      return checkResultCall(cx, expression);
    case "missing":
      return null;
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

/** Whether an operation applies to the values at hand; reports why not. */
function fits(cx: ResultContext, at: Expression, operation: string, type: TensorType | TypeFault): boolean {
  if (!isFault(type)) return true;
  reportFault(cx, at.span, operation, type, []);
  return false;
}

/** Prompt sets behind a value. */
function textsIn(cx: ResultContext, expression: ResultExpression): readonly string[] {
  return experimentsIn(expression).flatMap((name) => cx.results.experiments.get(name)?.type.texts ?? []);
}

/** Whether two values have places in common; reports two that are known to have none. */
function meets(cx: ResultContext, at: Expression, left: ResultExpression, right: ResultExpression): boolean {
  const [a, b] = [axesOf(cx.results, left), axesOf(cx.results, right)];
  const axis = disjointAxis(a, b);
  if (axis === null) {
    const [own, others] = [textsIn(cx, left), textsIn(cx, right)];
    const all = new Set([...own, ...others]);
    // With the axis `prompts` on both sides only texts of the same set meet.
    const paired = [a, b].every((of) => of.axes.has("prompt")) && ![a, b].every((of) => of.axes.has("prompts"));
    if (paired && own.length > 0 && others.length > 0 && all.size > 1) {
      cx.report(diagnostic("A8023", at.span, { texts: [...all].join(" and ") }));
    }
    return true;
  }
  const levels = (of: ResultAxes): string => [...(of.axes.get(axis) ?? [])].slice(0, 5).join(", ");
  const hint = `reduce the axis first, as in mean(… over ${axis}), or select one element of it on each side`;
  reportError(cx, "A3020", at.span, { axis, left: levels(a), right: levels(b) }, { hint });
  return false;
}

function bad(cx: ResultContext, expression: Expression, expected: string): null {
  wrongKind(cx, expression.span, expected, cx.sourceOf(expression.span));
  return null;
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
  const axes = [...results.experiments.values()].flatMap(({ type }) => [...type.axes, ...type.columns]);
  if (axes.some((axis) => axis.name === name)) {
    const expected = `a value: ${name} is an axis, which is tested with \`is\` or \`in\`, as in \`${name} in [1, 2]\``;
    wrongKind(cx, at.span, expected, name);
    return null;
  }
  const valid = [
    ...results.experiments.keys(),
    ...results.lets.keys(),
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
  } else reportError(cx, "A2011", at.span, { name }, unknownResult(name, valid));
  return null;
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
    reportError(
      cx,
      "A2017",
      at.span,
      { experiment: shape.name, column: written },
      {
        expected: metricNames(shape)
          .map((m) => `${shape.name}.${m}${column === "value" ? "" : `.${column}`}`)
          .join(" or "),
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
    const called = oneOf([...elementwise, ...reductions], end.text);
    if (called !== null) {
      const value = cx.sourceOf(expression.span).replace(/\s*\.\s*\w+$/, "");
      const hint = `a function stands before its value: ${called}(${value})`;
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

function checkResultCall(cx: ResultContext, call: Extract<Expression, { kind: "call" }>): ResultExpression | null {
  const name = call.callee.text;
  const [argumentSyntax, ...more] = call.positional;
  const simple = oneOf(elementwise, name);
  const reduction = oneOf(reductions, name);
  if (simple === null && reduction === null) {
    reportError(
      cx,
      "A2001",
      call.callee.span,
      { kind: "function of results", name },
      unknownResultFunction(name, [...elementwise, ...reductions]),
    );
    return null;
  }
  if (argumentSyntax === undefined || more.length > 0 || call.named.length > 0 || call.between.length > 0) {
    return bad(cx, call, `one argument to ${name}`);
  }
  const argument = checkResult(cx, argumentSyntax);
  if (argument === null) return null;
  if (simple !== null) {
    const [axis] = call.over;
    if (axis !== undefined) return bad(cx, call, `${name}(…) without \`over\``);
    const applied = { kind: "call", operation: simple, argument } as const;
    return fits(cx, call, simple, resultTypeOfOperation(cx.results, applied)) ? applied : null;
  }
  if (reduction === null) return null;
  const axes = axesOf(cx.results, argument);
  for (const [i, axis] of call.over.entries()) {
    if (!checkAxis(cx, axis, axes) || !checkReducible(cx, axis, call.over, axes)) return null;
    if (call.over.findIndex((other) => other.text === axis.text) < i) {
      reportError(cx, "A1003", axis.span, { what: `the axis ${axis.text}` });
      return null;
    }
  }
  const over = call.over.length === 0 ? null : call.over.map((a) => a.text);
  const reduced = { kind: "reduce", operation: reduction, argument, over } as const;
  return fits(cx, call, reduction, resultTypeOfOperation(cx.results, reduced)) ? reduced : null;
}

/** Conditions of `where`: `layer in L9..10`, `model is opt`, `abs(impact) > 0.01`, with and, or, not. */
export function checkCondition(cx: ResultContext, expression: Expression, of: ResultAxes): ResultCondition | null {
  if (expression.kind === "unary" && expression.operator === "not") {
    const operand = checkCondition(cx, expression.operand, of);
    return operand === null ? null : { kind: "not", operand };
  }
  if (expression.kind === "name" || expression.kind === "member") return checkTruth(cx, expression, of);
  if (expression.kind !== "binary") return badCondition(cx, expression);
  const { operator, left, right } = expression;
  if (operator === "and" || operator === "or") {
    const a = checkCondition(cx, left, of);
    const b = checkCondition(cx, right, of);
    return a === null || b === null ? null : { kind: operator, operands: [a, b] };
  }
  if (operator === "is" || operator === "in") {
    if (left.kind !== "name") return badCondition(cx, left);
    if (!checkAxis(cx, { text: left.text, span: left.span }, of)) return null;
    const among = coordinatesOf(cx, right);
    if (among === null || !checkCoordinates(cx, left.text, among, right.span, of)) return null;
    return { kind: "axis", axis: left.text, among };
  }
  const operation = oneOf(comparisons, operator);
  if (operation === null) return badCondition(cx, expression);
  const a = checkResult(cx, left);
  const b = checkResult(cx, right);
  if (a === null || b === null) return null;
  const compared = typeOfOperation(cx.results, infixName(operation), [a, b]);
  if (!fits(cx, expression, infixName(operation), compared)) return null;
  if (!isWithin(cx, left, a, of) || !isWithin(cx, right, b, of)) return null;
  return { kind: "compare", operation, left: a, right: b };
}

/** Whether a side of a condition has only axes that the value has, too; reports one that has more. */
function isWithin(cx: ResultContext, at: Expression, side: ResultExpression, of: ResultAxes): boolean {
  const own = axesOf(cx.results, side);
  const extra = [...own.axes.keys()].find((axis) => !of.axes.has(axis) && !isColumn(own, axis));
  if (extra === undefined || !own.complete || !of.complete) return true;
  const value = cx.sourceOf(at.span);
  const hint = `say how: max(${value} over ${extra}), or mean(${value} over ${extra})`;
  reportError(cx, "A3025", at.span, { value, axis: extra, of: of.label }, { hint });
  return false;
}

/** A column of truth values (`nll > 3 as hard`), which is a condition by itself. */
function checkTruth(cx: ResultContext, expression: Expression, of: ResultAxes): ResultCondition | null {
  const value = checkResult(cx, expression);
  if (value === null) return null;
  if (axesOf(cx.results, value).element !== "truth") return badCondition(cx, expression);
  if (!isWithin(cx, expression, value, of)) return null;
  return { kind: "compare", operation: ">", left: value, right: { kind: "number", value: 0.5 } };
}

function badCondition(cx: ResultContext, expression: Expression): null {
  if (expression.kind === "missing") return null;
  return bad(cx, expression, "a condition such as `layer in L9..10` or `abs(impact) > 0.01`");
}
