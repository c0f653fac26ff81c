/** `hypothesis … expect LEFT < RIGHT by … using … alpha`: a direction stated before, and a verdict after. */
import type { DecisionOutcome, TestedPart, Verdict } from "../ir/decision-outcome.js";
import type { Decision, TestUse } from "../ir/decisions.js";
import { experimentsIn, type ResultExpression } from "../ir/result-expression.js";
import type { ResultSet } from "../ir/results.js";
import { evaluateResult } from "../results/evaluate.js";
import type { ResultArray } from "../results/result-array.js";
import type { Bootstrapped } from "../statistics/bootstrap.js";
import type { Alternative, Undecided } from "../statistics/outcome.js";
import { runTest, type Samples } from "../statistics/run-test.js";
import { bootstrapExpressions } from "./bootstrap-of.js";
import { agreeing, groupsBy } from "./groups.js";
import { corrected, partOf, undecidedPart, withDirection, type PartFrame } from "./parts.js";
import { bootstrapSamples, countsOf, drawsOf, faultOfSamples, misfit, pairingNote, samplesOfUnits } from "./samples.js";
import { behindMean, textsScope, type TextsScope } from "./spine.js";
import { unitAxesOf, unitsOf, type Units } from "./units.js";

type Hypothesis = Extract<Decision, { kind: "hypothesis" }>;

/** What a test of one group compares, or why it compares nothing. */
type Compared =
  | { readonly kind: "samples"; readonly samples: Samples; readonly unit: string; readonly notes: readonly string[] }
  | { readonly kind: "none"; readonly reason: string };

/** One side of the comparison: the values behind a mean, or what is written. */
interface Side {
  readonly expression: ResultExpression;
  readonly array: ResultArray;
  readonly scope: TextsScope;
}

export function decideHypothesis(decision: Hypothesis, results: ResultSet): DecisionOutcome {
  const { title, left, right, operation, by, tests, alpha, text: statement } = decision;
  const towards = operation === "<" || operation === "<=" ? "less" : "greater";
  const notes = new Set<string>();
  const note = (sentence: string): void => void notes.add(sentence);
  const sides = [left, right].map(({ expression }) => sideOf(expression, by, results, note));
  const units = new Set<string>();
  const made = groupsBy(
    sides.map(({ array }) => array),
    by,
  ).flatMap(({ coordinates, arrays }) => {
    const group = sides.map((side, i) => ({ ...side, array: arrays[i] ?? side.array }));
    const compared = samplesOf(group, by);
    const frame: PartFrame = { coordinates, sides: [left.label, right.label], n: [0, 0] };
    return tests.map((test): BothWays =>
      // What is no mean has no samples, but can be computed anew for drawn texts.
      test.name === "bootstrap" && compared.kind === "none"
        ? bootstrapPart(decision, results, frame, test, towards, units)
        : testPart(compared, frame, test, towards, units, note),
    );
  });
  const several = made.length > tests.length;
  const correction = several ? "holm" : null;
  const expected = corrected(
    made.map((both) => both.expected),
    correction,
  );
  const opposite = corrected(
    made.map((both) => both.opposite),
    correction,
  );
  if (several && expected.some(({ adjusted }) => adjusted !== null))
    note(`p-values are corrected for the ${made.length / tests.length} groups (Holm)`);
  note("p is one-sided, in the direction that was expected");
  const judged = expected.map((part, i) => ({ ...part, verdict: part.verdict ?? verdictOf(part, opposite[i], alpha) }));
  const verdict = overall(judged);
  return {
    kind: "hypothesis",
    statement,
    title,
    unit: [...units].join(" or "),
    parts: judged,
    alpha,
    verdict,
    reason: reasonOf(verdict, judged),
    notes: [...notes],
  };
}

/** The test in the direction that is expected and in the other one. */
interface BothWays {
  readonly expected: TestedPart;
  readonly opposite: TestedPart;
}

/** A mean of everything is seen through, so that the test has the values behind it. */
function sideOf(
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

function testPart(
  compared: Compared,
  frame: PartFrame,
  test: TestUse,
  alternative: "less" | "greater",
  units: Set<string>,
  note: (sentence: string) => void,
): BothWays {
  if (compared.kind === "none") return neitherWay(undecidedPart(frame, test.name, compared.reason));
  const { samples, unit } = compared;
  units.add(unit);
  const counted = { ...frame, n: countsOf(samples) };
  const fault = faultOfSamples(samples, unit);
  if (fault !== null) return neitherWay(undecidedPart(counted, test.name, fault));
  compared.notes.forEach(note);
  const draws = drawsOf(test);
  if (test.name === "bootstrap") return bothWays(counted, test, bootstrapSamples(samples, draws), alternative);
  const run = (towards: Alternative): TestedPart => {
    const outcome = runTest(test.name, samples, towards, draws);
    return outcome === null
      ? undecidedPart(counted, test.name, misfit(samples, test.name, unit))
      : partOf(counted, test.name, outcome);
  };
  return { expected: run(alternative), opposite: run(otherWay[alternative]) };
}

function neitherWay(part: TestedPart): BothWays {
  return { expected: part, opposite: part };
}

const otherWay = { less: "greater", greater: "less" } as const;

function bothWays(
  frame: PartFrame,
  { name }: TestUse,
  outcome: Bootstrapped | Undecided,
  alternative: "less" | "greater",
): BothWays {
  const part = partOf(frame, name, outcome);
  return {
    expected: withDirection(part, outcome, alternative),
    opposite: withDirection(part, outcome, otherWay[alternative]),
  };
}

/** The samples of a group: against a number, in pairs where both sides have the same units, else independent. */
function samplesOf(sides: readonly Side[], by: readonly string[]): Compared {
  const [left, right] = sides;
  if (left === undefined || right === undefined) return { kind: "none", reason: "a side is missing" };
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

/** A statistic that is no mean: it is computed anew for drawn texts. */
function bootstrapPart(
  { left, right, by }: Hypothesis,
  results: ResultSet,
  frame: PartFrame,
  test: TestUse,
  alternative: "less" | "greater",
  units: Set<string>,
): BothWays {
  if (by.some((axis) => axis === "prompt" || axis === "document")) {
    return neitherWay(undecidedPart(frame, test.name, "each group has one text, and there is nothing to draw"));
  }
  const ofGroup = (array: ResultArray): number => {
    const { cells } = agreeing(array, frame.coordinates, by);
    return cells.reduce((sum, { value }) => sum + value, 0) / cells.length;
  };
  const statistic = ([a, b]: readonly ResultArray[]): number =>
    a === undefined || b === undefined ? Number.NaN : ofGroup(a) - ofGroup(b);
  const drawn = bootstrapExpressions([left.expression, right.expression], results, statistic, drawsOf(test));
  if (drawn.unit !== "") units.add(drawn.unit);
  return bothWays({ ...frame, n: [drawn.units, 0] }, test, drawn.outcome, alternative);
}

function verdictOf(expected: TestedPart, opposite: TestedPart | undefined, alpha: number): Verdict {
  const p = (part: TestedPart | undefined): number => part?.adjusted ?? part?.pValue ?? Number.NaN;
  if (expected.reason !== null || Number.isNaN(p(expected))) return "UNDECIDED";
  if (p(expected) < alpha) return "CONFIRMED";
  return p(opposite) < alpha ? "REJECTED" : "NOT SIGNIFICANT";
}

/** Of all parts: what all say, PARTIAL where some confirm, and whatever speaks against it before what says nothing. */
function overall(parts: readonly TestedPart[]): Verdict {
  const verdicts = new Set(parts.map(({ verdict }) => verdict));
  const [only] = verdicts;
  if (verdicts.size === 0) return "UNDECIDED";
  if (verdicts.size === 1) return only ?? "UNDECIDED";
  if (verdicts.has("CONFIRMED")) return "PARTIAL";
  if (verdicts.has("REJECTED")) return "REJECTED";
  return "NOT SIGNIFICANT";
}

function reasonOf(verdict: Verdict, parts: readonly TestedPart[]): string {
  if (parts.length === 0) return "there are no values";
  const [first] = parts;
  if (verdict === "UNDECIDED") return first?.reason ?? "a test could not be made";
  if (parts.length === 1 || first === undefined) return "";
  const count = (which: Verdict): number => parts.filter((part) => part.verdict === which).length;
  const counts = (["CONFIRMED", "REJECTED", "NOT SIGNIFICANT", "UNDECIDED"] as const)
    .map((which) => ({ which, times: count(which) }))
    .filter(({ times }) => times > 0)
    .map(({ which, times }) => `${times} ${which}`);
  return `of ${parts.length} tests ${counts.join(", ")}`;
}
