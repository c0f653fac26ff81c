/** From statements that compare and decide, and the results of a run, to what they came to. */
import type { DecisionOutcome } from "../ir/decision-outcome.js";
import type { Decision, Hypothesis } from "../ir/decisions.js";
import { joinedRows } from "../ir/result-table.js";
import type { ResultSet } from "../ir/results.js";
import { decideClassify } from "./classify.js";
import { decideCompare } from "./compare.js";
import { decidePca } from "./components.js";
import { decideCorrelate } from "./correlate.js";
import { decideFind } from "./find.js";
import { decideFit } from "./fit.js";
import { decideHypothesis, type Decided } from "./hypothesis.js";
import { decideProbe } from "./probe.js";

/** What a protocol's statements came to, in their order. */
export interface Outcomes {
  readonly outcomes: readonly DecisionOutcome[];
  /** The results that were given, and the answers of named probes. */
  readonly results: ResultSet;
}

/**
 * Decides all statements of a protocol. Equal results give equal outcomes: whatever is drawn is drawn from a seed.
 * @param decisions in which no hypothesis depends on itself, and no probe reads one that stands behind it.
 */
export function decideAll(decisions: readonly Decision[], measured: ResultSet): Outcomes {
  let results = measured;
  const probed = new Map<Decision, DecisionOutcome>();
  for (const decision of decisions) {
    if (decision.kind !== "probe" || decision.name === null) continue;
    const { outcome, rows } = decideProbe(decision, results);
    probed.set(decision, outcome);
    results = { ...results, rows: joinedRows(results.rows, rows) };
  }
  const made = new Map<string, ReturnType<typeof decideHypothesis>>();
  const hypothesisBy = (decision: Hypothesis): ReturnType<typeof decideHypothesis> => {
    const decided = made.get(decision.title) ?? decideHypothesis(decision, results, decidedBy);
    made.set(decision.title, decided);
    return decided;
  };
  const decidedBy = (title: string): Decided => {
    const named = decisions.find((decision) => decision.kind === "hypothesis" && decision.title === title);
    if (named?.kind !== "hypothesis") return undecidedElsewhere;
    const { outcome, pValue } = hypothesisBy(named);
    return { verdict: outcome.verdict, pValue };
  };
  const outcomes = decisions.map((decision) => {
    if (decision.kind === "hypothesis") return hypothesisBy(decision).outcome;
    return probed.get(decision) ?? decide(decision, results);
  });
  return { outcomes, results };
}

const undecidedElsewhere: Decided = { verdict: "UNDECIDED", pValue: Number.NaN };

/** The outcome of one statement by itself: a hypothesis that it names is UNDECIDED. */
export function decide(decision: Decision, results: ResultSet): DecisionOutcome {
  switch (decision.kind) {
    case "compare":
      return decideCompare(decision, results);
    case "correlate":
      return decideCorrelate(decision, results);
    case "hypothesis":
      return decideHypothesis(decision, results, () => undecidedElsewhere).outcome;
    case "find":
      return decideFind(decision, results);
    case "pca":
      return decidePca(decision, results);
    case "probe":
      return decideProbe(decision, results).outcome;
    case "fit":
      return decideFit(decision, results);
    case "classify":
      return decideClassify(decision, results);
  }
}
