/** `hypothesis … expect LEFT < RIGHT by … using … alpha`: a direction stated before, and a verdict after. */
import type { DecisionOutcome, TestedPart, Verdict } from "../ir/decision-outcome.js";
import type { Decision, TestUse } from "../ir/decisions.js";
import { experimentsIn, type ResultExpression } from "../ir/result-expression.js";
import type { ResultSet } from "../ir/results.js";
import { evaluateResult } from "../results/evaluate.js";
import type { ResultArray } from "../results/result-array.js";
import type { Alternative } from "../statistics/outcome.js";
import { statisticalTest, type Samples } from "../statistics/table.js";
import { bootstrapExpressions } from "./bootstrap-of.js";
import { groupsBy } from "./groups.js";
import { corrected, partOf, undecidedPart, type PartFrame } from "./parts.js";
import { behindMean, textsScope } from "./spine.js";
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
  readonly scope: string;
}

export function decideHypothesis(decision: Hypothesis, results: ResultSet): DecisionOutcome {
  const { title, left, right, operation, by, tests, alpha, text: statement } = decision;
  const less = operation === "<" || operation === "<=";
  const notes = new Set<string>();
  const note = (sentence: string): void => void notes.add(sentence);
  const sides = [left, right].map(({ expression }) => sideOf(expression, by, results, note));
  const units = new Set<string>();
  const made = groupsBy(
    sides.map(({ array }) => array),
    by,
  ).flatMap(({ coordinates, arrays }) => {
    const group = sides.map((side, i) => ({ ...side, array: arrays[i] ?? side.array }));
    return tests.map((test): BothWays => {
      const frame: PartFrame = { coordinates, sides: [left.label, right.label], n: [0, 0] };
      if (test.name !== "bootstrap") return testPart(group, by, frame, test, less ? "less" : "greater", units, note);
      const part = bootstrapPart(decision, results, frame, test, less, units);
      return { expected: part, opposite: part };
    });
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
  if (several) note(`p-values are corrected for the ${made.length / tests.length} groups (Holm)`);
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
  sides: readonly Side[],
  by: readonly string[],
  frame: PartFrame,
  test: TestUse,
  alternative: "less" | "greater",
  units: Set<string>,
  note: (sentence: string) => void,
): BothWays {
  const compared = samplesOf(sides, by);
  if (compared.kind === "none") {
    const part = undecidedPart(frame, test.name, compared.reason);
    return { expected: part, opposite: part };
  }
  const { samples, unit } = compared;
  units.add(unit);
  compared.notes.forEach(note);
  const n: PartFrame["n"] =
    samples.kind === "one" ? [samples.sample.length, 0] : [samples.left.length, samples.right.length];
  const counted = { ...frame, n };
  const draws = { count: test.count ?? 0, seed: test.seed ?? 0 };
  const run = (towards: Alternative): TestedPart => {
    const outcome = statisticalTest(test.name).run?.(samples, towards, draws) ?? null;
    if (outcome !== null) return partOf(counted, test.name, outcome);
    const wants =
      samples.kind === "independent" ? "the two sides have different units" : `both sides are of the same ${unit}s`;
    return undecidedPart(
      counted,
      test.name,
      `${test.name} does not fit: ${samples.kind === "one" ? "one side is a number" : wants}`,
    );
  };
  return { expected: run(alternative), opposite: run(alternative === "less" ? "greater" : "less") };
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
  const other = new Map(b.units.values.map(({ key, value }) => [key, value]));
  const shared = a.units.values.filter(({ key }) => other.has(key));
  if (shared.length === 0) {
    const [x, y] = [a, b].map(({ units }) => units.values.map(({ value }) => value)) as [number[], number[]];
    return {
      kind: "samples",
      samples: { kind: "independent", left: x, right: y },
      unit,
      notes: [...notes, `the two sides have different ${unit}s`],
    };
  }
  if (shared.length < a.units.values.length || shared.length < b.units.values.length) {
    const reason = `${shared.length} ${unit}s are on both sides and others on one only: they neither pair nor are independent`;
    return { kind: "none", reason };
  }
  return {
    kind: "samples",
    samples: {
      kind: "paired",
      left: shared.map(({ value }) => value),
      right: shared.map(({ key }) => other.get(key) ?? Number.NaN),
    },
    unit,
    notes: [...notes, `both sides are of the same ${unit}s, so values are compared in pairs`],
  };
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

function bootstrapPart(
  { left, right, by, alpha }: Hypothesis,
  results: ResultSet,
  frame: PartFrame,
  { name, count, seed }: TestUse,
  less: boolean,
  units: Set<string>,
): TestedPart {
  const ofGroup = (array: ResultArray): number => {
    const group = groupsBy([array], by).find(
      ({ coordinates }) => JSON.stringify(coordinates) === JSON.stringify(frame.coordinates),
    );
    const cells = group?.arrays[0]?.cells ?? array.cells;
    return cells.reduce((sum, { value }) => sum + value, 0) / cells.length;
  };
  const expressions = [left.expression, right.expression];
  const statistic = ([a, b]: readonly ResultArray[]): number =>
    a === undefined || b === undefined ? Number.NaN : ofGroup(a) - ofGroup(b);
  // A one-sided test at alpha is what the two-sided interval of level 1 − 2·alpha says.
  const {
    outcome,
    unit,
    units: n,
  } = bootstrapExpressions(expressions, results, statistic, { count: count ?? 0, seed: seed ?? 0 }, 1 - 2 * alpha);
  if (unit !== "") units.add(unit);
  const part = partOf({ ...frame, n: [n, n] }, name, outcome);
  if (part.interval === null) return part;
  const { low, high } = part.interval;
  const verdict: Verdict = (less ? high < 0 : low > 0)
    ? "CONFIRMED"
    : (less ? low > 0 : high < 0)
      ? "REJECTED"
      : "NOT SIGNIFICANT";
  return { ...part, verdict };
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
