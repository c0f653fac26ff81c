/** What is expected, tested in its own direction and in the other one. */
import type { TestedPart } from "../ir/decision-outcome.js";
import type { Expectation, TestUse } from "../ir/decisions.js";
import type { Bootstrapped } from "../statistics/bootstrap.js";
import { equivalence } from "../statistics/equivalence.js";
import type { Alternative, TestOutcome, Undecided } from "../statistics/outcome.js";
import { runTest, shifted, type Samples } from "../statistics/run-test.js";
import { bootstrapP, partOf, undecidedPart, type PartFrame } from "./parts.js";
import { bootstrapSamples, drawsOf, misfit } from "./samples.js";

/** An expectation of values, which tests can decide. */
export type Testable = Extract<Expectation, { kind: "order" | "equivalence" }>;

export interface BothWays {
  readonly expected: TestedPart;
  readonly opposite: TestedPart;
}

/** What has no p either way. */
export function neitherWay(part: TestedPart): BothWays {
  return { expected: part, opposite: part };
}

/** The test of these samples. `alpha` decides how wide the interval of an equivalence is. */
export function testBothWays(
  testable: Testable,
  samples: Samples,
  unit: string,
  frame: PartFrame,
  test: TestUse,
  alpha: number,
): BothWays {
  const draws = drawsOf(test);
  if (test.name === "bootstrap") return bootstrapBothWays(testable, bootstrapSamples(samples, draws), frame, test);
  const run = (shift: number, towards: Alternative): TestOutcome | null =>
    runTest(test.name, shift === 0 ? samples : shifted(samples, shift), towards, draws);
  const made = directionsOf(testable, run, alpha);
  if (made === null) return neitherWay(undecidedPart(frame, test.name, misfit(samples, test.name, unit)));
  return { expected: partOf(frame, test.name, made.expected), opposite: partOf(frame, test.name, made.opposite) };
}

function directionsOf(
  testable: Testable,
  run: (shift: number, towards: Alternative) => TestOutcome | null,
  alpha: number,
): { readonly expected: TestOutcome; readonly opposite: TestOutcome } | null {
  if (testable.kind === "equivalence") {
    const plain = run(0, "two-sided");
    return plain && equivalence((shift, towards) => run(shift, towards) ?? plain, testable.within, alpha);
  }
  const towards = alternativeOf(testable);
  const expected = run(0, towards);
  const opposite = expected && run(0, otherWay[towards]);
  return opposite && { expected, opposite };
}

/** A bootstrap in both directions: its p is the level at which its interval ends at 0, or at the margin. */
export function bootstrapBothWays(
  testable: Testable,
  outcome: Bootstrapped | Undecided,
  frame: PartFrame,
  { name }: TestUse,
): BothWays {
  const part = partOf(frame, name, outcome);
  if (outcome.kind === "undecided") return neitherWay(part);
  const p = (shift: number, towards: "less" | "greater"): number => bootstrapP(outcome, shift, towards);
  if (testable.kind === "order") {
    const towards = alternativeOf(testable);
    return { expected: { ...part, pValue: p(0, towards) }, opposite: { ...part, pValue: p(0, otherWay[towards]) } };
  }
  const { within } = testable;
  const inside = Math.max(p(-within, "greater"), p(within, "less"));
  const outside = Math.min(1, 2 * Math.min(p(-within, "less"), p(within, "greater")));
  return { expected: { ...part, pValue: inside }, opposite: { ...part, pValue: outside } };
}

function alternativeOf({ operation }: Extract<Testable, { kind: "order" }>): "less" | "greater" {
  return operation === "<" || operation === "<=" ? "less" : "greater";
}

const otherWay = { less: "greater", greater: "less" } as const;
