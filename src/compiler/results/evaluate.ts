/**
 * Expressions over results: arithmetic on named-axis arrays in float64. A NaN always carries a reason and always
 * propagates, through arithmetic and through reductions; a comparison with a NaN is undecided, and a cell is kept by
 * `where` only when its condition is decidedly true.
 */
import { entryOf } from "../base/entry.js";
import type { Coordinates, ResultCondition, ResultExpression } from "../ir/protocol.js";
import { fixedAxes } from "../ir/result-expression.js";
import { alsoRemoved } from "../ir/result-type.js";
import type { ResultSet } from "../ir/results.js";
import { columnArray } from "./columns.js";
import {
  averageOver,
  coordinateKey,
  filterCells,
  joinArrays,
  pickCoordinates,
  reduceOver,
  scalar,
  type ResultArray,
  type ResultCell,
  type Unmatched,
} from "./result-array.js";

export { averageOver, averagedAxes, levelsOf, type ResultArray, type ResultCell } from "./result-array.js";

/** What is done to an evaluated side of a comparison before it is averaged. */
type Restrict = (array: ResultArray) => ResultArray;

/** A test of one cell: true, false, or null where a NaN leaves it undecided. */
type CellTest = (coordinates: Coordinates) => boolean | null;

/** Takes a sentence about what an evaluation left out, for the reader of the result. */
export type OnNote = (sentence: string) => void;

const ignore: OnNote = () => undefined;

/**
 * The value of `expression` on the rows of a run. Arrays are aligned by axis name: shared axes are joined, the others
 * broadcast. A metric or experiment without rows gives an array without cells; nothing is thrown. `onNote` is told what
 * joins, selections and means leave out or mix.
 */
export function evaluateResult(expression: ResultExpression, results: ResultSet, onNote: OnNote = ignore): ResultArray {
  switch (expression.kind) {
    case "number":
      return scalar(expression.value);
    case "column":
      return columnArray(results, expression.experiment, expression.metric, expression.column);
    case "call": {
      const argument = evaluateResult(expression.argument, results, onNote);
      return { ...argument, cells: argument.cells.map((cell) => applyFunction(expression.operation, cell)) };
    }
    case "reduce":
      return reduceOver(
        evaluateResult(expression.argument, results, onNote),
        expression.operation,
        expression.over,
        onNote,
      );
    case "binary":
      return joinArrays(
        evaluateResult(expression.left, results, onNote),
        evaluateResult(expression.right, results, onNote),
        (left, right) => applyBinary(expression.operation, left, right),
        (unmatched) => onNote(unmatchedText(unmatched)),
      );
    case "where": {
      const argument = evaluateResult(expression.argument, results, onNote);
      const selected = selectWhere(argument, expression.condition, results);
      if (argument.cells.length > 0 && selected.cells.length === 0) {
        onNote(`the condition keeps none of ${argument.cells.length} values`);
      }
      return selected;
    }
  }
}

/** What a join left out, in words. */
export function unmatchedText({ shared, kept, left, right }: Unmatched): string {
  const on = shared.length === 0 ? "" : ` (joined by ${shared.join(", ")})`;
  if (kept === 0) return `the two sides have no place in common${on}: nothing is left`;
  const sides = [left > 0 ? `${left} on the left` : null, right > 0 ? `${right} on the right` : null];
  const places = sides.filter((side) => side !== null).join(" and ");
  return `left out, because the other side has no such place${on}: ${places}, beside ${kept} that are kept`;
}

/**
 * The cells of `array` for which `condition` is true; the axes stay as they are. Both sides of a comparison are
 * averaged to the axes of `array` first, so that it compares what the array itself holds. An axis that a cell lacks
 * makes a membership test false. `restrict` narrows the sides of comparisons before they are averaged, for a caller
 * that has already narrowed `array`.
 */
export function filterWhere(
  array: ResultArray,
  condition: ResultCondition,
  results: ResultSet,
  restrict: (array: ResultArray) => ResultArray = (side) => side,
): ResultArray {
  const test = prepareCondition(condition, array.axes, results, restrict);
  return filterCells(array, (cell) => test(cell.coordinates) === true);
}

/** Every axis that a membership test of `condition` names. */
export function conditionAxes(condition: ResultCondition): readonly string[] {
  switch (condition.kind) {
    case "axis":
      return [condition.axis];
    case "compare":
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
      return false;
    case "not":
      return isAxisCondition(condition.operand);
    case "and":
    case "or":
      return condition.operands.every(isAxisCondition);
  }
}

/**
 * `where` inside an expression. An axis that is fixed to one value is removed, as selecting one element removes an
 * axis: this is what lets `x where prompts is a` and `x where prompts is b` be subtracted from each other.
 */
export function selectWhere(array: ResultArray, condition: ResultCondition, results: ResultSet): ResultArray {
  const filtered = filterWhere(array, condition, results);
  const fixed = new Set(fixedAxes(condition));
  if (fixed.size === 0) return filtered;
  // With a prompt goes what follows from it, its group included.
  const removed = new Set([...fixed, ...alsoRemoved(filtered.decided, fixed)]);
  const axes = filtered.axes.filter((axis) => !removed.has(axis));
  return {
    axes,
    cells: filtered.cells.map((cell) => ({ ...cell, coordinates: pickCoordinates(cell.coordinates, axes) })),
    decided: filtered.decided.filter(({ name }) => !removed.has(name)),
    ragged: filtered.ragged.filter((axis) => !removed.has(axis)),
  };
}

function prepareCondition(
  condition: ResultCondition,
  axes: readonly string[],
  results: ResultSet,
  restrict: Restrict,
): CellTest {
  switch (condition.kind) {
    case "axis": {
      const among = new Set(condition.among.map(String));
      return (coordinates) => {
        const coordinate = entryOf(coordinates, condition.axis);
        return coordinate !== undefined && among.has(String(coordinate));
      };
    }
    case "compare":
      return prepareComparison(condition, axes, results, restrict);
    case "not": {
      const operand = prepareCondition(condition.operand, axes, results, restrict);
      return (coordinates) => {
        const truth = operand(coordinates);
        return truth === null ? null : !truth;
      };
    }
    case "and":
    case "or": {
      const operands = condition.operands.map((operand) => prepareCondition(operand, axes, results, restrict));
      // The value that settles the whole condition alone: false for `and`, true for `or`.
      const decisive = condition.kind === "or";
      return (coordinates) => {
        const truths = operands.map((operand) => operand(coordinates));
        if (truths.includes(decisive)) return decisive;
        return truths.includes(null) ? null : !decisive;
      };
    }
  }
}

function prepareComparison(
  condition: Extract<ResultCondition, { kind: "compare" }>,
  axes: readonly string[],
  results: ResultSet,
  restrict: Restrict,
): CellTest {
  const side = (expression: ResultExpression): ((coordinates: Coordinates) => number) => {
    const averaged = averageOver(restrict(evaluateResult(expression, results)), axes);
    const index = new Map(averaged.cells.map((cell) => [coordinateKey(cell.coordinates, averaged.axes), cell.value]));
    // A place that the other side does not have cannot be compared; NaN makes the comparison undecided.
    return (coordinates) => index.get(coordinateKey(coordinates, averaged.axes)) ?? NaN;
  };
  const left = side(condition.left);
  const right = side(condition.right);
  return (coordinates) => {
    const a = left(coordinates);
    const b = right(coordinates);
    if (Number.isNaN(a) || Number.isNaN(b)) return null;
    if (condition.operation === "<") return a < b;
    if (condition.operation === ">") return a > b;
    return condition.operation === "<=" ? a <= b : a >= b;
  };
}

/** A function of one value; a NaN keeps its reason. */
export function applyFunction(operation: "abs" | "exp" | "log" | "sqrt", cell: ResultCell): ResultCell {
  const x = cell.value;
  if (Number.isNaN(x)) return { ...cell, reason: cell.reason ?? "no reason recorded" };
  if (operation === "abs") return { ...cell, value: Math.abs(x) };
  if (operation === "exp") return { ...cell, value: Math.exp(x) };
  if (operation === "sqrt") {
    return x < 0
      ? { ...cell, value: NaN, reason: "square root of a negative number" }
      : { ...cell, value: Math.sqrt(x) };
  }
  if (x > 0) return { ...cell, value: Math.log(x) };
  return { ...cell, value: NaN, reason: x === 0 ? "log of 0" : "log of a negative number" };
}

/** Arithmetic of two values; a NaN of either keeps its reason. */
export function applyBinary(
  operation: "+" | "-" | "*" | "/" | "^",
  left: ResultCell,
  right: ResultCell,
): { readonly value: number; readonly reason: string | null } {
  const faulty = [left, right].filter((cell) => Number.isNaN(cell.value));
  if (faulty.length > 0) {
    const reasons = faulty.map((cell) => cell.reason ?? "no reason recorded");
    return { value: NaN, reason: [...new Set(reasons)].join("; ") };
  }
  const a = left.value;
  const b = right.value;
  if (operation === "/" && b === 0) return { value: NaN, reason: "division by 0" };
  if (operation === "^" && a === 0 && b < 0) return { value: NaN, reason: "negative power of 0" };
  if (operation === "^" && a < 0 && !Number.isInteger(b)) {
    return { value: NaN, reason: "fractional power of a negative number" };
  }
  const value = compute(operation, a, b);
  return { value, reason: Number.isNaN(value) ? "arithmetic on infinite values" : null };
}

function compute(operation: "+" | "-" | "*" | "/" | "^", a: number, b: number): number {
  if (operation === "+") return a + b;
  if (operation === "-") return a - b;
  if (operation === "*") return a * b;
  return operation === "/" ? a / b : a ** b;
}
