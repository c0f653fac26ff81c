/** `hypothesis … expect LEFT < RIGHT by … using … alpha`: a direction stated before, and a verdict after. */
import type { DecisionOutcome, TestedPart, Verdict } from "../ir/decision-outcome.js";
import type { Expectation, Hypothesis, TestUse } from "../ir/decisions.js";
import type { Coordinates } from "../ir/result-expression.js";
import type { ResultSet } from "../ir/results.js";
import type { ResultArray } from "../results/result-array.js";
import { bootstrapExpressions } from "./bootstrap-of.js";
import { bootstrapBothWays, neitherWay, testBothWays, type BothWays, type Testable } from "./both-ways.js";
import { samplesOf, sideOf, type Compared, type Side } from "./expected-samples.js";
import { agreeing, groupsBy } from "./groups.js";
import { floorNote } from "./p-floor.js";
import { corrected, partOf, undecidedPart, type PartFrame } from "./parts.js";
import { undecided } from "../statistics/outcome.js";
import { countsOf, drawsOf, faultOfSamples } from "./samples.js";
import { claimOf, falsified, overall, verdictOf } from "./verdicts.js";

/** What is found while the parts of a hypothesis are made. */
interface Findings {
  readonly units: Set<string>;
  readonly note: (sentence: string) => void;
}

/** @param verdictBy the verdict of another hypothesis, by its title. */
export function decideHypothesis(
  hypothesis: Hypothesis,
  results: ResultSet,
  verdictBy: (title: string) => Verdict,
): DecisionOutcome {
  const { title, members, quantity, alpha, text: statement } = hypothesis;
  const notes = new Set<string>();
  const findings: Findings = { units: new Set(), note: (sentence) => void notes.add(sentence) };
  // One list for each expectation in each group: a part for each test.
  const made = members.flatMap((member) =>
    member.kind === "titled"
      ? [[neitherWay(titledPart(member, verdictBy(member.title)))]]
      : partsOf(member, hypothesis, results, findings),
  );
  const all = made.flat();
  const several = made.length > 1;
  // Where all must hold, each at alpha, the chance that all hold by accident is below alpha.
  const asExpected = several && quantity !== "all" ? "holm" : null;
  const expected = corrected(
    all.map((both) => both.expected),
    asExpected,
  );
  const opposite = corrected(
    all.map((both) => both.opposite),
    several ? "holm" : null,
  );
  const floor = floorNote(expected, hypothesis.tests, asExpected, 1, alpha);
  if (floor !== null) findings.note(floor);
  if (expected.some(({ adjusted }) => adjusted !== null))
    findings.note(
      `p-values are corrected for the ${made.length} ${members.length > 1 ? "expectations" : "groups"} (Holm)`,
    );
  if (several && quantity === "all" && hypothesis.tests.length > 0)
    findings.note("all must hold, so p-values need no correction");
  if (members.some(({ kind }) => kind === "order")) findings.note("p is one-sided, in the direction that was expected");
  if (members.some(({ kind }) => kind === "equivalence"))
    findings.note("equivalence is decided by two one-sided tests (TOST); p is the larger one");
  const judged = expected.map((part, i) => ({ ...part, verdict: part.verdict ?? verdictOf(part, opposite[i], alpha) }));
  let next = 0;
  const claims = made.map((parts) => claimOf(judged.slice(next, (next += parts.length))));
  const { verdict, reason } = overall(claims, quantity);
  return {
    kind: "hypothesis",
    statement,
    title,
    unit: [...findings.units].join(" or "),
    parts: judged,
    alpha,
    verdict: hypothesis.falsified ? falsified(verdict) : verdict,
    reason: hypothesis.falsified && falsified(verdict) !== verdict ? against(verdict, reason) : reason,
    notes: [...notes],
  };
}

/** What would have been the verdict is why it is NOT SUPPORTED. */
function against(verdict: Verdict, reason: string): string {
  return reason === "" ? `it is ${verdict}` : `it is ${verdict}, ${reason}`;
}

/** Another hypothesis as a part: it has been decided by its own tests. */
function titledPart({ title }: Extract<Expectation, { kind: "titled" }>, verdict: Verdict): TestedPart {
  const reason = verdict === "UNDECIDED" ? `“${title}” is UNDECIDED` : null;
  return {
    ...partOf({ coordinates: {}, sides: [title, ""], claim: `“${title}”`, n: [0, 0] }, "hypothesis", undecided(""), ""),
    reason,
    verdict,
  };
}

/** For each group the tests of one expectation. */
function partsOf(
  member: Testable,
  hypothesis: Hypothesis,
  results: ResultSet,
  findings: Findings,
): readonly (readonly BothWays[])[] {
  const { by, tests } = hypothesis;
  const { left, right } = member;
  const sides = [left, right].map(({ expression }) => sideOf(expression, by, results, findings.note)) as [Side, Side];
  // Published values of models that nobody measured make no groups.
  const groups = groupsBy(
    sides.map(({ array }) => array),
    by,
    sides.filter(({ isConstant }) => !isConstant).map(({ array }) => array),
  );
  return groups.map(({ coordinates, arrays }) => {
    const [a, b] = sides.map((side, i) => ({ ...side, array: arrays[i] ?? side.array })) as [Side, Side];
    const compared = samplesOf(a, b, by);
    const frame: PartFrame = { coordinates, sides: [left.label, right.label], claim: claimText(member), n: [0, 0] };
    return tests.map((test): BothWays =>
      // What is no mean has no samples, but can be computed anew for drawn texts.
      test.name === "bootstrap" && compared.kind === "none"
        ? bootstrapPart(member, by, results, frame, test, findings)
        : testPart(member, compared, frame, test, hypothesis.alpha, findings),
    );
  });
}

function claimText(member: Testable): string {
  const [left, right] = [member.left.label, member.right.label];
  return member.kind === "order"
    ? `${left} ${member.operation} ${right}`
    : `${left} equivalent to ${right} within ${member.within}`;
}

function testPart(
  member: Testable,
  compared: Compared,
  frame: PartFrame,
  test: TestUse,
  alpha: number,
  { units, note }: Findings,
): BothWays {
  if (compared.kind === "none") return neitherWay(undecidedPart(frame, test.name, compared.reason));
  const { samples, unit } = compared;
  units.add(unit);
  const counted = { ...frame, n: countsOf(samples) };
  const fault = faultOfSamples(samples, unit);
  if (fault !== null) return neitherWay(undecidedPart(counted, test.name, fault));
  compared.notes.forEach(note);
  return testBothWays(member, samples, unit, counted, test, alpha);
}

/** A statistic that is no mean: it is computed anew for drawn texts. */
function bootstrapPart(
  member: Testable,
  by: readonly string[],
  results: ResultSet,
  frame: PartFrame,
  test: TestUse,
  { units }: Findings,
): BothWays {
  if (by.some((axis) => axis === "prompt" || axis === "document")) {
    return neitherWay(undecidedPart(frame, test.name, "each group has one text, and there is nothing to draw"));
  }
  const { left, right } = member;
  const statistic = ([a, b]: readonly ResultArray[]): number =>
    a === undefined || b === undefined
      ? Number.NaN
      : meanOfGroup(a, frame.coordinates, by) - meanOfGroup(b, frame.coordinates, by);
  const drawn = bootstrapExpressions([left.expression, right.expression], results, statistic, drawsOf(test));
  if (drawn.unit !== "") units.add(drawn.unit);
  return bootstrapBothWays(member, drawn.outcome, { ...frame, n: [drawn.units, 0] }, test);
}

function meanOfGroup(array: ResultArray, coordinates: Coordinates, by: readonly string[]): number {
  const { cells } = agreeing(array, coordinates, by);
  return cells.reduce((sum, { value }) => sum + value, 0) / cells.length;
}
