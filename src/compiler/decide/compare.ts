/** `compare VALUE between AXIS a, b … using …`: every pair of levels, tested two-sided. */
import type { DecisionOutcome, TestedPart } from "../ir/decision-outcome.js";
import type { Decision, TestUse } from "../ir/decisions.js";
import type { Coordinate } from "../ir/result-expression.js";
import { alsoRemoved } from "../ir/result-type.js";
import type { ResultSet } from "../ir/results.js";
import { evaluateResult } from "../results/evaluate.js";
import { filterCells, pickCoordinates, type ResultArray } from "../results/result-array.js";
import { entryOf } from "../base/entry.js";
import { effectSize, runTest, type Samples } from "../statistics/run-test.js";
import { corrected, partOf, undecidedPart, type PartFrame } from "./parts.js";
import { bootstrapSamples, faultOfSamples, misfit, samplesOfUnits } from "./samples.js";
import { textsScope, type TextsScope } from "./spine.js";
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
      if (axes.kind === "none") return undecidedPart(frame, test.name, axes.reason);
      const { unit } = axes;
      const sides = [left, right].map((level) =>
        unitsOf(levelOf(array, axis, level), axes, scopeAt(textsScope(value.expression, results), axis, level)),
      );
      const [a, b] = sides;
      const empty = sides.findIndex(({ values }) => values.length === 0);
      if (a === undefined || b === undefined || empty >= 0) {
        return undecidedPart(
          frame,
          test.name,
          `there are no values where ${axis} is ${String(empty === 0 ? left : right)}`,
        );
      }
      for (const { averaged } of sides) {
        if (averaged !== null) notes.add(`the value of a ${unit} is the mean over ${averaged}`);
      }
      const samples = samplesOfUnits(a.values, b.values);
      const counted: PartFrame = { ...frame, n: [a.values.length, b.values.length] };
      const faulty = sides.find(({ reason }) => reason !== null)?.reason ?? null;
      if (faulty !== null) return undecidedPart(counted, test.name, faulty);
      if (samples === null)
        return undecidedPart(counted, test.name, `some ${unit}s are on both sides and some on one only`);
      const fault = faultOfSamples(samples, unit);
      if (fault !== null) return undecidedPart(counted, test.name, fault);
      if (samples.kind === "paired") notes.add(`both sides are of the same ${unit}s, so values are compared in pairs`);
      return tested(samples, test, counted, unit);
    }),
  );
  const corrections = correction ?? (pairs.length > 1 ? "holm" : null);
  if (pairs.length > 1 && parts.some(({ pValue }) => pValue !== null))
    notes.add(`p-values are corrected for ${pairs.length} pairs (${corrections ?? ""})`);
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
  if (test.name === "bootstrap") return partOf(frame, test.name, bootstrapSamples(samples, draws.count, draws.seed));
  const outcome = runTest(test.name, samples, "two-sided", draws);
  if (outcome !== null) return partOf(frame, test.name, outcome);
  return undecidedPart(frame, test.name, misfit(samples, test.name, unit));
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

/** The texts at one level, where the level says which they are. */
function scopeAt(scope: TextsScope, axis: string, level: Coordinate): TextsScope {
  return axis === "prompts" || axis === "group" ? { ...scope, [axis]: String(level) } : scope;
}
