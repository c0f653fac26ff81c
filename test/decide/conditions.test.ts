/** Hypotheses about selections, order statistics and shares. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "../../src/compiler/decide/decide.js";
import type { DecisionOutcome } from "../../src/compiler/ir/decision-outcome.js";
import type { Decision } from "../../src/compiler/ir/decisions.js";
import type { ResultCondition, ResultExpression } from "../../src/compiler/ir/result-expression.js";
import type { ResultSet } from "../../src/compiler/ir/results.js";
import { oneSampleT } from "../../src/compiler/statistics/t-tests.js";
import { byPrompt, column, constant, hypothesis, resultsOf } from "./results.js";

const a = [0.2, 0.5, 0.1, 0.9, 0.4, 0.6];
const b = [0.7, 1.1, 0.4, 1.2, 0.8, 1.4];

function judged(decision: Decision, results: ResultSet): Extract<DecisionOutcome, { kind: "hypothesis" }> {
  const outcome = decide(decision, results);
  assert.equal(outcome.kind, "hypothesis");
  return outcome;
}

test("by bootstrap draws what a condition looks at along", () => {
  const large: ResultCondition = { kind: "compare", operation: ">", left: column("f"), right: constant(0.5) };
  const results = resultsOf({ e: byPrompt(a), f: byPrompt(b) });
  const chosen: ResultExpression = {
    kind: "reduce",
    operation: "std",
    argument: { kind: "where", argument: column("e"), condition: large },
    over: null,
  };
  const outcome = judged(hypothesis(chosen, "<", constant(2), "bootstrap"), results);
  assert.equal(outcome.verdict, "CONFIRMED");
  // The median of prompts is no mean, and is computed anew for every draw.
  const median: ResultExpression = { kind: "reduce", operation: "median", argument: column("e"), over: null };
  const [part] = judged(hypothesis(median, ">", constant(0.05), "bootstrap"), results).parts;
  assert.equal(part?.estimate, 0.45 - 0.05);
  // A share is a mean of truth values: a text has one.
  const share: ResultExpression = {
    kind: "reduce",
    operation: "mean",
    argument: { kind: "truth", condition: { ...large, left: column("e"), right: constant(0.45) } },
    over: null,
  };
  const expected = oneSampleT([0, 1, 0, 1, 0, 1], 0.4, "greater");
  assert.equal(expected.kind, "tested");
  const tested = judged(hypothesis(share, ">", constant(0.4), "t_test"), results);
  assert.equal(tested.parts[0]?.pValue, expected.pValue);
});
