/** Conditions as values: 1 where they hold, 0 where they do not, NaN with a reason where a NaN leaves them undecided. */
import type { Coordinates, ResultCondition, ResultExpression } from "../ir/result-expression.js";
import { alignLabels, compareNumbers, isAmong, isAt, isAxisCondition, joinTruths, textsOf } from "./conditions.js";
import type { CellValue } from "./result-cell.js";
import { joinArrays, type Unmatched } from "./joins.js";
import { type ResultArray, type ResultCell } from "./result-array.js";

/** What evaluating a condition needs of the evaluation of its values. */
export interface TruthContext {
  readonly evaluate: (expression: ResultExpression) => ResultArray;
  readonly onUnmatched: (unmatched: Unmatched) => void;
}

/**
 * Truth values at the places where all the compared values are: sides are joined as arithmetic joins them, and tests of axes
 * look at the coordinates.
 *
 * @throws RangeError (a fault of ours) for a condition that tests axes alone, which has no places of its own.
 */
export function truthArray(cx: TruthContext, condition: ResultCondition): ResultArray {
  switch (condition.kind) {
    case "axis":
      throw new RangeError(`truthArray: a test of ${condition.axis} alone has no places`);
    case "compare": {
      const left = cx.evaluate(condition.left);
      const right = alignLabels(left, cx.evaluate(condition.right));
      const compare = (a: CellValue, b: CellValue): CellValue =>
        truthOf(compareNumbers(condition.operation, a.value, b.value), [a, b]);
      return joinArrays(left, right, compare, cx.onUnmatched);
    }
    case "among": {
      const of = cx.evaluate(condition.value);
      const among = textsOf(condition.among);
      return mapped(of, (cell) => truthOf(isAmong(cell.value, of.labels, among), [cell]));
    }
    case "not": {
      const operand = truthArray(cx, condition.operand);
      return mapped(operand, (cell) => (Number.isNaN(cell.value) ? cell : { value: 1 - cell.value, reason: null }));
    }
    case "and":
    case "or": {
      const { kind, operands } = condition;
      const [first, ...more] = operands.filter((operand) => !isAxisCondition(operand));
      if (first === undefined) throw new RangeError("truthArray: tests of axes alone have no places");
      const join = (a: CellValue, b: CellValue): CellValue => truthOf(joinTruths(kind, [heldBy(a), heldBy(b)]), [a, b]);
      const joined = more.reduce(
        (left, operand) => joinArrays(left, truthArray(cx, operand), join, cx.onUnmatched),
        truthArray(cx, first),
      );
      const tests = operands.filter(isAxisCondition).map(axisTest);
      if (tests.length === 0) return joined;
      return mapped(joined, (cell) => {
        const truths = tests.map((test) => test(cell.coordinates));
        return truthOf(joinTruths(kind, [heldBy(cell), ...truths]), [cell]);
      });
    }
  }
}

/**
 * `if … then … else …`: at each place the value of the branch that the condition takes there, with its reason where it is NaN;
 * what the other branch is there does not matter. NaN, with the condition's reason, where the condition is undecided.
 */
export function choiceArray(
  cx: TruthContext,
  { condition, yes, no }: Extract<ResultExpression, { kind: "choice" }>,
): ResultArray {
  const pairs: (readonly [CellValue, CellValue])[] = [];
  // Places of both branches, with numbers of pairs for values.
  const branches = joinArrays(
    cx.evaluate(yes),
    cx.evaluate(no),
    (a, b) => ({ value: pairs.push([a, b]) - 1, reason: null }),
    cx.onUnmatched,
  );
  const taken = (holds: boolean, pair: number): CellValue => {
    const cell = pairs[pair]?.[holds ? 0 : 1];
    if (cell === undefined) throw new RangeError(`choiceArray: there is no pair ${pair}`);
    return { value: cell.value, reason: cell.reason };
  };
  if (isAxisCondition(condition)) {
    const test = axisTest(condition);
    const cells = branches.cells.map((cell) => ({ ...cell, ...taken(test(cell.coordinates), cell.value) }));
    return { ...branches, cells };
  }
  const choose = (truth: CellValue, pair: CellValue): CellValue =>
    Number.isNaN(truth.value) ? { value: NaN, reason: truth.reason } : taken(truth.value === 1, pair.value);
  // Axes in the order of the branches, as arithmetic has them in that of its sides.
  return joinArrays(branches, truthArray(cx, condition), (pair, truth) => choose(truth, pair), cx.onUnmatched);
}

function mapped(array: ResultArray, value: (cell: ResultCell) => CellValue): ResultArray {
  const cells = array.cells.map((cell) => {
    const { value: truth, reason } = value(cell);
    return { coordinates: cell.coordinates, value: truth, reason };
  });
  return { ...array, cells, labels: null };
}

function heldBy({ value }: CellValue): boolean | null {
  return Number.isNaN(value) ? null : value === 1;
}

/** A truth as a number; undecided, with the reasons of the NaN among `cells`. */
function truthOf(truth: boolean | null, cells: readonly CellValue[]): CellValue {
  if (truth !== null) return { value: truth ? 1 : 0, reason: null };
  const reasons = cells.filter(({ value }) => Number.isNaN(value)).map(({ reason }) => reason ?? "no reason recorded");
  return { value: NaN, reason: [...new Set(reasons)].join("; ") };
}

/** A condition that tests axes only, as a test of coordinates. */
function axisTest(condition: ResultCondition): (coordinates: Coordinates) => boolean {
  switch (condition.kind) {
    case "axis": {
      const among = textsOf(condition.among);
      return (coordinates) => isAt(coordinates, condition.axis, among);
    }
    case "not": {
      const operand = axisTest(condition.operand);
      return (coordinates) => !operand(coordinates);
    }
    case "and":
    case "or": {
      const operands = condition.operands.map(axisTest);
      const holds = (coordinates: Coordinates) => (test: (coordinates: Coordinates) => boolean) => test(coordinates);
      return condition.kind === "and"
        ? (coordinates) => operands.every(holds(coordinates))
        : (coordinates) => operands.some(holds(coordinates));
    }
    case "compare":
    case "among":
      throw new RangeError("axisTest: the condition compares values");
  }
}
