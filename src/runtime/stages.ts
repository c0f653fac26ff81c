/**
 * A run in stages: conditions that an experiment's result decides are made when that result is there, and then the plan
 * is made again with them. What is in the store is not computed again. A stage is over when all its rows are there, or
 * it is known why not: units that vanish from the store before they are read are computed again.
 */
import type { Plan } from "../compiler/ir/plan.js";
import type { Protocol } from "../compiler/ir/protocol.js";
import { planProtocol, type PlanOptions } from "../compiler/lower/plan.js";
import type { OpenedModel } from "../compiler/models/model.js";
import type { Assembled } from "../compiler/results/assemble.js";
import { resolveStudies } from "../compiler/results/deferred.js";
import { askedRows } from "../compiler/results/asked-rows.js";
import { hasErrors } from "../compiler/diagnostics/staged.js";
import type { ExecutionSummary } from "./execution.js";
import { joinedExecutions, withFaults, withoutOutcomes } from "./executions.js";
import { recoveries } from "./unit-outcomes.js";

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

/** The rows of a stage as far as its units could be read. */
export interface StageRows {
  readonly assembled: Assembled;
  /** The units that could not be, by their ids: why not, in a sentence. */
  readonly unread: ReadonlyMap<string, string>;
}

/** How one stage is executed and its results read. */
export interface StageRunner {
  /** Executes the plan of a stage; with `only`, no more of it than these units. */
  readonly execute: (stage: Stage, only?: ReadonlySet<string>) => Promise<ExecutionSummary>;
  readonly assemble: (stage: Stage, summary: ExecutionSummary) => Promise<StageRows>;
}

/**
 * Runs stage after stage until every condition is decided, or something is missing to decide it. The summary is that of
 * the last stage's plan: a unit of it that any stage computed counts as computed. Throws when rows are missing without a
 * reason (a fault of ours).
 */
export async function executeStages(
  first: Stage,
  models: ReadonlyMap<string, OpenedModel>,
  options: PlanOptions,
  runner: StageRunner,
): Promise<StagesOutcome> {
  const selections: string[] = [];
  const problems: string[] = [];
  const warnings: string[] = [];
  let stage = first;
  let { summary, assembled } = await executeWhole(stage, null, runner);
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
    ({ summary, assembled } = await executeWhole(stage, summary, runner));
  }
  // The others go on where one experiment could not choose; but what was asked for is not all there.
  if (problems.length > 0 && summary.status === "finished") {
    summary = { ...summary, status: "failed", stopped: problems.join(" ") };
  }
  return { ...stage, summary, assembled, selections, warnings };
}

/** Executes a stage and reads its rows, as often as it takes for every finished unit to be read, within reason. */
async function executeWhole(
  stage: Stage,
  earlier: ExecutionSummary | null,
  { execute, assemble }: StageRunner,
): Promise<{ readonly summary: ExecutionSummary; readonly assembled: Assembled }> {
  const { plan } = stage;
  let summary = joinedExecutions(plan, earlier, await execute(stage));
  for (let round = 0; ; round += 1) {
    const { assembled, unread } = await assemble(stage, summary);
    const lost = new Map([...unread].filter(([id]) => isFinished(summary, id)));
    if (lost.size === 0) {
      checkRows(stage, summary, assembled);
      return { summary, assembled };
    }
    if (summary.status === "interrupted") {
      // Nobody waits for them to be computed again: they are left, and their rows are not there.
      return { summary: withoutOutcomes(plan, summary, lost), assembled };
    }
    if (summary.stopped !== null || round >= recoveries) summary = withFaults(plan, summary, lost);
    else {
      const only = new Set(lost.keys());
      summary = joinedExecutions(plan, summary, await execute(stage, only), only);
      // A store that stops the run has their rows all the same, with the reason.
      if (summary.status === "failed" && summary.stopped !== null) {
        const left = new Map([...lost].filter(([id]) => !summary.outcomes.has(id)));
        summary = withFaults(plan, summary, left);
      }
    }
  }
}

function isFinished({ outcomes }: ExecutionSummary, id: string): boolean {
  const outcome = outcomes.get(id);
  return outcome === "computed" || outcome === "reused";
}

/** A run that came to its end has a row for everything that was asked, if only to say why there is no number. */
function checkRows({ protocol, plan }: Stage, { status, stopped }: ExecutionSummary, { rows }: Assembled): void {
  if (status === "interrupted" || stopped !== null) return;
  const asked = askedRows(protocol, plan);
  if (rows.length !== asked) throw new RangeError(`${asked} rows were asked for, and ${rows.length} are there`);
}
