/** What is counted when a run consists of several executions, and what happens when rows are missing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Protocol } from "../../src/compiler/ir/protocol.js";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import type { ExecutionSummary } from "../../src/runtime/execution.js";
import { joinedExecutions } from "../../src/runtime/executions.js";
import { executeStages, type StagesOutcome } from "../../src/runtime/stages.js";
import { countOutcomes, type UnitFault, type UnitOutcome } from "../../src/runtime/unit-outcomes.js";
import { tinyEvaluation, tinyPlan, tinyUnit, unitId } from "./tiny-graphs.js";

type Outcomes = Readonly<Record<number, UnitOutcome>>;

/** What an execution says that came to these units, by their numbers. */
function executed(outcomes: Outcomes, changes: Partial<ExecutionSummary> = {}): ExecutionSummary {
  const known = new Map(Object.entries(outcomes).map(([number, outcome]) => [unitId(Number(number)), outcome]));
  const faults = [...known].flatMap(([unit, kind]): UnitFault[] =>
    kind === "failed" || kind === "skipped" ? [{ kind, evaluation: "e", unit, message: `${kind} it` }] : [],
  );
  return {
    status: faults.length === 0 ? "finished" : "failed",
    units: countOutcomes(known.keys(), known),
    outcomes: known,
    rowsComputed: 0,
    seconds: 1,
    faults,
    stopped: null,
    engine: null,
    restarts: 0,
    recovered: new Set(),
    ...changes,
  };
}

const planOf = (numbers: readonly number[]): ReturnType<typeof tinyPlan> =>
  tinyPlan([
    tinyEvaluation(
      "e",
      numbers.map((number) => tinyUnit(number)),
      { study: null },
    ),
  ]);

const none = { total: 0, computed: 0, reused: 0, failed: 0, skipped: 0, left: 0 };

test("each unit of the final plan is counted once, as what this run made of it", () => {
  // The second stage needs 1 and 2 of the first one's units; 0 was reused by a plan that is not the final one.
  const first = executed({ 0: "reused", 1: "computed", 2: "reused", 3: "computed" });
  const second = executed({ 1: "reused", 2: "reused", 4: "computed" });
  const joined = joinedExecutions(planOf([1, 2, 4]), first, second);
  assert.deepEqual(joined.units, { ...none, total: 3, computed: 2, reused: 1 });
  assert.equal(joined.rowsComputed, 4, "of two units of two rows each");
  assert.deepEqual([joined.status, joined.seconds], ["finished", 2]);

  const interrupted = executed({ 1: "reused" }, { status: "interrupted", stopped: "interrupted" });
  const ended = joinedExecutions(planOf([1, 2, 4]), first, interrupted);
  assert.deepEqual(ended.units, { ...none, total: 3, computed: 1, left: 2 });
  assert.equal(ended.status, "interrupted");
});

test("units that are executed once more take the place of what they were", () => {
  const plan = planOf([0, 1, 2, 3]);
  const first = executed({ 0: "computed", 1: "reused", 2: "failed", 3: "computed" });
  const only = new Set([unitId(1), unitId(3)]);
  const joined = joinedExecutions(plan, first, executed({ 1: "computed", 3: "failed" }), only);
  assert.deepEqual(joined.units, { ...none, total: 4, computed: 2, failed: 2 });
  assert.deepEqual([...joined.recovered], [unitId(1)]);
  assert.deepEqual(
    joined.faults.map(({ unit }) => unit),
    [unitId(2), unitId(3)],
  );
  assert.equal(joined.status, "failed");
});

const nothingAsked = { texts: [], studies: [], results: [], references: [] } as unknown as Protocol;

/**
 * A run of three units whose files vanish before they are read, at each reading those that `lost` says; and what was
 * executed for it.
 */
async function run(
  lost: readonly (readonly number[])[],
  answer: (only: readonly number[], execution: number) => ExecutionSummary,
  rows: readonly ResultRow[] = [],
): Promise<{ readonly outcome: StagesOutcome; readonly executions: readonly (readonly number[])[] }> {
  const executions: number[][] = [];
  let readings = 0;
  const settings = { memoryBudget: 1 } as unknown as Parameters<typeof executeStages>[2];
  const outcome = await executeStages({ protocol: nothingAsked, plan: planOf([0, 1, 2]) }, new Map(), settings, {
    execute: (_stage, only) => {
      const numbers = [0, 1, 2].filter((number) => only?.has(unitId(number)) ?? true);
      executions.push(numbers);
      return Promise.resolve(answer(numbers, executions.length));
    },
    assemble: () => {
      const unread = new Map((lost[readings++] ?? []).map((number) => [unitId(number), `${number} is lost`]));
      return Promise.resolve({ assembled: { rows, noOps: [], unaffected: [] }, unread });
    },
  });
  return { outcome, executions };
}

const computed = (numbers: readonly number[]): ExecutionSummary =>
  executed(Object.fromEntries(numbers.map((number) => [number, "computed" as const])));

test("what vanishes before it is read is executed again, that and nothing else", async () => {
  const { outcome, executions } = await run([[1], [0, 2], []], computed);
  assert.deepEqual(executions, [[0, 1, 2], [1], [0, 2]]);
  assert.equal(outcome.summary.status, "finished");
  assert.deepEqual(outcome.summary.units, { ...none, total: 3, computed: 3 });
  assert.equal(outcome.summary.recovered.size, 3);
});

test("what vanishes each time is a fault after three executions", async () => {
  const { outcome, executions } = await run([[1], [1], [1], [1]], computed);
  assert.deepEqual(executions, [[0, 1, 2], [1], [1]]);
  assert.equal(outcome.summary.status, "failed");
  assert.deepEqual(outcome.summary.units, { ...none, total: 3, computed: 2, failed: 1 });
  assert.deepEqual(
    outcome.summary.faults.map(({ unit, message }) => [unit, message]),
    [[unitId(1), "1 is lost"]],
  );
});

test("a store that stops the second execution makes a fault of what was lost", async () => {
  const { outcome } = await run([[1], [1], []], (numbers, execution) =>
    execution === 1 ? computed(numbers) : executed({}, { status: "failed", stopped: "the disk is full" }),
  );
  assert.deepEqual(outcome.summary.units, { ...none, total: 3, computed: 2, failed: 1 });
  assert.deepEqual(outcome.summary.stopped, "the disk is full");
  assert.deepEqual(
    outcome.summary.faults.map(({ message }) => message),
    ["1 is lost"],
  );
});

test("after an interruption nothing is executed again: what was lost is left", async () => {
  const { outcome, executions } = await run([[0]], () =>
    executed({ 0: "computed", 1: "reused" }, { status: "interrupted", stopped: "interrupted" }),
  );
  assert.equal(executions.length, 1);
  assert.deepEqual(outcome.summary.units, { ...none, total: 3, reused: 1, left: 2 });
  assert.equal(outcome.summary.status, "interrupted");
});

test("a finished run has as many rows as were asked for, or there is a fault of ours", async () => {
  const row = {
    experiment: "e",
    axes: {},
    metric: "m",
    unit: "nats",
    value: 0,
    baseline: null,
  } as unknown as ResultRow;
  await assert.rejects(run([], computed, [row]), /0 rows were asked for, and 1 are there/);
});
