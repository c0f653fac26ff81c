/** From statements that compare and decide, and the results of a run, to what they came to. */
import type { DecisionOutcome, Verdict } from "../ir/decision-outcome.js";
import type { Decision } from "../ir/decisions.js";
import type { ResultSet } from "../ir/results.js";
import { decideClassify } from "./classify.js";
import { decideCompare } from "./compare.js";
import { decidePca } from "./components.js";
import { decideCorrelate } from "./correlate.js";
import { decideFind } from "./find.js";
import { decideFit } from "./fit.js";
import { decideHypothesis } from "./hypothesis.js";

/**
 * The outcomes of a protocol's statements, in their order. Equal results give equal outcomes: whatever is drawn is drawn
 * from a seed.
 * @param decisions in which no hypothesis depends on itself.
 */
export function decideAll(decisions: readonly Decision[], results: ResultSet): readonly DecisionOutcome[] {
  const made = new Map<Decision, DecisionOutcome>();
  const outcomeOf = (decision: Decision): DecisionOutcome => {
    const outcome = made.get(decision) ?? decide(decision, results, verdictBy);
    made.set(decision, outcome);
    return outcome;
  };
  const verdictBy = (title: string): Verdict => {
    const named = decisions.find((decision) => decision.kind === "hypothesis" && decision.title === title);
    const outcome = named === undefined ? null : outcomeOf(named);
    return outcome?.kind === "hypothesis" ? outcome.verdict : "UNDECIDED";
  };
  return decisions.map(outcomeOf);
}

/**
 * The outcome of one statement.
 * @param verdictBy the verdict of another hypothesis by its title; none is decided where nothing is said.
 */
export function decide(
  decision: Decision,
  results: ResultSet,
  verdictBy: (title: string) => Verdict = () => "UNDECIDED",
): DecisionOutcome {
  switch (decision.kind) {
    case "compare":
      return decideCompare(decision, results);
    case "correlate":
      return decideCorrelate(decision, results);
    case "hypothesis":
      return decideHypothesis(decision, results, verdictBy);
    case "find":
      return decideFind(decision, results);
    case "pca":
      return decidePca(decision, results);
    case "fit":
      return decideFit(decision, results);
    case "classify":
      return decideClassify(decision, results);
  }
}
