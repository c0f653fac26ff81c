/** Types of expressions over results: axes, unit and element, as strict as those of the measurement language. */
import { nearestNames } from "../../base/suggest.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { placeLabel } from "../../ir/place-axes.js";
import type { Coordinate, Coordinates, ResultCondition, ResultExpression } from "../../ir/protocol.js";
import { isConstant } from "../../ir/results.js";
import { choiceParts, comparedIn, fixedAxes } from "../../ir/result-expression.js";
import { alsoRemoved, joinDecided, metricOf, type DecidedAxis } from "../../ir/result-type.js";
import { scalar, type TensorType } from "../../ir/tensor-type.js";
import { typeOperation, type OperationArgument } from "../../operations/index.js";
import { isFault, type TypeFault } from "../../operations/operation.js";
import type { Name } from "../../syntax/ast.js";
import { reportError } from "../faults.js";
import { infixName } from "../../operations/written.js";
import { missingAxis } from "../names/unknown-results.js";
import { typeOfOwnFunction, type OwnFunction } from "./result-function-types.js";
import type { ExperimentShape, ResultScope } from "./result-scope.js";

/** The type of a value over results. */
export interface ResultAxes {
  /** How messages call the value. */
  readonly label: string;
  /** Axes and columns with their coordinates, where those are known. */
  readonly axes: ReadonlyMap<string, ReadonlySet<Coordinate> | null>;
  /** Those of `axes` that follow from others. */
  readonly decided: readonly DecidedAxis[];
  readonly unit: TensorType["unit"];
  readonly element: TensorType["element"];
  /** Which names its values stand for, and null where those show in the run only; null for any other value. */
  readonly labels: { readonly axis: string; readonly levels: ReadonlySet<Coordinate> | null } | null;
  /** False when an experiment behind it is unsound: then nothing is said about its axes. */
  readonly complete: boolean;
}

const nothing: ResultAxes = {
  label: "a number",
  axes: new Map(),
  decided: [],
  unit: "none",
  element: "real",
  labels: null,
  complete: true,
};

/** What the rows of an experiment have; with `metric`, those of one of its metrics. */
export function axesOfShape({ name, type, complete }: ExperimentShape, metric: string | null = null): ResultAxes {
  const own = metric === null ? null : metricOf(type, metric);
  const axes = type.axes.filter((axis) => own === null || own.axes.includes(axis.name));
  const columns = type.columns.filter(({ of }) => of.every((axis) => axes.some((other) => other.name === axis)));
  const all = [...axes, ...columns];
  return {
    label: name,
    axes: new Map(all.map((axis) => [axis.name, axis.levels === null ? null : new Set(axis.levels)])),
    decided: [
      ...axes.filter(({ of }) => of.length > 0).map(({ name: axis, of }) => ({ name: axis, of, isColumn: false })),
      ...columns.map((column) => ({ name: column.name, of: column.of, isColumn: true })),
    ],
    unit: own?.unit ?? "none",
    element: own?.element ?? "real",
    labels: null,
    complete,
  };
}

/** Types found before: a deep expression is asked for the types of its parts at every level. */
const found = new WeakMap<ResultScope, WeakMap<ResultExpression, ResultAxes>>();

/** The type of an expression's value: reductions and `where axis is one` remove axes, arithmetic joins them. */
export function axesOf(results: ResultScope, expression: ResultExpression): ResultAxes {
  const known = found.get(results) ?? new WeakMap<ResultExpression, ResultAxes>();
  found.set(results, known);
  const axes = known.get(expression) ?? findAxes(results, expression);
  known.set(expression, axes);
  return axes;
}

function findAxes(results: ResultScope, expression: ResultExpression): ResultAxes {
  switch (expression.kind) {
    case "number":
      return nothing;
    case "column": {
      const shape = results.experiments.get(expression.experiment);
      if (shape === undefined) return nothing;
      const of = axesOfShape(shape, expression.metric);
      const { column } = expression;
      if (column === "value" || column === "baseline") return of;
      // A difference of truth values, of 1 and 0, is a number.
      return { ...of, element: "real", unit: column === "relative" ? "none" : of.unit };
    }
    case "call":
      return withTypeOf(axesOf(results, expression.argument), resultTypeOfOperation(results, expression));
    case "rank":
      return withTypeOf(axesOf(results, expression.argument), resultTypeOfOperation(results, expression));
    case "rename":
      return renamedAxes(axesOf(results, expression.argument), expression);
    case "reduce":
    case "quantile":
    case "argmax": {
      const of = axesOf(results, expression.argument);
      const name = nameOf(expression);
      const left = without(of, reducedBy(of, overOf(of, expression)), `the ${name}`);
      const typed = withTypeOf(left, resultTypeOfOperation(results, expression));
      if (expression.kind !== "argmax" || typed.unit !== "label") return typed;
      return { ...typed, labels: { axis: expression.over, levels: of.axes.get(expression.over) ?? null } };
    }
    case "where": {
      const of = axesOf(results, expression.argument);
      const fixed = new Set(fixedAxes(expression.condition));
      const removed = new Set([...fixed, ...alsoRemoved(of.decided, fixed)]);
      return without(narrowed(of, expression.condition), removed, "the selection");
    }
    case "binary": {
      const joined = joinedAxes(axesOf(results, expression.left), axesOf(results, expression.right));
      return withTypeOf(joined, resultTypeOfOperation(results, expression));
    }
    case "choice": {
      const joined = choiceParts(expression)
        .map((part) => axesOf(results, part))
        .reduce(joinedAxes, nothing);
      return withTypeOf(joined, resultTypeOfOperation(results, expression));
    }
    case "truth": {
      const sides = comparedIn(expression.condition).map((side) => axesOf(results, side));
      return { ...sides.reduce(joinedAxes, nothing), element: "truth" };
    }
  }
}

/** The new axis stands where the first of the old ones stood. */
function renamedAxes(of: ResultAxes, { from, to }: Extract<ResultExpression, { kind: "rename" }>): ResultAxes {
  const levels = from.map((axis) => [...(of.axes.get(axis) ?? [])].map((level): Coordinates => ({ [axis]: level })));
  const known = from.every((axis) => (of.axes.get(axis) ?? null) !== null);
  const places = levels.reduce((all, own) => all.flatMap((one) => own.map((other) => ({ ...one, ...other }))));
  const removed = reducedBy(of, from);
  const axes = [...of.axes].flatMap(([axis, own]): [string, ReadonlySet<Coordinate> | null][] => {
    if (axis === from[0]) return [[to, known ? new Set(places.map(placeLabel)) : null]];
    return removed.has(axis) ? [] : [[axis, own]];
  });
  return { ...of, axes: new Map(axes), decided: of.decided.filter(({ name }) => !removed.has(name)) };
}

/** What a reduction, or what goes like one, is called. */
function nameOf(expression: Extract<ResultExpression, { kind: "reduce" | "quantile" | "argmax" }>): string {
  if (expression.kind === "reduce") return expression.operation;
  if (expression.kind === "quantile") return expression.kind;
  return expression.which === "largest" ? "argmax" : "argmin";
}

/** The axes that it goes over. */
function overOf(
  of: ResultAxes,
  { over }: Extract<ResultExpression, { kind: "reduce" | "quantile" | "argmax" }>,
): readonly string[] {
  return over === null ? [...of.axes.keys()] : typeof over === "string" ? [over] : over;
}

/** The axes of `over`, and what follows from them. */
function reducedBy(of: ResultAxes, over: readonly string[]): ReadonlySet<string> {
  const named = new Set(over);
  const columns = of.decided.filter(({ isColumn }) => isColumn);
  return new Set([...named, ...alsoRemoved(columns, named)]);
}

/** The axes of two values joined, of numbers without a unit. */
function joinedAxes(left: ResultAxes, right: ResultAxes): ResultAxes {
  const labels = [left, right].filter((side) => side !== nothing).map((side) => side.label);
  return {
    ...nothing,
    label: [...new Set(labels)].join(" and "),
    axes: new Map([...left.axes, ...right.axes]),
    decided: joinDecided(placed(left), placed(right)),
    complete: left.complete && right.complete,
  };
}

function placed({ axes, decided }: ResultAxes): Parameters<typeof joinDecided>[0] {
  return { has: (name) => axes.has(name), decided };
}

function withTypeOf(of: ResultAxes, type: TensorType | TypeFault): ResultAxes {
  // What is wrong with it has been reported where it stands.
  return isFault(type) ? of : { ...of, unit: type.unit, element: type.element, labels: null };
}

/** The tensor that the measurement language would have for a value of results. */
export function tensorOf({ axes, unit, element }: ResultAxes): TensorType {
  // Places that one side lacks are no fault of results, so that all axes are of one length.
  const extent = { kind: "positions", minus: 0 } as const;
  return { axes: [...axes.keys()].map((name) => ({ name, extent })), unit, element };
}

/** The type that an operation on results has by the rules of the measurement language, or why it has none. */
export function resultTypeOfOperation(
  results: ResultScope,
  expression: Extract<
    ResultExpression,
    { kind: "call" | "reduce" | "quantile" | "argmax" | "rank" | "binary" | "choice" }
  >,
): TensorType | TypeFault {
  switch (expression.kind) {
    case "call":
      return typeOfOperation(results, expression.operation, [expression.argument]);
    case "reduce": {
      const { operation, argument } = expression;
      if (operation === "count" || operation === "median") return typeOfFunction(results, operation, [argument]);
      const { axes } = axesOf(results, argument);
      // Of a single number, such as a mean over everything, every reduction is that number.
      const over = (expression.over ?? [...axes.keys()]).filter((axis) => axes.has(axis));
      return typeOfOperation(results, operation, [argument], over.length === 0 ? {} : { over });
    }
    case "quantile":
    case "rank":
      return typeOfFunction(results, expression.kind, [expression.argument]);
    case "argmax": {
      const type = typeOfFunction(results, expression.which === "largest" ? "argmax" : "argmin", [expression.argument]);
      if (isFault(type)) return type;
      return { ...type, unit: coordinateUnit(expression.over, axesOf(results, expression.argument)) };
    }
    case "choice": {
      const { condition, yes, no } = expression;
      return typeOfOperation(results, "if", [{ kind: "truth", condition }, yes, no]);
    }
    case "binary": {
      const { operation, left, right } = expression;
      if (operation === "max" || operation === "min") return typeOfFunction(results, operation, [left, right]);
      return typeOfOperation(results, infixName(operation), [left, right]);
    }
  }
}

/** True for a number and for published values, which take the unit of what they are compared with. */
export function isConstantResult(results: ResultScope, expression: ResultExpression): boolean {
  return isConstant(expression, (name) => {
    const shape = results.experiments.get(name);
    // What is wrong itself measures something all the same.
    return shape?.complete === true ? shape.type : undefined;
  });
}

/** What the coordinates of an axis are as values: labels where one is a text, as pairs always are. */
function coordinateUnit(axis: string, { axes }: ResultAxes): TensorType["unit"] {
  if (axis === "vocab") return "token";
  const levels = axes.get(axis) ?? null;
  const isText = levels === null ? /^(?:measured_)?pair$/.test(axis) : [...levels].some((level) => typeof level === "string"); // prettier-ignore
  return isText ? "label" : "none";
}

/** What to do instead of computing with ids of tokens. */
export const tokensHint = "tables show tokens as what they stand for; a number would be nll, prob or rank";

/** The type of an operation of the measurement language, applied to values of results. */
export function typeOfOperation(
  results: ResultScope,
  operation: string,
  inputs: readonly ResultExpression[],
  attributes: Readonly<Record<string, readonly string[]>> = {},
): TensorType | TypeFault {
  return typed(results, inputs, (values) => typeOperation(operation, values, attributes));
}

/** The type of one of the functions that only results have; its axes are not looked at. */
function typeOfFunction(
  results: ResultScope,
  name: OwnFunction,
  inputs: readonly ResultExpression[],
): TensorType | TypeFault {
  return typed(results, inputs, (values) => {
    // A number written beside a value takes its unit.
    const unit = values.find(({ literal }) => !literal)?.type.unit ?? "none";
    const type = typeOfOwnFunction(
      name,
      values.map(({ type: own, literal }) => (literal ? { ...own, unit } : own)),
    );
    return "fault" in type ? type : { axes: [], ...type };
  });
}

function typed(
  results: ResultScope,
  inputs: readonly ResultExpression[],
  typeOf: (values: readonly OperationArgument[]) => TensorType | TypeFault,
): TensorType | TypeFault {
  const values = inputs.map((input) => ({ value: axesOf(results, input), literal: isConstantResult(results, input) }));
  // Nothing is known of the units of an experiment that is wrong itself.
  if (values.some(({ value }) => !value.complete)) return scalar;
  const type = typeOf(values.map(({ value, literal }) => ({ type: tensorOf(value), literal })));
  const isOfTokens = values.some(({ value }) => value.unit === "token");
  return isFault(type) && isOfTokens ? { ...type, hint: tokensHint } : type;
}

function without(of: ResultAxes, removed: ReadonlySet<string>, label: string): ResultAxes {
  if (removed.size === 0) return of;
  return {
    ...of,
    label: `${label} of ${of.label}`,
    axes: new Map([...of.axes].filter(([axis]) => !removed.has(axis))),
    decided: of.decided.filter(({ name }) => !removed.has(name)),
  };
}

/** The levels that a condition leaves of the axes that it tests. */
function narrowed(of: ResultAxes, condition: ResultCondition): ResultAxes {
  if (condition.kind === "and") return condition.operands.reduce(narrowed, of);
  const known = condition.kind === "axis" ? (of.axes.get(condition.axis) ?? null) : null;
  if (condition.kind !== "axis" || known === null) return of;
  const among = new Set(condition.among.map(String));
  const left = new Set([...known].filter((level) => among.has(String(level))));
  return { ...of, axes: new Map([...of.axes, [condition.axis, left]]) };
}

/** An axis on which two values have nothing in common, so that joining them keeps nothing; null where none is known. */
export function disjointAxis(left: ResultAxes, right: ResultAxes): string | null {
  if (!left.complete || !right.complete) return null;
  for (const [axis, levels] of left.axes) {
    const others = right.axes.get(axis) ?? null;
    if (levels === null || others === null || isColumn(left, axis) || isColumn(right, axis)) continue;
    const texts = new Set([...others].map(String));
    if (![...levels].some((level) => texts.has(String(level)))) return axis;
  }
  return null;
}

export function isColumn({ decided }: ResultAxes, axis: string): boolean {
  return decided.some(({ name, isColumn: column }) => name === axis && column);
}

/** Reports A2013 unless the value has the axis. */
export function checkAxis(cx: { readonly report: (d: Diagnostic) => void }, axis: Name, of: ResultAxes): boolean {
  if (of.axes.has(axis.text) || !of.complete) return true;
  const valid = [...of.axes.keys()];
  const suggestions = nearestNames(axis.text, valid);
  reportError(
    cx,
    "A2013",
    axis.span,
    { experiment: of.label, name: axis.text },
    {
      suggestions,
      hint: missingAxis(axis.text) ?? (valid.length === 0 ? "it has no axes" : `its axes are ${valid.join(", ")}`),
    },
  );
  return false;
}

/**
 * Reports A3021 for a reduction over a coordinate that follows from others which stay: there would be one value for each
 * of those, and nothing to reduce.
 */
export function checkReducible(
  cx: { readonly report: (d: Diagnostic) => void },
  axis: Name,
  over: readonly Name[],
  of: ResultAxes,
  operation: string,
): boolean {
  const decided = of.decided.find(({ name }) => name === axis.text);
  const deciding = decided?.of.filter((name) => of.axes.has(name)) ?? [];
  if (deciding.length === 0 || deciding.some((name) => over.some(({ text }) => text === name))) return true;
  const owner = deciding.at(-1) ?? "";
  const together = decided?.isColumn === true ? owner : `${axis.text}, ${owner}`;
  const hint = /^arg(?:max|min)$/.test(operation)
    ? `reduce ${owner} first, as in ${operation}(mean(… over ${owner}) over ${axis.text})`
    : `write \`over ${together}\` to take all of them together`;
  reportError(cx, "A3021", axis.span, { axis: axis.text, owner }, { hint });
  return false;
}

/**
 * Reports A2020 for coordinates that the axis does not have, which would select nothing: every name has to be there, and
 * of several numbers at least one.
 */
export function checkCoordinates(
  cx: { readonly report: (d: Diagnostic) => void },
  axis: string,
  among: readonly Coordinate[],
  at: Name["span"],
  of: ResultAxes,
): boolean {
  const levels = of.axes.get(axis) ?? null;
  if (levels === null || !of.complete) return true;
  // A column of a file holds text, which a number of the protocol means as well.
  const known = new Set([...levels].map(String));
  const missing = among.filter((value) => !known.has(String(value)));
  const bad =
    missing.find((value) => typeof value === "string") ?? (missing.length === among.length ? missing[0] : undefined);
  if (bad === undefined) return true;
  const shown = [...levels].map((value) =>
    typeof value === "string" && /^\d/.test(value) ? `"${value}"` : String(value),
  );
  const listed = shown.length <= 12 ? shown.join(", ") : `${shown.slice(0, 10).join(", ")}, … ${shown.at(-1) ?? ""}`;
  const suggestions = typeof bad === "string" ? nearestNames(bad, shown) : [];
  reportError(
    cx,
    "A2020",
    at,
    { axis, experiment: of.label, value: bad },
    { suggestions, hint: `it has ${listed === "" ? "nothing" : listed}` },
  );
  return false;
}
