/**
 * Expressions over results: arithmetic on named-axis arrays in float64. A NaN always carries a reason and always
 * propagates, through arithmetic and through reductions; a comparison with a NaN is undecided, and a cell is kept by
 * `where` only when its condition is decidedly true.
 */
import type { BinaryOperation, Coordinates, ResultCondition, ResultExpression } from "../ir/protocol.js";
import { fixedAxes } from "../ir/result-expression.js";
import { alsoRemoved, metricOf } from "../ir/result-type.js";
import type { ResultSet } from "../ir/results.js";
import { columnArray } from "./columns.js";
import { columnsOfCells, keptCells, pickedColumns, withValues, type CellColumns } from "./cell-columns.js";
import { alignLabels, compareNumbers, isAmong, isAt, isAxisCondition, joinTruths, textsOf } from "./conditions.js";
import { argmaxOver, rankOver } from "./places.js";
import { quantileReducer, reducerOf } from "./reductions.js";
import type { CellValue } from "./result-cell.js";
import { joinArrays, type Unmatched } from "./joins.js";
import {
  agreeOver,
  averageOver,
  coordinateKey,
  filterCells,
  pickCoordinates,
  reduceOver,
  renameAxes,
  scalar,
  type ResultArray,
} from "./result-array.js";
import { choiceArray, truthArray } from "./truth.js";

export { conditionAxes, isAxisCondition } from "./conditions.js";
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
      const columns = columnsOfCells(argument.cells);
      const apply = (cell: CellValue): CellValue => applyFunction(expression.operation, cell);
      const cells =
        columns === null ? argument.cells.map((cell) => ({ ...cell, ...apply(cell) })) : withValues(columns, apply);
      return { ...argument, cells };
    }
    case "reduce": {
      const reducer = reducerOf(expression.operation, isTruth(expression.argument, results));
      return reduceOver(evaluateResult(expression.argument, results, onNote), reducer, expression.over, onNote);
    }
    case "quantile": {
      const argument = evaluateResult(expression.argument, results, onNote);
      return reduceOver(argument, quantileReducer(expression.level), expression.over, onNote);
    }
    case "argmax":
      return argmaxOver(
        evaluateResult(expression.argument, results, onNote),
        expression.which,
        expression.over,
        onNote,
      );
    case "rank":
      return rankOver(evaluateResult(expression.argument, results, onNote), expression.over, onNote);
    case "rename":
      return renameAxes(evaluateResult(expression.argument, results, onNote), expression);
    case "truth":
      return truthArray(
        {
          evaluate: (side) => evaluateResult(side, results, onNote),
          onUnmatched: (unmatched) => onNote(unmatchedText(unmatched)),
        },
        expression.condition,
      );
    case "choice":
      return choiceArray(
        {
          evaluate: (part) => evaluateResult(part, results, onNote),
          onUnmatched: (unmatched) => onNote(unmatchedText(unmatched)),
        },
        expression,
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

/** Whether values are truth values: those of a condition, or measured ones. */
function isTruth(expression: ResultExpression, results: ResultSet): boolean {
  switch (expression.kind) {
    case "truth":
      return true;
    case "rename":
    case "where":
      return isTruth(expression.argument, results);
    case "choice":
      return isTruth(expression.yes, results);
    case "column": {
      const type = results.types.get(expression.experiment);
      const isMeasured = expression.column === "value" || expression.column === "baseline";
      return isMeasured && type !== undefined && metricOf(type, expression.metric)?.element === "truth";
    }
    default:
      return false;
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
  const columns = columnsOfCells(array.cells);
  if (columns !== null && isAxisCondition(condition))
    return { ...array, cells: keptCells(columns, axisTestOf(columns, condition)) };
  const test = prepareCondition(condition, array.axes, results, restrict);
  return filterCells(array, (cell) => test(cell.coordinates) === true);
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
  const columns = columnsOfCells(filtered.cells);
  return {
    axes,
    cells:
      columns === null
        ? filtered.cells.map((cell) => ({ ...cell, coordinates: pickCoordinates(cell.coordinates, axes) }))
        : pickedColumns(columns, axes),
    decided: filtered.decided.filter(({ name }) => !removed.has(name)),
    ragged: filtered.ragged.filter((axis) => !removed.has(axis)),
    labels: filtered.labels,
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
      const among = textsOf(condition.among);
      return (coordinates) => isAt(coordinates, condition.axis, among);
    }
    case "compare": {
      const { operation } = condition;
      const [left, right] = [condition.left, condition.right].map((side) => restrict(evaluateResult(side, results)));
      if (left === undefined || right === undefined) return () => null;
      // Whether something is equal says nothing of a mean.
      const reduce = operation === "is" ? agreeing : averageOver;
      const [a, b] = [reduce(left, axes), reduce(alignLabels(left, right), axes)].map(valueFinder);
      return (coordinates) => compareNumbers(operation, a?.(coordinates) ?? NaN, b?.(coordinates) ?? NaN);
    }
    case "among": {
      const of = restrict(evaluateResult(condition.value, results));
      const among = textsOf(condition.among);
      const find = valueFinder(agreeing(of, axes));
      return (coordinates) => isAmong(find(coordinates), of.labels, among);
    }
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
      return (coordinates) =>
        joinTruths(
          condition.kind,
          operands.map((operand) => operand(coordinates)),
        );
    }
  }
}

/** A condition that tests axes only, as a test of cells by their codes. */
function axisTestOf(cells: CellColumns, condition: ResultCondition): (index: number) => boolean {
  switch (condition.kind) {
    case "axis": {
      const among = textsOf(condition.among);
      const { levels, codes } = cells.places.codesOn(condition.axis);
      const isAmongThem = levels.map((level) => among.has(String(level)));
      return (index) => isAmongThem[codes[index] ?? -1] === true;
    }
    case "not": {
      const operand = axisTestOf(cells, condition.operand);
      return (index) => !operand(index);
    }
    case "and":
    case "or": {
      const operands = condition.operands.map((operand) => axisTestOf(cells, operand));
      return condition.kind === "and"
        ? (index) => operands.every((operand) => operand(index))
        : (index) => operands.some((operand) => operand(index));
    }
    case "compare":
    case "among":
      throw new RangeError("axisTestOf: the condition compares values");
  }
}

function agreeing(array: ResultArray, axes: readonly string[]): ResultArray {
  return agreeOver(array, axes, "values");
}

/** The value at a place; NaN, which leaves a comparison undecided, where the array has no such place. */
function valueFinder({ axes, cells }: ResultArray): (coordinates: Coordinates) => number {
  const index = new Map(cells.map((cell) => [coordinateKey(cell.coordinates, axes), cell.value]));
  return (coordinates) => index.get(coordinateKey(coordinates, axes)) ?? NaN;
}

/** A function of one value; a NaN keeps its reason. */
export function applyFunction<T extends CellValue>(operation: "abs" | "exp" | "log" | "sqrt", cell: T): T {
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
export function applyBinary(operation: BinaryOperation, left: CellValue, right: CellValue): CellValue {
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

function compute(operation: BinaryOperation, a: number, b: number): number {
  switch (operation) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "^":
      return a ** b;
    case "max":
      return Math.max(a, b);
    case "min":
      return Math.min(a, b);
  }
}
