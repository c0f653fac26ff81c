/** Several executions as one: of the stages of a run, and of units that had to be computed again. */
import type { Plan } from "../compiler/ir/plan.js";
import type { ExecutionSummary } from "./execution.js";
import { countOutcomes, rowsComputedOf, unitsOf, type UnitFault, type UnitOutcome } from "./unit-outcomes.js";

/** Counts, faults and status as they follow from what became of each unit of a plan. */
function settled(plan: Plan, summary: ExecutionSummary, faults: readonly UnitFault[]): ExecutionSummary {
  const units = unitsOf(plan);
  const { outcomes, stopped } = summary;
  const kept = new Map(
    faults
      .filter(({ unit }) => outcomes.get(unit) === "failed" || outcomes.get(unit) === "skipped")
      .map((fault) => [fault.unit, fault]),
  );
  const ended = summary.status === "interrupted" || stopped !== null;
  return {
    ...summary,
    status: ended ? summary.status : kept.size === 0 ? "finished" : "failed",
    units: countOutcomes(units.keys(), outcomes),
    rowsComputed: rowsComputedOf(units, outcomes),
    faults: [...kept.values()],
  };
}

/**
 * Two executions as one of this plan. The later one found in the store what the earlier one had computed, which still
 * counts as computed. With `only`, the later one was about these units alone.
 */
export function joinedExecutions(
  plan: Plan,
  earlier: ExecutionSummary | null,
  later: ExecutionSummary,
  only: ReadonlySet<string> | null = null,
): ExecutionSummary {
  const outcomes = new Map<string, UnitOutcome>();
  for (const id of unitsOf(plan).keys()) {
    const before = earlier?.outcomes.get(id);
    const after = later.outcomes.get(id);
    // A unit that a later execution was not about is what it was; one that it was about and did not come to is left.
    const outcome = after ?? (only === null || only.has(id) ? undefined : before);
    if (outcome === undefined) continue;
    outcomes.set(id, outcome === "reused" && before === "computed" ? "computed" : outcome);
  }
  if (earlier === null) return settled(plan, { ...later, outcomes }, later.faults);
  const joined = {
    ...later,
    outcomes,
    seconds: later.seconds + earlier.seconds,
    engine: later.engine ?? earlier.engine,
    restarts: later.restarts + earlier.restarts,
    recovered: new Set([
      ...earlier.recovered,
      ...later.recovered,
      ...[...(only ?? [])].filter((id) => later.outcomes.get(id) === "computed"),
    ]),
  };
  return settled(plan, joined, [...earlier.faults, ...later.faults]);
}

/** The same with these units left: they have no result after all. */
export function withoutOutcomes(
  plan: Plan,
  summary: ExecutionSummary,
  ids: { has(id: string): boolean },
): ExecutionSummary {
  const outcomes = new Map([...summary.outcomes].filter(([id]) => !ids.has(id)));
  return settled(plan, { ...summary, outcomes }, summary.faults);
}

/** The same with these units failed, each for its reason. */
export function withFaults(
  plan: Plan,
  summary: ExecutionSummary,
  reasons: ReadonlyMap<string, string>,
): ExecutionSummary {
  const outcomes = new Map(summary.outcomes);
  const faults: UnitFault[] = [];
  for (const { id: evaluation, units } of plan.evaluations) {
    for (const { id: unit } of units) {
      const message = reasons.get(unit);
      if (message === undefined || outcomes.get(unit) === "failed") continue;
      outcomes.set(unit, "failed");
      faults.push({ kind: "failed", evaluation, unit, message });
    }
  }
  return settled(plan, { ...summary, outcomes }, [...summary.faults, ...faults]);
}
