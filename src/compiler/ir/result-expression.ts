/** Expressions over results (§8 and §9 of the language), already checked. */

import type { TensorType, Unit } from "./tensor-type.js";

/** A value of a sweep axis: a layer index, a head index, a group's name … */
export type Coordinate = number | string;

export type Coordinates = Readonly<Record<string, Coordinate>>;

export type ResultExpression =
  | {
      readonly kind: "column";
      readonly experiment: string;
      readonly metric: string;
      readonly column: "value" | "baseline" | "impact" | "relative";
    }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "call"; readonly operation: "abs" | "exp" | "log" | "sqrt"; readonly argument: ResultExpression }
  | {
      readonly kind: "reduce";
      readonly operation: "mean" | "sum" | "max" | "min" | "std" | "var";
      readonly argument: ResultExpression;
      /** null: over every axis. */
      readonly over: readonly string[] | null;
    }
  | {
      readonly kind: "binary";
      readonly operation: "+" | "-" | "*" | "/" | "^";
      readonly left: ResultExpression;
      readonly right: ResultExpression;
    }
  | { readonly kind: "where"; readonly argument: ResultExpression; readonly condition: ResultCondition };

export type ResultCondition =
  | { readonly kind: "axis"; readonly axis: string; readonly among: readonly Coordinate[] }
  | {
      readonly kind: "compare";
      readonly operation: "<" | ">" | "<=" | ">=";
      readonly left: ResultExpression;
      readonly right: ResultExpression;
    }
  | { readonly kind: "and" | "or"; readonly operands: readonly ResultCondition[] }
  | { readonly kind: "not"; readonly operand: ResultCondition };

/** Axes that a condition fixes, each with its one coordinate; where one is fixed twice, the first. */
export function fixedCoordinates(condition: ResultCondition): ReadonlyMap<string, Coordinate> {
  const fixed = new Map<string, Coordinate>();
  const look = (part: ResultCondition): void => {
    if (part.kind === "and") part.operands.forEach(look);
    if (part.kind !== "axis" || part.among.length !== 1 || fixed.has(part.axis)) return;
    for (const level of part.among) fixed.set(part.axis, level);
  };
  look(condition);
  return fixed;
}

/** The axes of {@link fixedCoordinates}: selecting one element removes its axis. */
export function fixedAxes(condition: ResultCondition): readonly string[] {
  return [...fixedCoordinates(condition).keys()];
}

/** A column of a table or a mark of a plot, with the text the user wrote for it and what its values are. */
export interface NamedResult {
  readonly label: string;
  readonly expression: ResultExpression;
  readonly unit: Unit;
  readonly element: TensorType["element"];
}

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
