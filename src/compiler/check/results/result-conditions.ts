/** Conditions over results: after `where`, where they choose entries, and as truth values. */
import type { Coordinate, ResultCondition, ResultExpression } from "../../ir/protocol.js";
import type { Expression } from "../../syntax/ast.js";
import { infixName } from "../../operations/written.js";
import { reportError, wrongKind } from "../faults.js";
import { axesOf, checkAxis, checkCoordinates, isColumn, typeOfOperation, type ResultAxes } from "./result-axes.js";
import type { ResultContext } from "./result-context.js";
import { coordinatesOf } from "./result-coordinates.js";
import { bad, fits, meets, type Check } from "./result-faults.js";
import { resultMeaning } from "./result-scope.js";

type Binary = Extract<Expression, { kind: "binary" }>;

const comparisons = ["<", ">", "<=", ">="] as const;

/** Conditions of `where`: `layer in L9..10`, `model is opt`, `abs(impact) > 0.01`, with and, or, not. */
export function conditionOn(
  cx: ResultContext,
  expression: Expression,
  of: ResultAxes,
  check: Check,
): ResultCondition | null {
  if (expression.kind === "unary" && expression.operator === "not") {
    const operand = conditionOn(cx, expression.operand, of, check);
    return operand === null ? null : { kind: "not", operand };
  }
  if (expression.kind === "binary") {
    const { operator, left, right } = expression;
    if (operator === "and" || operator === "or") {
      const a = conditionOn(cx, left, of, check);
      const b = conditionOn(cx, right, of, check);
      return a === null || b === null ? null : { kind: operator, operands: [a, b] };
    }
    if (testsAxis(cx, expression)) return axisTest(cx, expression, of);
    const compared = comparison(cx, expression, check);
    if (compared === null) return null;
    return compared.sides.every(({ at, value }) => isWithin(cx, at, value, of)) ? compared.condition : null;
  }
  if (expression.kind !== "name" && expression.kind !== "member" && expression.kind !== "where") {
    return badCondition(cx, expression);
  }
  const truth = truthOfValue(cx, expression, check);
  return truth !== null && isWithin(cx, expression, truth.left, of) ? truth : null;
}

/**
 * A condition as a value: `e.loss > 3`, `gains.gain < 1 and layer in L4..5`. A test of axes alone has no places; beside a
 * comparison it looks at the places of that.
 */
export function checkTruthValue(cx: ResultContext, expression: Expression, check: Check): ResultExpression | null {
  const condition = checkTruthCondition(cx, expression, check);
  return condition === null ? null : { kind: "truth", condition };
}

/** A condition with places of its own; null after an error, which has been reported. */
export function checkTruthCondition(cx: ResultContext, expression: Expression, check: Check): ResultCondition | null {
  if (isAxisTest(cx, expression)) {
    const hint =
      "it selects, as in `x where layer in L1..2`, or stands beside a comparison: `x > 1 and layer in L1..2`";
    const found = `the test of an axis alone, \`${cx.sourceOf(expression.span)}\``;
    reportError(cx, "A3004", expression.span, { expected: "a value", found }, { hint });
    return null;
  }
  if (expression.kind === "unary" && expression.operator === "not") {
    const operand = checkTruthCondition(cx, expression.operand, check);
    return operand === null ? null : { kind: "not", operand };
  }
  if (expression.kind !== "binary") {
    return expression.kind === "missing" ? null : truthOfValue(cx, expression, check);
  }
  const { operator, left, right } = expression;
  if (operator === "and" || operator === "or") return joinedTruth(cx, expression, operator, check);
  if (operator === "is" || operator === "in" || comparisons.some((sign) => sign === operator)) {
    const compared = comparison(cx, expression, check);
    if (compared === null) return null;
    const [a, b] = compared.sides;
    return a === undefined || b === undefined || meets(cx, expression, a.value, b.value) ? compared.condition : null;
  }
  bad(cx, left.kind === "missing" ? right : expression, "a condition such as `e.loss > 3`");
  return null;
}

/** `A and B`: what compares values comes first, and tests of axes look at its places. */
function joinedTruth(cx: ResultContext, expression: Binary, kind: "and" | "or", check: Check): ResultCondition | null {
  const sides = [expression.left, expression.right];
  const valued = sides.filter((side) => !isAxisTest(cx, side));
  const truths = valued.map((side) => checkTruthCondition(cx, side, check));
  const known = truths.flatMap((truth) => truth ?? []);
  if (known.length < truths.length) return null;
  const [a, b] = known.map((condition): ResultExpression => ({ kind: "truth", condition }));
  if (a === undefined || (b !== undefined && !meets(cx, expression, a, b))) return null;
  const of = axesOf(cx.results, a);
  const operands = sides.map((side) =>
    isAxisTest(cx, side) ? conditionOn(cx, side, of, check) : (known[valued.indexOf(side)] ?? null),
  );
  const all = operands.flatMap((operand) => operand ?? []);
  return all.length < operands.length ? null : { kind, operands: all };
}

/** True for conditions that test axes only. */
export function isAxisTest(cx: ResultContext, expression: Expression): boolean {
  if (expression.kind === "unary") return expression.operator === "not" && isAxisTest(cx, expression.operand);
  if (expression.kind !== "binary") return false;
  const { operator, left, right } = expression;
  if (operator === "and" || operator === "or") return isAxisTest(cx, left) && isAxisTest(cx, right);
  return testsAxis(cx, expression);
}

/** True for `NAME is …` and `NAME in …` where the name is no value: an axis, or nothing. */
function testsAxis(cx: ResultContext, { operator, left }: Binary): boolean {
  if ((operator !== "is" && operator !== "in") || left.kind !== "name") return false;
  const types = [...cx.results.experiments.values()].map(({ type }) => type);
  const isAxis = types.some((type) => [...type.axes, ...type.columns].some(({ name }) => name === left.text));
  return isAxis || resultMeaning(cx.results, cx.subject, left.text) === null;
}

function axisTest(cx: ResultContext, { left, right }: Binary, of: ResultAxes): ResultCondition | null {
  if (left.kind !== "name") return badCondition(cx, left);
  if (!checkAxis(cx, { text: left.text, span: left.span }, of)) return null;
  const among = coordinatesOf(cx, right);
  if (among === null || !checkCoordinates(cx, left.text, among, right.span, of)) return null;
  return { kind: "axis", axis: left.text, among };
}

/** A comparison of values, and what it compares. */
interface Compared {
  readonly condition: ResultCondition;
  readonly sides: readonly { readonly at: Expression; readonly value: ResultExpression }[];
}

function comparison(cx: ResultContext, expression: Binary, check: Check): Compared | null {
  const { operator, left, right } = expression;
  const isEquality = operator === "is" || operator === "in";
  const operation = isEquality ? "is" : comparisons.find((sign) => sign === operator);
  if (operation === undefined) return badCondition(cx, expression);
  const a = check(cx, left);
  if (a !== null && isEquality && (operator === "in" || isCoordinate(cx, right, a))) {
    const among = coordinatesOf(cx, right);
    if (among === null || !canBeAmong(cx, expression, a, among)) return null;
    return { condition: { kind: "among", value: a, among }, sides: [{ at: left, value: a }] };
  }
  const b = operator === "in" ? null : check(cx, right);
  if (a === null || b === null) return null;
  if (!fits(cx, expression, infixName(operation), typeOfOperation(cx.results, infixName(operation), [a, b])))
    return null;
  const [own, other] = [a, b].map((side) => axesOf(cx.results, side).labels);
  if (own?.axis !== other?.axis) {
    const named = (of: typeof own, at: Expression): string =>
      of == null ? cx.sourceOf(at.span) : `a label of the axis ${of.axis}`;
    const found = `${named(own, left)} and ${named(other, right)}`;
    reportError(cx, "A3004", expression.span, { expected: "labels of one axis on both sides", found });
    return null;
  }
  const sides = [
    { at: left, value: a },
    { at: right, value: b },
  ];
  return { condition: { kind: "compare", operation, left: a, right: b }, sides };
}

/** Whether the right side of `is` is written as a coordinate, and not as a value to compute. */
function isCoordinate(cx: ResultContext, right: Expression, left: ResultExpression): boolean {
  switch (right.kind) {
    case "string":
    case "place":
    case "range":
    case "list":
      return true;
    case "number":
      return axesOf(cx.results, left).labels !== null;
    case "name":
      return resultMeaning(cx.results, cx.subject, right.text) === null && axesOf(cx.results, left).labels !== null;
    default:
      return false;
  }
}

/** Whether a value can be one of those; reports why it cannot. */
function canBeAmong(
  cx: ResultContext,
  { right, span }: Binary,
  value: ResultExpression,
  among: readonly Coordinate[],
): boolean {
  const of = axesOf(cx.results, value);
  if (!of.complete) return true;
  if (of.labels !== null) {
    const { axis, levels } = of.labels;
    return checkCoordinates(cx, axis, among, right.span, { ...of, axes: new Map([[axis, levels]]) });
  }
  const text = among.find((one) => typeof one === "string");
  if (text !== undefined) {
    const found = right.kind === "list" ? text : cx.sourceOf(right.span);
    wrongKind(cx, right.span, `${of.unit === "token" ? "the number of a token" : "numbers"} to compare with`, found);
    return false;
  }
  if (of.element !== "truth") return true;
  const hint = "a truth value is a condition by itself: write it alone, or `not` before it";
  reportError(cx, "A3004", span, { expected: "numbers or labels before `is`", found: "truth values" }, { hint });
  return false;
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

/** A value of truth values (`nll > 3 as hard`), which is a condition by itself. */
function truthOfValue(
  cx: ResultContext,
  expression: Expression,
  check: Check,
): Extract<ResultCondition, { kind: "compare" }> | null {
  const value = check(cx, expression);
  if (value === null) return null;
  const { element, complete } = axesOf(cx.results, value);
  if (element !== "truth" && complete) return badCondition(cx, expression);
  return { kind: "compare", operation: ">", left: value, right: { kind: "number", value: 0.5 } };
}

function badCondition(cx: ResultContext, expression: Expression): null {
  return bad(cx, expression, "a condition such as `layer in L9..10` or `abs(impact) > 0.01`");
}
