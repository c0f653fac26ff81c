/** `correlate A with B`, `correlate A with AXIS`, `correlate A between AXIS, …`: whether values rise together. */
import { entryOf } from "../base/entry.js";
import { coordinateNumber } from "../ir/coordinate-number.js";
import type { DecisionOutcome } from "../ir/decision-outcome.js";
import type { CorrelatedWith, Decision } from "../ir/decisions.js";
import type { ResultSet } from "../ir/results.js";
import { evaluateResult, unmatchedText } from "../results/evaluate.js";
import {
  averagedAxes,
  averageOver,
  columnsOf,
  coordinateKey,
  levelsOf,
  type ResultArray,
} from "../results/result-array.js";
import { correlationMatrix } from "./correlation-matrix.js";
import { groupsBy } from "./groups.js";
import { correctionOf, familyOf, floorNote, small } from "./p-floor.js";
import { correlatedParts, pairedPlaces, type MadeParts, type PairedPlaces, type Told } from "./paired-places.js";
import { corrected } from "./parts.js";

type Correlate = Extract<Decision, { kind: "correlate" }>;

export function decideCorrelate(decision: Correlate, results: ResultSet): DecisionOutcome {
  const { right, tests, text: statement } = decision;
  const notes = new Set<string>();
  const note = (sentence: string): void => void notes.add(sentence);
  const units = new Set<string>();
  const made =
    right.kind === "levels"
      ? correlationMatrix(decision, right.axes, evaluateResult(decision.left.expression, results, note), units, note)
      : withOther(decision, right, results, units, note);
  if (right.kind === "levels") notePooled(made.array, [...right.axes, ...decision.by], note);
  const comparisons = made.parts.length / tests.length;
  const correction = correctionOf(decision.correction, comparisons);
  const parts = corrected(made.parts, correction);
  if (comparisons > 1 && parts.some(({ pValue }) => pValue !== null))
    note(`p-values are corrected for ${made.family} (${correction ?? ""})`);
  const floor = floorNote(parts, tests, correction, 2, small);
  if (floor !== null) note(floor);
  return {
    kind: "correlate",
    statement,
    unit: [...units].join(" or "),
    between: right.kind === "levels" ? right.axes : [],
    parts,
    notes: [...notes],
  };
}

/** With another value, or with the numbers of an axis. */
function withOther(
  { left, by, tests, correction }: Correlate,
  right: Exclude<CorrelatedWith, { kind: "levels" }>,
  results: ResultSet,
  units: Set<string>,
  note: (sentence: string) => void,
): MadeParts {
  const values = evaluateResult(left.expression, results, note);
  const places =
    right.kind === "axis"
      ? withNumbers(values, right.axis)
      : withValue(values, evaluateResult(right.value.expression, results, note), by, note);
  notePooled(places.left, [...by, ...(right.kind === "axis" ? variesAlong(values, right.axis) : [])], note);
  const label = right.kind === "axis" ? right.axis : right.value.label;
  const groups = groupsBy([places.left, places.right], by);
  const correlations = groups.length;
  const told: Told = {
    note,
    units,
    correlations,
    family: familyOf(correctionOf(correction, correlations), correlations),
  };
  const parts = groups.flatMap(({ coordinates, arrays: [a = places.left, b = places.right] }) =>
    correlatedParts({ left: a, right: b }, tests, { coordinates, sides: [left.label, label] }, by, told),
  );
  if (right.kind === "axis") noteTrend(right.axis, units, note);
  return { parts, family: `${groups.length} groups`, array: places.left };
}

/** Both values at the places that both have. */
function withValue(
  left: ResultArray,
  right: ResultArray,
  by: readonly string[],
  note: (sentence: string) => void,
): PairedPlaces {
  const [a, b] = sameAxes(left, right, by, note);
  return pairedPlaces(a, b, (unmatched) => {
    note(unmatchedText(unmatched));
  });
}

/** Beside each value the number of its place on the axis. */
function withNumbers(left: ResultArray, axis: string): PairedPlaces {
  const cells = left.cells.map((cell) => {
    const level = entryOf(cell.coordinates, axis);
    const value = level === undefined ? Number.NaN : coordinateNumber(level);
    const reason = level === undefined ? `a place has no ${axis}` : `${axis} ${String(level)} is not a number`;
    return { ...cell, value, reason: Number.isNaN(value) ? reason : null };
  });
  return { left, right: { ...left, cells } };
}

function noteTrend(axis: string, units: ReadonlySet<string>, note: (sentence: string) => void): void {
  if ([...units].some((unit) => unit === "prompt" || unit === "document")) {
    note(`the interval is over texts: the levels of ${axis} are taken as they are`);
  } else {
    note(`places are taken as independent; neighbours along ${axis} are often alike, and p is then too small`);
  }
}

/** Axes of models and sets: places that differ in one of them are of unlike things. */
const unlike = ["model", "revision", "dtype", "prompts"];

function notePooled(array: ResultArray, meant: readonly string[], note: (sentence: string) => void): void {
  // Groups of texts are told apart by their texts, unless these were averaged.
  const isOfTexts = array.axes.includes("prompt") || array.axes.includes("document");
  const kept = isOfTexts ? unlike : [...unlike, "group"];
  for (const axis of kept.filter((name) => array.axes.includes(name) && !meant.includes(name))) {
    const levels = levelsOf(array, axis).length;
    if (levels > 1) note(`places of ${levels} levels of ${axis} are put together; \`by ${axis}\` keeps them apart`);
  }
}

/** The axis itself; for a column those axes along which it changes: `params` along model. */
function variesAlong(array: ResultArray, axis: string): readonly string[] {
  if (!columnsOf(array).has(axis)) return [axis];
  const deciding = array.decided.find(({ name }) => name === axis)?.of ?? [];
  return deciding.filter((along) => {
    const values = levelsOf(array, along).map((level) => {
      const own = array.cells.filter(({ coordinates }) => String(entryOf(coordinates, along)) === String(level));
      return [...new Set(own.map(({ coordinates }) => coordinateKey(coordinates, [axis])))].sort().join();
    });
    return new Set(values).size > 1;
  });
}

/**
 * Both sides averaged to the axes that they share: a value that is repeated along an axis of the other side is one value,
 * not many. Along the axes of `by` it is repeated, once in each group.
 */
function sameAxes(
  left: ResultArray,
  right: ResultArray,
  by: readonly string[],
  note: (sentence: string) => void,
): readonly [ResultArray, ResultArray] {
  const both = left.axes.filter((axis) => right.axes.includes(axis));
  return [left, right].map((array) => {
    const shared = [...new Set([...both, ...by.filter((axis) => array.axes.includes(axis))])];
    const averaged = averagedAxes(array, shared).map(({ axis }) => axis);
    if (averaged.length > 0) note(`one side has no ${averaged.join(", ")}: the other is averaged over it`);
    return averaged.length > 0 ? averageOver(array, shared) : array;
  }) as [ResultArray, ResultArray];
}
