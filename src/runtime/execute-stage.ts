/** Executing one stage of a run: its plan lowered, cut and fed, with what the stages of the run have in common. */
import type { GraphPlan, Plan } from "../compiler/ir/plan.js";
import type { Protocol } from "../compiler/ir/protocol.js";
import { lowerGraph } from "../compiler/lower/graph.js";
import { modelBytes } from "../compiler/lower/plan.js";
import { planSegments } from "../compiler/lower/segments.js";
import type { OpenedModel as CheckedModel } from "../compiler/models/model.js";
import type { Graph } from "../compiler/onnx/graph.js";
import { missingUnits, type RunEstimator } from "./estimate.js";
import { executePlan } from "./execute.js";
import type { ExecutePlanOptions, ExecutionSummary } from "./execution.js";
import type { EngineKeeper } from "./engine/keeper.js";
import { createFeeds } from "./feeds.js";
import type { Loaded } from "./load-protocol.js";
import type { WeightsGuard } from "./models/weights-guard.js";
import type { ReadModel } from "./models/read-model.js";
import { once } from "./once.js";
import { preparedSegments } from "./prepared-segments.js";
import type { Stage } from "./stages.js";

/** What the stages of a run have in common. */
export interface RunSurroundings extends Pick<
  ExecutePlanOptions,
  "store" | "engine" | "signal" | "onUnit" | "onProgress"
> {
  readonly loaded: Pick<Loaded<ReadModel>, "models">;
  readonly models: ReadonlyMap<string, CheckedModel>;
  /** Absent: how long it takes is not estimated. */
  readonly estimator?: RunEstimator;
  readonly keeper: EngineKeeper;
  readonly guard: WeightsGuard;
}

/** Executes the plan of one stage; with `only`, no more of it than these units. */
export async function executeStage(
  { protocol, plan }: Stage,
  { loaded, models, estimator, guard, ...surroundings }: RunSurroundings,
  only?: ReadonlySet<string>,
): Promise<ExecutionSummary> {
  const { store, engine } = surroundings;
  const graphs = loweredGraphs(plan, models);
  // A run that finds all its units in the store needs no graph.
  const segments = once(() => planSegments(plan, graphs, (model) => required(models.get(model), model).graph));
  if (estimator !== undefined && only === undefined) {
    await estimator.addStage({ plan, missing: await missingUnits(plan, store), segments });
  }
  const prepared = once(() => preparedSegments(plan, segments(), loaded.models, engine.backend.capabilities));
  const feeds = createFeeds(protocol, plan, (model) => required(models.get(model), model).signature);
  return await executePlan({
    ...surroundings,
    plan,
    ...(only === undefined ? {} : { only }),
    prepare: {
      problemOf: guard,
      segments: ({ graph, prepacked }) => prepared().get(graph)?.(prepacked) ?? [],
      feedsOf: (evaluation, unit, readUnit) =>
        feeds.feedsOf(
          evaluation,
          unit,
          graphs(unit.graph).inputs.map((input) => input.name),
          readUnit,
        ),
    },
  });
}

/**
 * Bytes of weights that a run keeps in open sessions. A run may take 1.3 times the weights of its models and the budget
 * for activations: every weight can stay open once, and there is some room for sessions that overlap. Small models get
 * 256 MiB, so that all their graphs stay open.
 */
export function openWeightBytes(protocol: Protocol, models: ReadonlyMap<string, CheckedModel>): number {
  const weights = protocol.models.reduce((sum, { id }) => sum + modelBytes(required(models.get(id), id)), 0);
  return Math.max(256 * 2 ** 20, 1.3 * weights);
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new RangeError(`the model ${name} is not open`);
  return value;
}

/** Lowers each graph of a plan once, when it is first asked for. */
export function loweredGraphs(plan: Plan, models: ReadonlyMap<string, CheckedModel>): (id: string) => Graph {
  const plans = new Map<string, GraphPlan>(plan.graphs.map((graph) => [graph.id, graph]));
  const lowered = new Map<string, Graph>();
  return (id) => {
    const known = lowered.get(id);
    if (known !== undefined) return known;
    const graph = plans.get(id);
    if (graph === undefined) throw new RangeError(`the plan has no graph ${id}`);
    const made = lowerGraph(required(models.get(graph.model), graph.model).graph, graph);
    lowered.set(id, made);
    return made;
  };
}
