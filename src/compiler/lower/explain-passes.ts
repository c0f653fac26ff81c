/** What each pass saves: the protocol planned without passes, with the first, with the first two, and so on. */
import type { OpenedModel } from "../models/model.js";
import type { GraphPlan, Plan } from "../ir/plan.js";
import type { Protocol } from "../ir/protocol.js";
import type { Graph } from "../onnx/graph.js";
import { passNames, type PassName } from "../passes/names.js";
import { pipeline } from "../passes/pipeline.js";
import { estimateSeconds, openedSessions, openingOf, type Opening, type Speed, type Work } from "./estimate.js";
import { lowerGraph } from "./graph.js";
import { createPlanMemory, graphFacts, type PlanMemory } from "./plan-memory.js";
import { planProtocol, type PlanOptions } from "./plan.js";
import { planSegments } from "./segments.js";

/** A plan in numbers; or the difference of two plans. */
export interface PlanWork extends Work {
  /** Rows × layers that each passes through. */
  readonly layerRuns: number;
  /** Bytes of activations of the batch that takes most. */
  readonly activationBytes: number;
  /** About; null when it is not known how fast the machine is. */
  readonly seconds: number | null;
}

export interface PassSaving {
  readonly name: PassName;
  /** What it does, as the end of the sentence "this pass …". */
  readonly does: string;
  /** False when it was left out. */
  readonly applied: boolean;
  /**
   * By how much the plan of the passes before it is more than that with it; all 0 when it is left out. Negative where a
   * pass takes more of one thing to save another.
   */
  readonly saved: PlanWork;
}

/** `naive` less what every pass saved is `planned`. */
export interface PassSavings {
  /** Every condition from the tokens to the logits, in batches of its own. */
  readonly naive: PlanWork;
  readonly passes: readonly PassSaving[];
  /** The plan that will run. */
  readonly planned: PlanWork;
}

type Models = ReadonlyMap<string, OpenedModel>;

/**
 * What each of the chosen passes saves on top of those before it. `plan` is the protocol's with these options. Plans that would not fit into the memory budget count
 * with one that is just large enough. `speed`: null when times are not known.
 */
export function explainPasses(
  protocol: Protocol,
  plan: Plan,
  models: Models,
  options: PlanOptions,
  speed: Speed | null,
): PassSavings {
  const memory = options.memory ?? createPlanMemory();
  const chosen = new Set(options.passes ?? passNames);
  const workWith = (applied: readonly PassName[]): PlanWork => {
    const made =
      applied.length === chosen.size ? plan : fittingPlan(protocol, models, { ...options, memory, passes: applied });
    return planWork(made, models, memory, speed);
  };
  const naive = workWith([]);
  let applied: readonly PassName[] = [];
  let planned = naive;
  const savings = pipeline.map(({ name, does }): PassSaving => {
    const before = planned;
    if (chosen.has(name)) {
      applied = [...applied, name];
      planned = workWith(applied);
    }
    return { name, does, applied: chosen.has(name), saved: difference(before, planned) };
  });
  return { naive, passes: savings, planned };
}

/** Twice the budget, until every row fits. */
function fittingPlan(protocol: Protocol, models: Models, options: PlanOptions): Plan {
  const { value, diagnostics } = planProtocol(protocol, models, options);
  if (!diagnostics.some(({ code }) => code === "A5004")) return value;
  return fittingPlan(protocol, models, { ...options, memoryBudget: 2 * options.memoryBudget });
}

function planWork(plan: Plan, models: Models, memory: PlanMemory, speed: Speed | null): PlanWork {
  const { layerRuns, flops, peakActivationBytes, units } = plan.cost;
  const work = { flops, units, ...openingOfPlan(plan, models, memory) };
  const seconds = speed === null ? null : estimateSeconds(work, speed);
  return { layerRuns, activationBytes: peakActivationBytes, seconds, ...work };
}

function openingOfPlan(plan: Plan, models: Models, memory: PlanMemory): Opening {
  const modelOf = (id: string): OpenedModel["graph"] => {
    const model = models.get(id);
    if (model === undefined) throw new RangeError(`the model ${id} is not open`);
    return model.graph;
  };
  const { graphs, cuts } = plan;
  const plans = new Map(graphs.map((graph) => [graph.id, graph]));
  const planOf = (id: string): GraphPlan => {
    const graph = plans.get(id);
    if (graph === undefined) throw new RangeError(`the plan has no graph ${id}`);
    return graph;
  };
  const units = plan.evaluations.flatMap((evaluation) => evaluation.units);
  if (Object.keys(cuts).length > 0) {
    const lowered = (id: string): Graph => lowerGraph(modelOf(planOf(id).model), planOf(id));
    return openedSessions(graphs, units, planSegments(plan, lowered, modelOf));
  }
  // Where nothing is cut, what is known of the graphs is enough, and none of them is made again.
  const kinds = new Map(units.map((unit) => [`${unit.graph} ${unit.prepacked}`, unit]));
  return openingOf(
    [...kinds.values()].map(({ graph: id, prepacked }) => {
      const graph = planOf(id);
      return { bytes: graphFacts(memory, graph, modelOf(graph.model)).weightBytes, prepacked };
    }),
  );
}

function difference(before: PlanWork, after: PlanWork): PlanWork {
  return {
    layerRuns: before.layerRuns - after.layerRuns,
    flops: before.flops - after.flops,
    activationBytes: before.activationBytes - after.activationBytes,
    openedWeightBytes: before.openedWeightBytes - after.openedWeightBytes,
    preparedWeightBytes: before.preparedWeightBytes - after.preparedWeightBytes,
    sessions: before.sessions - after.sessions,
    units: before.units - after.units,
    seconds: before.seconds === null || after.seconds === null ? null : before.seconds - after.seconds,
  };
}
