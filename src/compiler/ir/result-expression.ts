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
      readonly operation: Reduction;
      readonly argument: ResultExpression;
      /** null: over every axis. */
      readonly over: readonly string[] | null;
    }
  | {
      readonly kind: "quantile";
      /** From 0, the smallest value, to 1, the largest. */
      readonly level: number;
      readonly argument: ResultExpression;
      /** null: over every axis. */
      readonly over: readonly string[] | null;
    }
  /** The coordinate on the axis `over` at which the argument is largest or smallest. */
  | {
      readonly kind: "argmax";
      readonly which: "largest" | "smallest";
      readonly argument: ResultExpression;
      readonly over: string;
    }
  /** The place of each value among those that differ from it in the axes `over` alone: 1 is the largest. */
  | { readonly kind: "rank"; readonly argument: ResultExpression; readonly over: readonly string[] }
  /** The same values with the axes `from` under the name `to`: one axis as it is, several as places (`L0.H1`). */
  | {
      readonly kind: "rename";
      readonly argument: ResultExpression;
      readonly from: readonly string[];
      readonly to: string;
    }
  | {
      readonly kind: "binary";
      readonly operation: BinaryOperation;
      readonly left: ResultExpression;
      readonly right: ResultExpression;
    }
  /** 1 where the condition holds, 0 where it does not. It compares values, not axes alone, so that it has places. */
  | { readonly kind: "truth"; readonly condition: ResultCondition }
  | { readonly kind: "where"; readonly argument: ResultExpression; readonly condition: ResultCondition }
  /** `yes` where the condition holds, `no` elsewhere, place by place. */
  | {
      readonly kind: "choice";
      readonly condition: ResultCondition;
      readonly yes: ResultExpression;
      readonly no: ResultExpression;
    };

/**
 * What makes one value of many. `std` and `var` divide by n (ddof 0, as in NumPy), like the operations of the same name in
 * the measurement language.
 */
export type Reduction = "mean" | "sum" | "max" | "min" | "std" | "var" | "count" | "median";

/** What is computed of two values; `max` and `min` are the larger and the smaller one. */
export type BinaryOperation = "+" | "-" | "*" | "/" | "^" | "max" | "min";

export type Comparison = "<" | ">" | "<=" | ">=" | "is";

export type ResultCondition =
  | { readonly kind: "axis"; readonly axis: string; readonly among: readonly Coordinate[] }
  | {
      readonly kind: "compare";
      readonly operation: Comparison;
      readonly left: ResultExpression;
      readonly right: ResultExpression;
    }
  /** Whether a value is one of several: numbers, or the names that `argmax` gives. */
  | { readonly kind: "among"; readonly value: ResultExpression; readonly among: readonly Coordinate[] }
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

/** Experiments whose columns an expression reads; what the condition of a `where` reads beside is left out. */
export function experimentsIn(expression: ResultExpression): readonly string[] {
  switch (expression.kind) {
    case "column":
      return [expression.experiment];
    case "number":
      return [];
    case "call":
    case "reduce":
    case "quantile":
    case "argmax":
    case "rank":
    case "rename":
    case "where":
      return experimentsIn(expression.argument);
    case "binary":
      return [...new Set([...experimentsIn(expression.left), ...experimentsIn(expression.right)])];
    case "truth":
      return [...new Set(comparedIn(expression.condition).flatMap(experimentsIn))];
    case "choice":
      return [...new Set(choiceParts(expression).flatMap(experimentsIn))];
  }
}

/** Every experiment that an evaluation looks at, those in the conditions of `where` among them. */
export function experimentsRead(expression: ResultExpression): readonly string[] {
  switch (expression.kind) {
    case "column":
    case "number":
      return experimentsIn(expression);
    case "call":
    case "reduce":
    case "quantile":
    case "argmax":
    case "rank":
    case "rename":
      return experimentsRead(expression.argument);
    case "where":
      return [expression.argument, ...comparedIn(expression.condition)].flatMap(experimentsRead);
    case "binary":
      return [expression.left, expression.right].flatMap(experimentsRead);
    case "truth":
      return comparedIn(expression.condition).flatMap(experimentsRead);
    case "choice":
      return choiceParts(expression).flatMap(experimentsRead);
  }
}

/** The values that a choice reads: both branches, and what its condition compares. */
export function choiceParts(choice: Extract<ResultExpression, { kind: "choice" }>): readonly ResultExpression[] {
  return [choice.yes, choice.no, ...comparedIn(choice.condition)];
}

/** The values that a condition compares, in the order in which they are written. */
export function comparedIn(condition: ResultCondition): readonly ResultExpression[] {
  switch (condition.kind) {
    case "axis":
      return [];
    case "compare":
      return [condition.left, condition.right];
    case "among":
      return [condition.value];
    case "not":
      return comparedIn(condition.operand);
    case "and":
    case "or":
      return condition.operands.flatMap(comparedIn);
  }
}
