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
import { claimOf, confirmingP, falsified, overall, verdictOf } from "./verdicts.js";

/** What is found while the parts of a hypothesis are made. */
interface Findings {
  readonly units: Set<string>;
  readonly note: (sentence: string) => void;
}

/** A hypothesis that has been decided, as others see it. */
export interface Decided {
  readonly verdict: Verdict;
  /** The smallest level at which it would be CONFIRMED; NaN where nothing was tested. */
  readonly pValue: number;
}

/** @param decidedBy another hypothesis, by its title. */
export function decideHypothesis(
  hypothesis: Hypothesis,
  results: ResultSet,
  decidedBy: (title: string) => Decided,
): { readonly outcome: Extract<DecisionOutcome, { kind: "hypothesis" }>; readonly pValue: number } {
  const { title, members, quantity, alpha, text: statement } = hypothesis;
  const notes = new Set<string>();
  const findings: Findings = { units: new Set(), note: (sentence) => void notes.add(sentence) };
  // One list for each expectation in each group: a part for each test.
  const made = members.flatMap((member) =>
    member.kind === "titled"
      ? [[neitherWay(titledPart(member, decidedBy(member.title)))]]
      : partsOf(member, hypothesis, results, findings),
  );
  const all = made.flat();
  const several = made.length > 1;
  // Where all must hold, each at alpha, the chance that all hold by accident is below alpha.
  const asExpected = several && quantity !== "all" ? "holm" : null;
  const isMixed = members.some(({ kind }) => kind === "titled");
  const expected = correctedTogether(
    all.map((both) => both.expected),
    asExpected,
    isMixed,
  );
  const opposite = correctedTogether(
    all.map((both) => both.opposite),
    several ? "holm" : null,
    isMixed,
  );
  const floor = floorNote(expected, hypothesis.tests, asExpected, 1, alpha);
  if (floor !== null) findings.note(floor);
  const family = expected.filter(({ adjusted }) => adjusted !== null).length / (isMixed ? 1 : hypothesis.tests.length);
  if (family > 1) findings.note(`p-values are corrected for the ${Math.ceil(family)} that there are (Holm)`);
  if (several && quantity === "all" && hypothesis.tests.length > 0)
    findings.note("all must hold, so p-values need no correction");
  if (members.some(({ kind }) => kind === "order")) findings.note("p is one-sided, in the direction that was expected");
  if (members.some(({ kind }) => kind === "equivalence"))
    findings.note("equivalence is decided by two one-sided tests (TOST); p is the larger one");
  const judged = expected.map((part, i) => ({ ...part, verdict: judgedPart(part, opposite[i], alpha) }));
  judged.forEach(({ verdict, coordinates, claim }, i) => {
    const p = opposite[i]?.adjusted ?? opposite[i]?.pValue ?? null;
    if (verdict !== "REJECTED" || p === null || claim?.startsWith("“") === true) return;
    const place = Object.values(coordinates).join(" ");
    const of = place === "" ? (members.length > 1 ? ` of ${claim ?? ""}` : "") : ` of ${place}`;
    findings.note(`the p${of} that rejects is ${p.toPrecision(2)}, in the other direction`);
  });
  let next = 0;
  const claims = made.map((parts) => claimOf(judged.slice(next, (next += parts.length))));
  const { verdict, reason } = overall(claims, quantity);
  const outcome = {
    kind: "hypothesis",
    statement,
    title,
    unit: [...findings.units].join(" or "),
    parts: judged,
    alpha,
    verdict: hypothesis.falsified ? falsified(verdict) : verdict,
    reason: hypothesis.falsified && falsified(verdict) !== verdict ? against(verdict, reason) : reason,
    notes: [...notes],
  } as const;
  return { outcome, pValue: confirmingP(claims, quantity) };
}

/** Each test has a family of its own, unless other hypotheses, with tests of theirs, are counted beside it. */
function correctedTogether(
  parts: readonly TestedPart[],
  correction: "holm" | null,
  isMixed: boolean,
): readonly TestedPart[] {
  if (!isMixed) return corrected(parts, correction);
  const family = corrected(
    parts.map((part) => ({ ...part, test: "all" })),
    correction,
  );
  return parts.map((part, i) => ({ ...part, adjusted: family[i]?.adjusted ?? null }));
}

/** What a part says by itself; a hypothesis that is named has to be confirmed at this level too. */
function judgedPart(part: TestedPart, opposite: TestedPart | undefined, alpha: number): Verdict {
  const own = verdictOf(part, opposite, alpha);
  if (part.verdict === null) return own;
  return part.verdict === "CONFIRMED" && own !== "CONFIRMED" ? "NOT SIGNIFICANT" : part.verdict;
}

/** What would have been the verdict is why it is NOT SUPPORTED. */
function against(verdict: Verdict, reason: string): string {
  return reason === "" ? `it is ${verdict}` : `it is ${verdict}, ${reason}`;
}

/** Another hypothesis as a part: it has been decided by its own tests. */
function titledPart({ title }: Extract<Expectation, { kind: "titled" }>, { verdict, pValue }: Decided): TestedPart {
  const reason = verdict === "UNDECIDED" ? `“${title}” is UNDECIDED` : null;
  return {
    ...partOf({ coordinates: {}, sides: [title, ""], claim: `“${title}”`, n: [0, 0] }, "hypothesis", undecided(""), ""),
    pValue: Number.isNaN(pValue) ? null : pValue,
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
  if (groups.length === 0) {
    const frame: PartFrame = { coordinates: {}, sides: [left.label, right.label], claim: claimText(member), n: [0, 0] };
    const reason = by.length === 0 ? "there are no values" : `neither side has values by ${by.join(", ")}`;
    return [tests.map((test) => neitherWay(undecidedPart(frame, test.name, reason)))];
  }
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
  let sum = 0;
  for (const { value } of cells) sum += value;
  return sum / cells.length;
}
