/** The statements of a protocol that compare and decide: before a run as they are written, after it as they came out. */
import { decideAll } from "../compiler/decide/decide.js";
import type { DecisionOutcome, Verdict } from "../compiler/ir/decision-outcome.js";
import type { Decision, Protocol } from "../compiler/ir/protocol.js";
import type { ResultSet } from "../compiler/ir/results.js";
import type { RecordedDecision } from "./store/record-types.js";

/** What will be decided, for the record before anything runs. */
export function statedDecisions({ decisions }: Protocol): readonly RecordedDecision[] {
  return decisions.map(stated);
}

function stated(decision: Decision): RecordedDecision {
  return {
    kind: decision.kind,
    title: decision.kind === "hypothesis" ? decision.title : null,
    statement: decision.text,
    status: "not decided",
    outcome: null,
  };
}

/** What statements came to, and the results with what named probes answered. */
export interface Decided {
  readonly decisions: readonly RecordedDecision[];
  readonly results: ResultSet;
}

/**
 * What each statement came to. A run that lacks results decides nothing: half of the values could say the opposite of all
 * of them.
 */
export function decidedBy(protocol: Protocol, measured: ResultSet, isComplete: boolean): Decided {
  if (!isComplete) return { decisions: statedDecisions(protocol), results: measured };
  const { outcomes, results } = decideAll(protocol.decisions, measured);
  const decisions = protocol.decisions.map((decision, i): RecordedDecision => {
    return { ...stated(decision), status: "decided", outcome: outcomes[i] ?? null };
  });
  return { decisions, results };
}

const order: readonly Verdict[] = ["CONFIRMED", "PARTIAL", "NOT SIGNIFICANT", "NOT SUPPORTED", "REJECTED", "UNDECIDED"];

/** `3 hypotheses: 1 CONFIRMED, 1 REJECTED, 1 UNDECIDED (a reason).`; null for a protocol without any. */
export function verdictLine(decisions: readonly RecordedDecision[]): string | null {
  const hypotheses = hypothesesOf(decisions);
  if (hypotheses.length === 0) return null;
  const why = [...new Set(hypotheses.filter(({ verdict }) => verdict === "UNDECIDED").map(reasonOf))].join("; ");
  // UNDECIDED stands last.
  const counts = verdictCounts(decisions).join(", ") + (why === "" ? "" : ` (${why})`);
  return `${hypotheses.length} ${hypotheses.length === 1 ? "hypothesis" : "hypotheses"}: ${counts}.`;
}

/** How many hypotheses came to each verdict: `1 CONFIRMED`, `2 UNDECIDED`; those that are not decided are left out. */
export function verdictCounts(decisions: readonly RecordedDecision[]): readonly string[] {
  const hypotheses = hypothesesOf(decisions);
  return order.flatMap((verdict) => {
    const count = hypotheses.filter((hypothesis) => hypothesis.verdict === verdict).length;
    return count === 0 ? [] : [`${count} ${verdict}`];
  });
}

type Hypothesis = Extract<DecisionOutcome, { kind: "hypothesis" }>;

function hypothesesOf(decisions: readonly RecordedDecision[]): readonly Hypothesis[] {
  return decisions.flatMap(({ outcome }) => (outcome?.kind === "hypothesis" ? [outcome] : []));
}

function reasonOf({ reason }: Hypothesis): string {
  return reason === "" ? "no reason recorded" : reason;
}
