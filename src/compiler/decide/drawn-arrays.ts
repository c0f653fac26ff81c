/** Expressions over results under resampling of texts: `results/evaluate.ts` with {@link DrawnValue}s for numbers. */
import type { Coordinates, ResultCondition, ResultExpression } from "../ir/result-expression.js";
import type { ResultSet } from "../ir/results.js";
import { columnArray } from "../results/columns.js";
import { applyBinary, applyFunction, evaluateResult, selectWhere } from "../results/evaluate.js";
import { joinArrays } from "../results/joins.js";
import {
  groupCells,
  renameAxes,
  reduceOver,
  scalar,
  type ResultArray,
  type ResultCell,
} from "../results/result-array.js";
import {
  constantValue,
  elementwise,
  reduceDrawn,
  type Budget,
  type DrawnReduction,
  type DrawnValue,
} from "./drawn-values.js";
import { reducerOf } from "../results/reductions.js";
import type { TextDraws } from "./text-draws.js";

/** An array under resampling: the value of a cell of `array` is the index of its number in `values`. */
export interface DrawnArray {
  readonly array: ResultArray;
  readonly values: readonly DrawnValue[];
}

export interface DrawnContext {
  readonly results: ResultSet;
  /** The number of the text that a row was measured on, by the row's coordinates. */
  readonly textAt: (coordinates: Coordinates) => number | undefined;
  readonly draws: TextDraws;
  readonly budget: Budget;
}

const textAxes: ReadonlySet<string> = new Set(["prompt", "document"]);

/** null for what does not come apart into values of single texts: two texts put together place by place, for example. */
export function evaluateDrawn(expression: ResultExpression, cx: DrawnContext): DrawnArray | null {
  switch (expression.kind) {
    case "number":
      return { array: { ...scalar(0) }, values: [constantValue(expression.value)] };
    case "column": {
      const array = columnArray(cx.results, expression.experiment, expression.metric, expression.column);
      const texts = array.cells.map(({ coordinates }) => cx.textAt(coordinates));
      if (texts.includes(undefined)) return null;
      const values = array.cells.map(({ value }, i) => ({ ...constantValue(value), text: texts[i] ?? -1 }));
      return { array: indexed(array), values };
    }
    case "call": {
      const argument = evaluateDrawn(expression.argument, cx);
      if (argument === null) return null;
      const { operation } = expression;
      const apply = ([x]: readonly number[]): number => applyFunction(operation, cellOf(x)).value;
      const values = argument.values.map((value) => elementwise([value], apply, cx.draws, cx.budget));
      return sound(argument.array, values);
    }
    case "reduce": {
      const argument = evaluateDrawn(expression.argument, cx);
      const { operation } = expression;
      if (argument === null || operation === "count" || operation === "median") return null;
      return reduced(argument, operation, expression.over, cx);
    }
    case "rename": {
      const argument = evaluateDrawn(expression.argument, cx);
      return argument === null ? null : { ...argument, array: renameAxes(argument.array, expression) };
    }
    // These depend on the order of values, or on which of them there are: they are computed anew for each resample.
    case "quantile":
    case "argmax":
    case "rank":
    case "truth":
    case "choice":
      return null;
    case "binary": {
      const left = evaluateDrawn(expression.left, cx);
      const right = left === null ? null : evaluateDrawn(expression.right, cx);
      if (left === null || right === null) return null;
      const { operation } = expression;
      const apply = ([a, b]: readonly number[]): number => applyBinary(operation, cellOf(a), cellOf(b)).value;
      const values: (DrawnValue | null)[] = [];
      const array = joinArrays(left.array, right.array, (a, b) => {
        const [one, other] = [left.values[a.value], right.values[b.value]];
        const pair = one === undefined || other === undefined ? [] : [one, other];
        return { value: values.push(elementwise(pair, apply, cx.draws, cx.budget)) - 1, reason: null };
      });
      return sound(array, values);
    }
    case "where": {
      const argument = evaluateDrawn(expression.argument, cx);
      if (argument === null || !isSteady(expression.condition, argument.array, cx.results)) return null;
      const array = selectWhere(argument.array, expression.condition, cx.results);
      const isOneText = argument.array.axes.some((axis) => textAxes.has(axis) && !array.axes.includes(axis));
      // `where prompt is 3` names the text: it is given, not drawn.
      return isOneText
        ? { array, values: argument.values.map(({ value }) => constantValue(value)) }
        : { array, values: argument.values };
    }
  }
}

/** Reduces over axes (null: all); null where values of several texts come together and still count as one text's. */
function reduced(
  { array, values }: DrawnArray,
  operation: DrawnReduction,
  over: readonly string[] | null,
  { draws, budget }: DrawnContext,
): DrawnArray | null {
  const numbers = array.cells.map((cell) => ({ ...cell, value: values[cell.value]?.value ?? Number.NaN }));
  const measured = reduceOver({ ...array, cells: numbers }, reducerOf(operation, false), over);
  const groups = [...groupCells(array.cells, measured.axes).values()];
  const ofTexts = measured.axes.some((axis) => textAxes.has(axis));
  const results = measured.cells.map(({ value }, i): DrawnValue | null => {
    const members = (groups[i] ?? []).flatMap((cell) => values[cell.value] ?? []);
    if (!ofTexts) return reduceDrawn(members, operation, value, draws, budget);
    const [first] = members;
    if (first === undefined || members.some(({ text }) => text !== first.text)) return null;
    // Within a text nothing is drawn.
    const within = members.map((member) => ({ ...member, text: -1 }));
    return { ...reduceDrawn(within, operation, value, draws, budget), text: first.text };
  });
  return sound(indexed(measured), results);
}

/** What a table or a figure shows of it: the means over all axes but these, as `averageOver` takes them. */
export function averageDrawn(drawn: DrawnArray, keepAxes: readonly string[], cx: DrawnContext): DrawnArray | null {
  const { array, values } = drawn;
  const kept = keepAxes.filter((axis) => array.axes.includes(axis));
  const dropped = array.axes.filter((axis) => !kept.includes(axis));
  if (dropped.length === 0 || array.cells.length === 0) return { array: { ...array, axes: kept }, values };
  return reduced({ array: { ...array, decided: [] }, values }, "mean", dropped, cx);
}

/** The array with the index of each cell for its value. */
function indexed(array: ResultArray): ResultArray {
  return { ...array, cells: array.cells.map((cell, i) => ({ ...cell, value: i, reason: null })) };
}

function sound(array: ResultArray, values: readonly (DrawnValue | null)[]): DrawnArray | null {
  const all = values.filter((value) => value !== null);
  return all.length === values.length ? { array, values: all } : null;
}

function cellOf(value: number | undefined): ResultCell {
  return { coordinates: {}, value: value ?? Number.NaN, reason: null };
}

/** Whether a condition holds for the same cells in every resample: tests of axes, and comparisons of what is not averaged. */
function isSteady(condition: ResultCondition, array: ResultArray, results: ResultSet): boolean {
  switch (condition.kind) {
    case "axis":
      return true;
    case "not":
      return isSteady(condition.operand, array, results);
    case "and":
    case "or":
      return condition.operands.every((operand) => isSteady(operand, array, results));
    case "among":
      return false;
    case "compare":
      return [condition.left, condition.right].every(
        (side) => isElementwise(side) && evaluateResult(side, results).axes.every((axis) => array.axes.includes(axis)),
      );
  }
}

function isElementwise(expression: ResultExpression): boolean {
  switch (expression.kind) {
    case "number":
    case "column":
      return true;
    case "call":
      return isElementwise(expression.argument);
    case "binary":
      return isElementwise(expression.left) && isElementwise(expression.right);
    default:
      return false;
  }
}
