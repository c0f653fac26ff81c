import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResultCondition, ResultExpression } from "../../src/compiler/ir/protocol.js";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { describeMean, isSigned } from "../../src/compiler/results/describe.js";
import { averagedAxes, averageOver, evaluateResult, levelsOf } from "../../src/compiler/results/evaluate.js";
import { emptyArray } from "../../src/compiler/results/result-array.js";
import { abs, column, resultsOf, row } from "./samples.js";

/** Two layers × two prompts with their unmodified model; the value is 10 · layer + prompt, the baseline 4. */
const rows: readonly ResultRow[] = [0, 1].flatMap((prompt) => [
  row("sweep", "m", { prompt, source: `file-${prompt}` }, 4, { unit: "nats" }),
  ...[1, 2].map((layer) =>
    row("sweep", "m", { prompt, source: `file-${prompt}`, layer }, 10 * layer + prompt, { baseline: 4, unit: "nats" }),
  ),
]);

/** Two prompt sets without an intervention: a is 1, 3 and b is 10, 20, 30. */
const sets: readonly ResultRow[] = [
  ...[1, 3].map((value, prompt) => row("dev", "m", { prompts: "a", prompt }, value)),
  ...[10, 20, 30].map((value, prompt) => row("dev", "m", { prompts: "b", prompt }, value)),
];

const value = column("sweep", "m");
const number = (of: number): ResultExpression => ({ kind: "number", value: of });
const binary = (
  operation: "+" | "-" | "*" | "/" | "^",
  left: ResultExpression,
  right: ResultExpression,
): ResultExpression => ({
  kind: "binary",
  operation,
  left,
  right,
});
const reduce = (
  operation: "mean" | "sum" | "max" | "min" | "std" | "var",
  argument: ResultExpression,
  over: readonly string[] | null = null,
): ResultExpression => ({ kind: "reduce", operation, argument, over });
const where = (argument: ResultExpression, condition: ResultCondition): ResultExpression => ({
  kind: "where",
  argument,
  condition,
});
const among = (axis: string, ...values: readonly (number | string)[]): ResultCondition => ({
  kind: "axis",
  axis,
  among: values,
});

const valuesOf = (expression: ResultExpression, of: readonly ResultRow[] = rows): readonly number[] =>
  evaluateResult(expression, resultsOf(of)).cells.map((cell) => cell.value);

const only = (expression: ResultExpression, of: readonly ResultRow[] = rows) => {
  const { axes, cells } = evaluateResult(expression, resultsOf(of));
  assert.deepEqual(axes, []);
  assert.equal(cells.length, 1);
  return { value: cells.at(0)?.value, reason: cells.at(0)?.reason };
};

test("columns leave out the unmodified model of an experiment with an intervention", () => {
  const array = evaluateResult(value, resultsOf(rows));
  assert.deepEqual(array.axes, ["prompt", "source", "layer"]);
  assert.deepEqual(array.decided, [{ name: "source", of: ["prompt"], isColumn: true }]);
  assert.deepEqual(valuesOf(value), [10, 20, 11, 21]);
  assert.deepEqual(valuesOf(column("sweep", "m", "baseline")), [4, 4, 4, 4]);
  assert.deepEqual(valuesOf(column("sweep", "m", "impact")), [6, 16, 7, 17]);
  assert.deepEqual(valuesOf(column("sweep", "m", "relative")), [1.5, 4, 1.75, 4.25]);
});

test("columns of an experiment without an intervention are what there is", () => {
  assert.deepEqual(valuesOf(column("dev", "m"), sets), [1, 3, 10, 20, 30]);
  assert.deepEqual(valuesOf(column("dev", "m", "impact"), sets), []);
  assert.deepEqual(valuesOf(column("nowhere", "m"), sets), []);
});

test("functions and arithmetic work cell by cell", () => {
  assert.deepEqual(valuesOf(binary("-", number(15), value)), [5, -5, 4, -6]);
  assert.deepEqual(valuesOf(abs(binary("-", number(15), value))), [5, 5, 4, 6]);
  assert.deepEqual(
    valuesOf({ kind: "call", operation: "sqrt", argument: binary("^", value, number(2)) }),
    [10, 20, 11, 21],
  );
  assert.equal(
    only({ kind: "call", operation: "log", argument: { kind: "call", operation: "exp", argument: number(2) } }).value,
    2,
  );
});

test("arrays align on shared axes and repeat along the others", () => {
  const perLayer = reduce("mean", value, ["prompt"]);
  const difference = evaluateResult(binary("-", value, perLayer), resultsOf(rows));
  assert.deepEqual(difference.axes, ["prompt", "source", "layer"]);
  assert.deepEqual(
    difference.cells.map((cell) => cell.value),
    [-0.5, -0.5, 0.5, 0.5],
  );
  const outer = evaluateResult(binary("+", perLayer, reduce("max", value, ["layer"])), resultsOf(rows));
  assert.deepEqual(outer.axes, ["layer", "prompt", "source"]);
  assert.deepEqual(
    outer.cells.map((cell) => cell.value),
    [30.5, 31.5, 40.5, 41.5],
  );
});

test("reductions over prompts take the fields of the prompt file with them", () => {
  const array = evaluateResult(reduce("mean", value, ["prompt"]), resultsOf(rows));
  assert.deepEqual(array.axes, ["layer"]);
  assert.deepEqual(array.cells, [
    { coordinates: { layer: 1 }, value: 10.5, reason: null },
    { coordinates: { layer: 2 }, value: 20.5, reason: null },
  ]);
});

test("reductions over everything give one number", () => {
  assert.equal(only(reduce("sum", value)).value, 62);
  assert.equal(only(reduce("max", value)).value, 21);
  assert.equal(only(reduce("min", value)).value, 10);
  // numpy.var and numpy.std of [10, 20, 30].
  assert.equal(only(reduce("var", column("dev", "m")), sets.slice(2)).value, 66.66666666666667);
  assert.equal(only(reduce("std", column("dev", "m")), sets.slice(2)).value, 8.16496580927726);
});

test("where with one value selects and removes the axis, so that two selections can be subtracted", () => {
  const mean = (set: string): ResultExpression =>
    reduce("mean", where(column("dev", "m"), among("prompts", set)), ["prompt"]);
  assert.deepEqual(only(binary("-", mean("b"), mean("a")), sets), { value: 18, reason: null });
});

test("where with several values keeps the axis", () => {
  const array = evaluateResult(where(value, among("layer", 2, 3)), resultsOf(rows));
  assert.deepEqual(array.axes, ["prompt", "source", "layer"]);
  assert.deepEqual(
    array.cells.map((cell) => cell.value),
    [20, 21],
  );
});

test("where compares, with and, or, not; a NaN leaves a comparison undecided", () => {
  const above = (limit: number): ResultCondition => ({
    kind: "compare",
    operation: ">",
    left: value,
    right: number(limit),
  });
  assert.deepEqual(valuesOf(where(value, above(10))), [20, 11, 21]);
  assert.deepEqual(valuesOf(where(value, { kind: "not", operand: above(10) })), [10]);
  assert.deepEqual(valuesOf(where(value, { kind: "and", operands: [above(10), among("layer", 1, 9)] })), [11]);
  assert.deepEqual(valuesOf(where(value, { kind: "or", operands: [above(20), among("prompt", 0, 9)] })), [10, 20, 21]);
  const broken = [
    ...rows,
    row("sweep", "m", { prompt: 2, source: "file-2", layer: 1 }, NaN, { baseline: 4, reason: "log of 0" }),
  ];
  assert.deepEqual(valuesOf(where(value, above(10)), broken), [20, 11, 21]);
  assert.deepEqual(valuesOf(where(value, { kind: "not", operand: above(10) }), broken), [10]);
});

test("NaN always has a reason and always propagates", () => {
  const broken = [
    ...rows,
    row("sweep", "m", { prompt: 2, source: "file-2", layer: 1 }, NaN, { baseline: 4, reason: "log of 0" }),
  ];
  const means = evaluateResult(reduce("mean", value, ["prompt"]), resultsOf(broken)).cells;
  assert.deepEqual(means, [
    { coordinates: { layer: 1 }, value: NaN, reason: "1 of 3 values is NaN: log of 0" },
    { coordinates: { layer: 2 }, value: 20.5, reason: null },
  ]);
  assert.deepEqual(only(binary("/", number(1), number(0))), { value: NaN, reason: "division by 0" });
  assert.deepEqual(only(binary("+", number(1), binary("/", number(1), number(0)))), {
    value: NaN,
    reason: "division by 0",
  });
  assert.deepEqual(only(binary("^", number(-2), number(0.5))), {
    value: NaN,
    reason: "fractional power of a negative number",
  });
  assert.deepEqual(only(binary("^", number(0), number(-1))), { value: NaN, reason: "negative power of 0" });
  assert.deepEqual(only({ kind: "call", operation: "log", argument: number(0) }), { value: NaN, reason: "log of 0" });
  assert.deepEqual(only({ kind: "call", operation: "sqrt", argument: number(-1) }), {
    value: NaN,
    reason: "square root of a negative number",
  });
  // ddof 0: one value has no spread.
  assert.deepEqual(only(reduce("std", number(3))), { value: 0, reason: null });
  assert.deepEqual(only(reduce("mean", where(value, among("layer", 7, 8)))), {
    value: NaN,
    reason: "mean over no values",
  });
  const zero = [row("z", "m", { layer: 0 }, 1, { baseline: 0 })];
  assert.equal(evaluateResult(column("z", "m", "relative"), resultsOf(zero)).cells.at(0)?.reason, "the baseline is 0");
});

test("averageOver keeps axes in the order given and says what it averaged", () => {
  const array = evaluateResult(value, resultsOf(rows));
  assert.deepEqual(
    averageOver(array, ["layer"]).cells.map((cell) => cell.value),
    [10.5, 20.5],
  );
  assert.deepEqual(averageOver(array, ["layer", "prompt", "source"]).axes, ["layer", "prompt", "source"]);
  assert.equal(describeMean(averagedAxes(array, ["layer"])), "mean over 2 prompts");
  assert.equal(describeMean(averagedAxes(array, [])), "mean over 2 prompts and 2 layers");
  assert.equal(
    describeMean(averagedAxes(evaluateResult(column("dev", "m"), resultsOf(sets)), ["prompts"])),
    "mean over 2–3 prompts",
  );
  assert.equal(averageOver({ ...emptyArray, axes: ["layer"] }, []).cells.length, 0);
});

test("levels are ascending numbers, or texts in the order of the protocol", () => {
  const shuffled = [3, 1, 2].map((layer) => row("x", "m", { layer, group: `g${layer}` }, 0));
  const array = evaluateResult(column("x", "m"), resultsOf(shuffled));
  assert.deepEqual(levelsOf(array, "layer"), [1, 2, 3]);
  assert.deepEqual(levelsOf(array, "group"), ["g3", "g1", "g2"]);
});

test("signs follow from the expression", () => {
  assert.equal(isSigned(column("sweep", "m", "impact")), true);
  assert.equal(isSigned(abs(column("sweep", "m", "impact"))), false);
  assert.equal(isSigned(reduce("mean", column("sweep", "m", "impact"))), true);
  assert.equal(isSigned(binary("/", value, number(2))), false);
  assert.equal(isSigned(binary("-", value, value)), true);
});
