/** `compare VALUE between AXIS a, b … using …`: every pair of levels, tested two-sided. */
import type { DecisionOutcome, TestedPart } from "../ir/decision-outcome.js";
import type { Decision, TestUse } from "../ir/decisions.js";
import type { Coordinate, ResultExpression } from "../ir/result-expression.js";
import { alsoRemoved } from "../ir/result-type.js";
import type { ResultSet } from "../ir/results.js";
import { evaluateResult } from "../results/evaluate.js";
import { filterCells, pickCoordinates, type ResultArray } from "../results/result-array.js";
import { entryOf } from "../base/entry.js";
import { effectSize, statisticalTest, type Samples } from "../statistics/table.js";
import { bootstrapExpressions } from "./bootstrap-of.js";
import { corrected, partOf, undecidedPart, type PartFrame } from "./parts.js";
import { textsScope } from "./spine.js";
import { unitAxesOf, unitsOf } from "./units.js";

type Compare = Extract<Decision, { kind: "compare" }>;

export function decideCompare(decision: Compare, results: ResultSet): DecisionOutcome {
  const { value, axis, levels, tests, correction, text: statement } = decision;
  const notes = new Set<string>();
  const array = evaluateResult(value.expression, results, (sentence) => notes.add(sentence));
  const axes = unitAxesOf(array, [axis]);
  const units = new Set<string>(axes.kind === "units" ? [axes.unit] : []);
  const pairs = levels.flatMap((left, i) => levels.slice(i + 1).map((right) => [left, right] as const));
  const parts = pairs.flatMap(([left, right]) =>
    tests.map((test): TestedPart => {
      const frame: PartFrame = { coordinates: {}, sides: [String(left), String(right)], n: [0, 0] };
      if (test.name === "bootstrap") {
        const { part, unit } = bootstrapPart(value.expression, axis, [left, right], results, frame, test);
        if (unit !== "") units.add(unit);
        return part;
      }
      if (axes.kind === "none") return undecidedPart(frame, test.name, axes.reason);
      const sides = [left, right].map((level) =>
        unitsOf(levelOf(array, axis, level), axes, textsScopeOf(value.expression, axis, level, results)),
      );
      for (const { unit, averaged } of sides) {
        if (averaged !== null) notes.add(`the value of a ${unit} is the mean over ${averaged}`);
      }
      const [a, b] = sides;
      const faulty = sides.find(({ reason }) => reason !== null)?.reason ?? null;
      const empty = sides.findIndex(({ values }) => values.length === 0);
      if (a === undefined || b === undefined || empty >= 0) {
        return undecidedPart(
          frame,
          test.name,
          `there are no values where ${axis} is ${String(empty === 0 ? left : right)}`,
        );
      }
      if (faulty !== null) return undecidedPart(frame, test.name, faulty);
      const samples = samplesOf(a.values, b.values);
      const counted: PartFrame = { ...frame, n: [a.values.length, b.values.length] };
      if (samples === null)
        return undecidedPart(counted, test.name, `some ${axes.unit}s are on both sides and some on one only`);
      if (samples.kind === "paired")
        notes.add(`both sides are of the same ${axes.unit}s, so values are compared in pairs`);
      return tested(samples, test, counted, axes.unit);
    }),
  );
  const corrections = correction ?? (pairs.length > 1 ? "holm" : null);
  if (pairs.length > 1) notes.add(`p-values are corrected for ${pairs.length} pairs (${corrections ?? ""})`);
  return {
    kind: "compare",
    statement,
    unit: [...units].join(" or "),
    parts: corrected(parts, corrections),
    notes: [...notes],
  };
}

function tested(samples: Samples, test: TestUse, frame: PartFrame, unit: string): TestedPart {
  const effect = effectSize(test.name, samples);
  if (effect !== null) return partOf(frame, test.name, effect);
  const draws = { count: test.count ?? 0, seed: test.seed ?? 0 };
  const outcome = statisticalTest(test.name).run?.(samples, "two-sided", draws) ?? null;
  if (outcome !== null) return partOf(frame, test.name, outcome);
  const reason =
    samples.kind === "paired"
      ? `${test.name} is for independent samples, and both sides are of the same ${unit}s: use paired_t or wilcoxon`
      : `${test.name} is for pairs, and the two sides have different ${unit}s: use welch_t or mann_whitney`;
  return undecidedPart(frame, test.name, reason);
}

/** Pairs where both sides have the same units, independent where they share none, null for anything between. */
function samplesOf(
  left: readonly { readonly key: string; readonly value: number }[],
  right: readonly { readonly key: string; readonly value: number }[],
): Samples | null {
  const other = new Map(right.map(({ key, value }) => [key, value]));
  const shared = left.filter(({ key }) => other.has(key));
  const values = (side: readonly { readonly value: number }[]): readonly number[] => side.map(({ value }) => value);
  if (shared.length === 0) return { kind: "independent", left: values(left), right: values(right) };
  if (shared.length < left.length || shared.length < right.length) return null;
  return { kind: "paired", left: values(left), right: left.map(({ key }) => other.get(key) ?? Number.NaN) };
}

/** The part of an array at one level, without the axis and what follows from it. */
export function levelOf(array: ResultArray, axis: string, level: Coordinate): ResultArray {
  const removed = new Set([axis]);
  const columns = array.decided.filter(({ isColumn }) => isColumn);
  const gone = new Set([axis, ...alsoRemoved(columns, removed)]);
  const axes = array.axes.filter((name) => !gone.has(name));
  const kept = filterCells(array, ({ coordinates }) => String(entryOf(coordinates, axis)) === String(level));
  return {
    axes,
    cells: kept.cells.map((cell) => ({ ...cell, coordinates: pickCoordinates(cell.coordinates, axes) })),
    decided: array.decided.filter(({ name }) => !gone.has(name)),
    ragged: array.ragged.filter((name) => !gone.has(name)),
  };
}

/** Prompt 3 of one set is not prompt 3 of another. */
function textsScopeOf(expression: ResultExpression, axis: string, level: Coordinate, results: ResultSet): string {
  const scope = textsScope(expression, results);
  return axis === "prompts" || axis === "group" ? `${scope} where ${axis} is ${String(level)}` : scope;
}

function bootstrapPart(
  expression: ResultExpression,
  axis: string,
  [left, right]: readonly [Coordinate, Coordinate],
  results: ResultSet,
  frame: PartFrame,
  { name, count, seed }: TestUse,
): { readonly part: TestedPart; readonly unit: string } {
  const side = (level: Coordinate): ResultExpression => ({
    kind: "reduce",
    operation: "mean",
    argument: { kind: "where", argument: expression, condition: { kind: "axis", axis, among: [level] } },
    over: null,
  });
  const { outcome, unit, units } = bootstrapExpressions(
    [side(left), side(right)],
    results,
    ([a, b]) => (a?.cells[0]?.value ?? Number.NaN) - (b?.cells[0]?.value ?? Number.NaN),
    { count: count ?? 0, seed: seed ?? 0 },
  );
  return { part: partOf({ ...frame, n: [units, units] }, name, outcome), unit };
}
