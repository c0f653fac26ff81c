/** The samples that an expectation compares: against a number, in pairs where both sides have the same units, else independent. */
import { experimentsIn, type ResultExpression } from "../ir/result-expression.js";
import type { ResultSet } from "../ir/results.js";
import { evaluateResult } from "../results/evaluate.js";
import type { ResultArray } from "../results/result-array.js";
import type { Samples } from "../statistics/run-test.js";
import { pairingNote, samplesOfUnits } from "./samples.js";
import { behindMean, textsScope, type TextsScope } from "./spine.js";
import { unitAxesOf, unitsOf, type Units } from "./units.js";

/** What a test of one group compares, or why it compares nothing. */
export type Compared =
  | { readonly kind: "samples"; readonly samples: Samples; readonly unit: string; readonly notes: readonly string[] }
  | { readonly kind: "none"; readonly reason: string };

/** One side of the comparison: the values behind a mean, or what is written. */
export interface Side {
  readonly expression: ResultExpression;
  readonly array: ResultArray;
  readonly scope: TextsScope;
}

/** A mean of everything is seen through, so that the test has the values behind it. */
export function sideOf(
  expression: ResultExpression,
  by: readonly string[],
  results: ResultSet,
  note: (sentence: string) => void,
): Side {
  const scope = textsScope(expression, results);
  const array = evaluateResult(expression, results, note);
  const behind = array.axes.filter((axis) => !by.includes(axis)).length === 0 ? behindMean(expression) : null;
  return behind === null
    ? { expression, array, scope }
    : { expression: behind, array: evaluateResult(behind, results), scope: textsScope(behind, results) };
}

/** The samples of a group, of which each side has the part that belongs to it. */
export function samplesOf(left: Side, right: Side, by: readonly string[]): Compared {
  const numbers = [left, right].map(({ expression }) => experimentsIn(expression).length === 0);
  if (numbers.includes(true)) {
    const isLeft = numbers[1] === true;
    const measured = unitsOfSide(isLeft ? left : right, by);
    if (measured.kind === "none") return measured;
    const number = (isLeft ? right : left).array.cells[0]?.value ?? Number.NaN;
    const values = measured.units.values.map(({ value }) => value);
    const notes = notesOf([measured.units]);
    // A number on the left: mirrored, so that the sample is always the left side.
    const sample = isLeft ? values : values.map((value) => -value);
    const { unit } = measured.units;
    return { kind: "samples", samples: { kind: "one", sample, expected: isLeft ? number : -number }, unit, notes };
  }
  const [a, b] = [unitsOfSide(left, by), unitsOfSide(right, by)];
  if (a.kind === "none") return a;
  if (b.kind === "none") return b;
  if (a.units.unit !== b.units.unit) {
    return { kind: "none", reason: `the sides have different units (${a.units.unit} and ${b.units.unit})` };
  }
  const notes = notesOf([a.units, b.units]);
  const { unit } = a.units;
  const samples = samplesOfUnits(a.units.values, b.units.values);
  if (samples === null) {
    const reason = `some ${unit}s are on both sides and some on one only: they neither pair nor are independent`;
    return { kind: "none", reason };
  }
  const pairing = pairingNote(samples, unit);
  return { kind: "samples", samples, unit, notes: pairing === null ? notes : [...notes, pairing] };
}

function unitsOfSide(
  { array, scope }: Side,
  by: readonly string[],
): { readonly kind: "units"; readonly units: Units } | { readonly kind: "none"; readonly reason: string } {
  if (array.cells.length === 0) return { kind: "none", reason: "there are no values" };
  const axes = unitAxesOf(array, by);
  if (axes.kind === "none") return axes;
  const units = unitsOf(array, axes, scope);
  return units.reason === null ? { kind: "units", units } : { kind: "none", reason: units.reason };
}

function notesOf(units: readonly Units[]): readonly string[] {
  return units.flatMap(({ unit, averaged }) =>
    averaged === null ? [] : [`the value of a ${unit} is the mean over ${averaged}`],
  );
}
