/** `compare VALUE between AXIS a, b … by … using …`: every pair of levels, tested two-sided. */
import type { DecisionOutcome, TestedPart } from "../ir/decision-outcome.js";
import type { Decision, TestUse } from "../ir/decisions.js";
import type { Coordinate, Coordinates, ResultExpression } from "../ir/result-expression.js";
import type { ResultSet } from "../ir/results.js";
import { evaluateResult } from "../results/evaluate.js";
import type { ResultArray } from "../results/result-array.js";
import { effectSize, runTest, type Samples } from "../statistics/run-test.js";
import { agreeing, groupsBy } from "./groups.js";
import { correctionOf, exactFloorNote, exchanges, familyOf, floorNote, small } from "./p-floor.js";
import { corrected, partOf, undecidedPart, type PartFrame } from "./parts.js";
import { bootstrapSamples, drawsOf, faultOfSamples, misfit, pairingNote, samplesOfUnits } from "./samples.js";
import { levelsInOrder } from "./series.js";
import { textsScope, type TextsScope } from "./spine.js";
import { unitAxesOf, unitsOf, type UnitAxes, type Units } from "./units.js";

type Compare = Extract<Decision, { kind: "compare" }>;

/** Pairs that a statement may have: the record holds each of them. */
const mostPairs = 5000;

/** What was measured at one level of the axis. */
interface Level {
  readonly level: Coordinate;
  readonly array: ResultArray;
  readonly scope: TextsScope;
}

export function decideCompare(decision: Compare, results: ResultSet): DecisionOutcome {
  const { value, axis, by, tests, text: statement } = decision;
  const notes = new Set<string>();
  const note = (sentence: string): void => void notes.add(sentence);
  const array = evaluateResult(value.expression, results, note);
  const axes = unitAxesOf(array, [axis, ...by]);
  const named = decision.levels ?? levelsInOrder(array, axis);
  const groups = groupsBy([array], by);
  const pairs = (named.length * (named.length - 1)) / 2;
  const comparisons = pairs * groups.length;
  const correction = correctionOf(decision.correction, comparisons);
  const fault = faultOfLevels(axis, named, comparisons);
  const levels = fault === null ? named.map((level) => levelOf(decision, level, results)) : [];
  const told: Told = { note, family: familyOf(correction, comparisons) };
  const made = groups.flatMap(({ coordinates }) =>
    levels.flatMap((left, i) =>
      levels
        .slice(i + 1)
        .flatMap((right) =>
          compared(decision, inGroup(left, coordinates, by), inGroup(right, coordinates, by), axes, coordinates, told),
        ),
    ),
  );
  const nothing: PartFrame = { coordinates: {}, sides: ["each level", "each other level"], n: [0, 0] };
  const parts =
    fault === null ? corrected(made, correction) : tests.map(({ name }) => undecidedPart(nothing, name, fault));
  if (comparisons > 1 && parts.some(({ pValue }) => pValue !== null)) {
    const several = groups.length > 1 ? ` in ${groups.length} groups` : "";
    note(`p-values are corrected for ${pairs} ${pairs === 1 ? "pair" : "pairs"}${several} (${correction ?? ""})`);
  }
  const floor = floorNote(parts, tests, correction, 2, small);
  if (floor !== null) note(floor);
  const unit = axes.kind === "units" ? axes.unit : "";
  return { kind: "compare", statement, unit, parts, notes: [...notes] };
}

/** What is said about all pairs. */
interface Told {
  readonly note: (sentence: string) => void;
  /** How many p-values each one is corrected for. */
  readonly family: number;
}

function faultOfLevels(axis: string, levels: readonly Coordinate[], pairs: number): string | null {
  if (levels.length === 0) return "there are no values";
  if (levels.length === 1) return `${axis} has a single level, ${String(levels[0])}`;
  return pairs > mostPairs
    ? `${axis} has ${levels.length} levels, and ${pairs} pairs are more than a statement may have (${mostPairs}): name some of them`
    : null;
}

function levelOf({ value, axis }: Compare, level: Coordinate, results: ResultSet): Level {
  const side: ResultExpression = {
    kind: "where",
    argument: value.expression,
    condition: { kind: "axis", axis, among: [level] },
  };
  return { level, array: evaluateResult(side, results), scope: textsScope(side, results) };
}

function inGroup(level: Level, coordinates: Coordinates, by: readonly string[]): Level {
  return { ...level, array: agreeing(level.array, coordinates, by) };
}

/** One pair of levels, a part for each test. */
function compared(
  { axis, tests }: Compare,
  left: Level,
  right: Level,
  axes: UnitAxes,
  coordinates: Coordinates,
  { note, family }: Told,
): readonly TestedPart[] {
  const frame: PartFrame = { coordinates, sides: [String(left.level), String(right.level)], n: [0, 0] };
  const undecided = (reason: string, n: PartFrame["n"] = [0, 0]): readonly TestedPart[] =>
    tests.map(({ name }) => undecidedPart({ ...frame, n }, name, reason));
  if (axes.kind === "none") return undecided(axes.reason);
  const { unit } = axes;
  const [a, b] = [left, right].map(({ array, scope }) => unitsOf(array, axes, scope)) as [Units, Units];
  const empty = a.values.length === 0 ? left : b.values.length === 0 ? right : null;
  if (empty !== null) return undecided(`there are no values where ${axis} is ${String(empty.level)}`);
  for (const { averaged } of [a, b]) {
    if (averaged !== null) note(`the value of a ${unit} is the mean over ${averaged}`);
  }
  const n = [a.values.length, b.values.length] as const;
  const faulty = a.reason ?? b.reason;
  if (faulty !== null) return undecided(faulty, n);
  const samples = samplesOfUnits(a.values, b.values);
  if (samples === null) return undecided(`some ${unit}s are on both sides and some on one only`, n);
  const fault = faultOfSamples(samples, unit);
  if (fault !== null) return undecided(fault, n);
  const pairing = samples.kind === "paired" ? pairingNote(samples, unit) : null;
  if (pairing !== null) note(pairing);
  return tests.map((test) => {
    const part = tested(samples, test, { ...frame, n }, unit);
    const floor = exactFloorNote(part, exchanges(samples, n), unit, family);
    if (floor !== null) note(floor);
    return part;
  });
}

function tested(samples: Samples, test: TestUse, frame: PartFrame, unit: string): TestedPart {
  const effect = effectSize(test.name, samples);
  if (effect !== null) return partOf(frame, test.name, effect);
  const draws = drawsOf(test);
  if (test.name === "bootstrap") return partOf(frame, test.name, bootstrapSamples(samples, draws));
  const outcome = runTest(test.name, samples, "two-sided", draws);
  if (outcome !== null) return partOf(frame, test.name, outcome);
  return undecidedPart(frame, test.name, misfit(samples, test.name, unit));
}
