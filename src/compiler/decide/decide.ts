/** From statements that compare and decide, and the results of a run, to what they came to. */
import type { DecisionOutcome } from "../ir/decision-outcome.js";
import type { Decision } from "../ir/decisions.js";
import type { ResultSet } from "../ir/results.js";
import { decideClassify } from "./classify.js";
import { decideCompare } from "./compare.js";
import { decidePca } from "./components.js";
import { decideCorrelate } from "./correlate.js";
import { decideFind } from "./find.js";
import { decideFit } from "./fit.js";
import { decideHypothesis } from "./hypothesis.js";

/** The outcome of one statement. Equal results give equal outcomes: whatever is drawn is drawn from a seed. */
export function decide(decision: Decision, results: ResultSet): DecisionOutcome {
  switch (decision.kind) {
    case "compare":
      return decideCompare(decision, results);
    case "correlate":
      return decideCorrelate(decision, results);
    case "hypothesis":
      return decideHypothesis(decision, results);
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
