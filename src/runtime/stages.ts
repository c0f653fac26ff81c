/**
 * A run in stages: conditions that an experiment's result decides are made when that result is there, and then the plan
 * is made again with them. What is in the store is not computed again.
 */
import type { Plan } from "../compiler/ir/plan.js";
import type { Protocol } from "../compiler/ir/protocol.js";
import { planProtocol, type PlanOptions } from "../compiler/lower/plan.js";
import type { OpenedModel } from "../compiler/check/check.js";
import type { Assembled } from "../compiler/results/assemble.js";
import { resolveStudies } from "../compiler/results/deferred.js";
import { hasErrors } from "../compiler/diagnostics/staged.js";
import type { ExecutionSummary } from "./execute.js";

/** A protocol as far as it is decided, with its plan. */
export interface Stage {
  readonly protocol: Protocol;
  readonly plan: Plan;
}

export interface StagesOutcome extends Stage {
  readonly summary: ExecutionSummary;
  readonly assembled: Assembled;
  /** What was chosen by results, and what could not be: sentences for the record. */
  readonly selections: readonly string[];
  /** What a reader of these selections must know. */
  readonly warnings: readonly string[];
}

/** How one stage is executed and its results read. */
export interface StageRunner {
  readonly execute: (stage: Stage) => Promise<ExecutionSummary>;
  readonly assemble: (stage: Stage, summary: ExecutionSummary) => Promise<Assembled>;
}

/** Runs stage after stage until every condition is decided, or something is missing to decide it. */
export async function executeStages(
  first: Stage,
  models: ReadonlyMap<string, OpenedModel>,
  options: PlanOptions,
  { execute, assemble }: StageRunner,
): Promise<StagesOutcome> {
  const selections: string[] = [];
  const problems: string[] = [];
  const warnings: string[] = [];
  let stage = first;
  let summary = await execute(stage);
  let assembled = await assemble(stage, summary);
  while (summary.status === "finished") {
    const resolved = resolveStudies(stage.protocol, assembled.rows, models);
    if (resolved === null) break;
    selections.push(...resolved.selections);
    problems.push(...resolved.problems);
    warnings.push(...resolved.warnings);
    const planned = planProtocol(resolved.protocol, models, options);
    if (hasErrors(planned.diagnostics)) {
      const stopped = planned.diagnostics.map((d) => d.message).join("; ");
      return { ...stage, summary: { ...summary, status: "failed", stopped }, assembled, selections, warnings };
    }
    stage = { protocol: resolved.protocol, plan: planned.value };
    summary = together(summary, await execute(stage));
    assembled = await assemble(stage, summary);
  }
  // The others go on where one experiment could not choose; but what was asked for is not all there.
  if (problems.length > 0 && summary.status === "finished") {
    summary = { ...summary, status: "failed", stopped: problems.join(" ") };
  }
  return { ...stage, summary, assembled, selections, warnings };
}

/** Two executions as one: the later one found in the store what the earlier one had computed. */
function together(earlier: ExecutionSummary, later: ExecutionSummary): ExecutionSummary {
  const { computed } = earlier.units;
  return {
    ...later,
    units: {
      ...later.units,
      computed: later.units.computed + computed,
      reused: Math.max(0, later.units.reused - computed),
    },
    rowsComputed: later.rowsComputed + earlier.rowsComputed,
    seconds: later.seconds + earlier.seconds,
    engine: later.engine ?? earlier.engine,
    restarts: later.restarts + earlier.restarts,
  };
}
