/** The samples that an expectation compares: against a number, in pairs where both sides have the same units, else independent. */
import type { ResultExpression } from "../ir/result-expression.js";
import { isConstant, type ResultSet } from "../ir/results.js";
import { evaluateResult, unmatchedText } from "../results/evaluate.js";
import { joinArrays } from "../results/joins.js";
import { type ResultArray } from "../results/result-array.js";
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
  /** A number or a published value, to which the values of the other side are compared one by one. */
  readonly isConstant: boolean;
}

/** A mean of everything is seen through, so that the test has the values behind it. */
export function sideOf(
  expression: ResultExpression,
  by: readonly string[],
  results: ResultSet,
  note: (sentence: string) => void,
): Side {
  const scope = textsScope(expression, results);
  const constant = isConstant(expression, (name) => results.types.get(name));
  const array = evaluateResult(expression, results, note);
  const behind =
    array.axes.filter((axis) => !by.includes(axis)).length === 0 && !constant ? behindMean(expression) : null;
  return behind === null
    ? { expression, array, scope, isConstant: constant }
    : {
        expression: behind,
        array: evaluateResult(behind, results),
        scope: textsScope(behind, results),
        isConstant: false,
      };
}

/** The samples of a group, of which each side has the part that belongs to it. */
export function samplesOf(left: Side, right: Side, by: readonly string[]): Compared {
  const constants = [left, right].map(({ isConstant }) => isConstant);
  if (constants.includes(true)) {
    const isLeft = constants[1] === true;
    const joined = joinedDifference(isLeft ? left : right, isLeft ? right : left, isLeft ? 1 : -1, by);
    if (joined !== null) return joined;
    const measured = unitsOfSide(isLeft ? left : right, by);
    if (measured.kind === "none") return measured;
    const { cells } = (isLeft ? right : left).array;
    const [only] = cells;
    if (only === undefined) return { kind: "none", reason: "there is no published value to compare with" };
    if (cells.length > 1) {
      return { kind: "none", reason: `there are ${cells.length} published values: select one with \`where\`` };
    }
    const number = only.value;
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

/**
 * Published values of several models beside measured ones: each model is compared with its own value. Null where there is one
 * published value for all.
 * @param sign −1 where the published values stand on the left: the sample is always the left side less the right one.
 */
function joinedDifference(measured: Side, published: Side, sign: 1 | -1, by: readonly string[]): Compared | null {
  const shared = published.array.axes.filter((axis) => !by.includes(axis) && measured.array.axes.includes(axis));
  if (shared.length === 0) return null;
  const notes: string[] = [];
  const array = joinArrays(
    measured.array,
    published.array,
    (one, other) => ({ value: one.value - other.value, reason: one.reason ?? other.reason }),
    (unmatched) => notes.push(unmatchedText(unmatched)),
  );
  if (array.cells.length === 0) return { kind: "none", reason: `no ${shared.join(", ")} has a published value` };
  const found = unitsOfSide({ ...measured, array }, by);
  if (found.kind === "none") return found;
  const told = `measured values are compared with the published ones of the same ${shared.join(", ")}`;
  const sample = found.units.values.map(({ value }) => sign * value);
  const samples: Samples = { kind: "one", sample, expected: 0 };
  return { kind: "samples", samples, unit: found.units.unit, notes: [...notesOf([found.units]), ...notes, told] };
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
