/** Axes of expressions over results: what can be reduced, drawn and selected. */
import { nearestNames } from "../base/suggest.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Coordinate, ResultCondition, ResultExpression } from "../ir/protocol.js";
import type { Name } from "../syntax/ast.js";
import { reportError } from "./faults.js";
import type { ExperimentShape, ResultScope } from "./result-scope.js";

/** Experiments whose columns an expression reads. */
export function experimentsIn(expression: ResultExpression): readonly string[] {
  switch (expression.kind) {
    case "column":
      return [expression.experiment];
    case "number":
      return [];
    case "call":
    case "reduce":
    case "where":
      return experimentsIn(expression.argument);
    case "binary":
      return [...new Set([...experimentsIn(expression.left), ...experimentsIn(expression.right)])];
  }
}

/** The axes that a value has, with the coordinates of each where they are known. */
export interface ResultAxes {
  /** How messages call the value. */
  readonly label: string;
  readonly axes: ReadonlyMap<string, ReadonlySet<Coordinate> | null>;
  /** False when an experiment behind it is unsound: then nothing is said about its axes. */
  readonly complete: boolean;
}

const nothing: ResultAxes = { label: "a number", axes: new Map(), complete: true };

export function axesOfShape(shape: ExperimentShape): ResultAxes {
  return { label: shape.name, axes: shape.coordinates, complete: shape.complete };
}

/** Axes of an expression's value: reductions and `where axis is one` remove them, arithmetic joins them. */
export function axesOf(results: ResultScope, expression: ResultExpression): ResultAxes {
  switch (expression.kind) {
    case "number":
      return nothing;
    case "column": {
      const shape = results.experiments.get(expression.experiment);
      return shape === undefined ? nothing : axesOfShape(shape);
    }
    case "call":
      return axesOf(results, expression.argument);
    case "reduce": {
      const of = axesOf(results, expression.argument);
      const over = expression.over ?? [...of.axes.keys()];
      return without(of, over, `the ${expression.operation}`);
    }
    case "where":
      return without(axesOf(results, expression.argument), fixedAxes(expression.condition), "the selection");
    case "binary": {
      const left = axesOf(results, expression.left);
      const right = axesOf(results, expression.right);
      const labels = [left, right].filter((side) => side !== nothing).map((side) => side.label);
      return {
        label: [...new Set(labels)].join(" and "),
        axes: new Map([...left.axes, ...right.axes]),
        complete: left.complete && right.complete,
      };
    }
  }
}

function without(of: ResultAxes, removed: readonly string[], label: string): ResultAxes {
  const axes = new Map([...of.axes].filter(([axis]) => !removed.includes(axis)));
  return { label: removed.length === 0 ? of.label : `${label} of ${of.label}`, axes, complete: of.complete };
}

/** Axes that a condition fixes to one coordinate: selecting one element removes its axis. */
function fixedAxes(condition: ResultCondition): readonly string[] {
  if (condition.kind === "and") return condition.operands.flatMap(fixedAxes);
  return condition.kind === "axis" && condition.among.length === 1 ? [condition.axis] : [];
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
    { suggestions, hint: valid.length === 0 ? "it has no axes" : `its axes are ${valid.join(", ")}` },
  );
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
  const known = of.axes.get(axis) ?? null;
  if (known === null || !of.complete) return true;
  const missing = among.filter((value) => !known.has(value));
  const bad =
    missing.find((value) => typeof value === "string") ?? (missing.length === among.length ? missing[0] : undefined);
  if (bad === undefined) return true;
  const shown = [...known].map((value) =>
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
