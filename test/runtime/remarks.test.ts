/** What is said of a run at its end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { tableJson } from "../../src/cli/outcome-json.js";
import type { Verdict } from "../../src/compiler/ir/decision-outcome.js";
import { verdictLine } from "../../src/runtime/decisions.js";
import type { RecordedDecision } from "../../src/runtime/store/record.js";
import { remarkLine, remarksOf, type RunParts } from "../../src/runtime/remarks.js";
import { axisColumn, textColumn, valueColumn } from "../../src/runtime/report/table-data.js";

const whole: RunParts = {
  experiments: [{ name: "a", values: 40, nan: 0, infinite: 0 }],
  reasons: [],
  undecided: [],
  missingOutputs: [],
  units: { total: 12, computed: 12, reused: 0, failed: 0, skipped: 0, left: 0 },
};
const statement = {
  kind: "find",
  title: null,
  statement: "find peak of a.loss over layer",
  status: "not decided",
  outcome: null,
} as const;

test("hypotheses are counted by their verdicts, and why one is undecided stands beside it", () => {
  const part = { coordinates: {}, sides: ["a", "b"], claim: null, test: "t_test", symbol: "t", statistic: null, df: null, pValue: null, adjusted: null, method: null, estimate: null, interval: null, n: [2, 2], verdict: null, reason: null } as const; // prettier-ignore
  const decided = (verdict: Verdict, reason = ""): RecordedDecision => ({
    kind: "hypothesis",
    title: verdict,
    statement: verdict,
    status: "decided",
    outcome: { kind: "hypothesis", statement: verdict, notes: [], title: verdict, unit: "prompt", parts: [part], alpha: 0.05, verdict, reason }, // prettier-ignore
  });
  const three = [decided("UNDECIDED", "2 prompts"), decided("CONFIRMED"), decided("REJECTED"), statement];
  assert.equal(verdictLine(three), "3 hypotheses: 1 CONFIRMED, 1 REJECTED, 1 UNDECIDED (2 prompts).");
  assert.equal(verdictLine([decided("PARTIAL", "of 2 tests 1 CONFIRMED")]), "1 hypothesis: 1 PARTIAL.");
  const why = [decided("UNDECIDED", "2 prompts"), decided("UNDECIDED", "2 prompts"), decided("UNDECIDED")];
  assert.equal(verdictLine(why), "3 hypotheses: 3 UNDECIDED (2 prompts; no reason recorded).");
  assert.equal(verdictLine([statement]), null);
});

test("a run of which every part is there has no remark", () => {
  assert.deepEqual(remarksOf(whole), []);
  assert.equal(remarkLine("finished", whole), null);
});

test("every part that is missing, undecided or not finite is counted", () => {
  const nothing = ["b", "c", "d", "e", "f"].map((name) => ({ name, values: 0, nan: 0, infinite: 0 }));
  const parts: RunParts = {
    ...whole,
    experiments: [{ name: "a", values: 40, nan: 3, infinite: 1 }, ...nothing],
    undecided: [statement, statement],
    missingOutputs: ["table b", "save c.csv"],
    units: { ...whole.units, computed: 2, failed: 1, skipped: 2, left: 7 },
  };
  assert.equal(
    remarkLine("interrupted", parts),
    "Interrupted with 10 of 12 units without a result, nothing measured of b, c, d and 2 more, nothing to show in " +
      "table b and save c.csv, 2 statements not decided, 3 of 40 values NaN, 1 of 40 values infinite.",
  );
});

test("a table as JSON: nothing that is null is without a reason", () => {
  const cell = (value: number | string | null, reason: string | null = null) => ({ value, reason });
  const json = tableJson({
    title: "t",
    note: null,
    warnings: [],
    columns: [
      axisColumn("layer"),
      valueColumn("loss", "nats", true),
      valueColumn("top", "token", false),
      textColumn("in"),
    ],
    rows: [
      [cell(0), cell(0.1), { ...cell(12), shown: " the" }, { ...cell("on the mat"), mark: [3, 6] }],
      [cell(1), cell(NaN, "log of 0"), cell(null), cell("x")],
      [cell(null), cell(-Infinity), cell(Infinity, "overflow"), cell("y")],
    ],
  });
  assert.deepEqual(JSON.parse(JSON.stringify(json)), {
    title: "t",
    caption: null,
    note: null,
    warnings: [],
    columns: [
      { name: "layer", heading: null, kind: "axis", unit: null, signed: false },
      { name: "loss", heading: null, kind: "value", unit: "nats", signed: true },
      { name: "top", heading: null, kind: "value", unit: "token", signed: false },
      { name: "in", heading: null, kind: "text", unit: null, signed: false },
    ],
    rows: [
      [0, 0.1, 12, "on the mat"],
      [1, null, null, "x"],
      [null, null, null, "y"],
    ],
    reasons: [
      { row: 1, column: 1, reason: "log of 0" },
      { row: 1, column: 2, reason: "there is no value here" },
      { row: 2, column: 1, reason: "the value is −∞" },
      { row: 2, column: 2, reason: "the value is +∞: overflow" },
    ],
    errors: [],
    texts: [{ row: 0, column: 2, text: " the" }],
    marks: [{ row: 0, column: 3, start: 3, end: 6 }],
  });
});
