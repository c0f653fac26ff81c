/** Conditions over results as tests: of coordinates, and of values that are compared. */
import { entryOf } from "../base/entry.js";
import type { Comparison, Coordinate, Coordinates, ResultCondition } from "../ir/result-expression.js";
import type { ResultArray } from "./result-array.js";

/** Every axis that a membership test of `condition` names. */
export function conditionAxes(condition: ResultCondition): readonly string[] {
  switch (condition.kind) {
    case "axis":
      return [condition.axis];
    case "compare":
    case "among":
      return [];
    case "not":
      return conditionAxes(condition.operand);
    case "and":
    case "or":
      return condition.operands.flatMap(conditionAxes);
  }
}

/** True when `condition` tests axes only, so that it can be applied before anything is averaged. */
export function isAxisCondition(condition: ResultCondition): boolean {
  switch (condition.kind) {
    case "axis":
      return true;
    case "compare":
    case "among":
      return false;
    case "not":
      return isAxisCondition(condition.operand);
    case "and":
    case "or":
      return condition.operands.every(isAxisCondition);
  }
}

/** Whether coordinates lie among those of a membership test; ones that lack the axis do not. */
export function isAt(coordinates: Coordinates, axis: string, among: ReadonlySet<string>): boolean {
  const coordinate = entryOf(coordinates, axis);
  return coordinate !== undefined && among.has(String(coordinate));
}

/** Coordinates by their texts, as which they agree. */
export function textsOf(among: readonly Coordinate[]): ReadonlySet<string> {
  return new Set(among.map(String));
}

/** What a comparison says of two numbers; null where a NaN leaves it undecided. */
export function compareNumbers(operation: Comparison, a: number, b: number): boolean | null {
  if (Number.isNaN(a) || Number.isNaN(b)) return null;
  if (operation === "is") return a === b;
  if (operation === "<") return a < b;
  if (operation === ">") return a > b;
  return operation === "<=" ? a <= b : a >= b;
}

/** Whether a value of `labels` (null: numbers) is one of several; null where it is NaN. */
export function isAmong(value: number, labels: readonly string[] | null, among: ReadonlySet<string>): boolean | null {
  if (Number.isNaN(value)) return null;
  return among.has(labels === null ? String(value) : (labels[value] ?? ""));
}

/** What several truths come to; null where those that are undecided could change it. */
export function joinTruths(kind: "and" | "or", truths: readonly (boolean | null)[]): boolean | null {
  // The value that settles it alone: false for `and`, true for `or`.
  const decisive = kind === "or";
  if (truths.includes(decisive)) return decisive;
  return truths.includes(null) ? null : !decisive;
}

/** The right side with its labels numbered as the left side's are; a label that the left lacks is −1. */
export function alignLabels(left: ResultArray, right: ResultArray): ResultArray {
  const { labels } = left;
  if (labels === null || right.labels === null) return right;
  const own = right.labels;
  const cells = right.cells.map((cell) =>
    Number.isNaN(cell.value) ? cell : { ...cell, value: labels.indexOf(own[cell.value] ?? "") },
  );
  return { ...right, cells, labels };
}
