/** How long a run will take, said before it: its arithmetic over the rate at which this machine multiplies matrices. */
import type { OpenedModel } from "../compiler/models/model.js";
import type { GraphPlan, Plan, Unit } from "../compiler/ir/plan.js";
import { estimateSeconds, openedSessions, type Speed, type Work } from "../compiler/lower/estimate.js";
import { graphFacts, type PlanMemory } from "../compiler/lower/plan-memory.js";
import type { Segment } from "../compiler/lower/segments.js";
import { EngineFault } from "./engine/fault.js";
import { measureMatrixRate, type MatrixProduct } from "./engine/matrix-rate.js";
import type { Engine } from "./engine/engine.js";
import { StoreFault } from "./store/fault.js";
import type { RecordedEstimate } from "./store/record.js";
import type { UnitStore } from "./store/units.js";

/** Tokens of a product that are enough for its rate not to depend on them. */
const enoughRows = 512;

/** Sides of a weight that are enough, so that measuring stays short. */
const enoughWidth = 1024;

/** What takes a second and is more than this is computed by a device, for which typical products are too small to be measured. */
const deviceFlops = 1e12;

/** Products of some milliseconds on a device. */
const deviceProduct: MatrixProduct = { rows: 4096, inner: 2048, columns: 2048, prepacked: false, repeated: 7 };

/**
 * The speed of this machine for a plan: the rate of one product of the size that its largest model has most of. Null
 * when nothing is planned. Takes some 50 ms in the engine that `engine` gives. `unitFlops`: what it does in about a second.
 *
 * @throws EngineFault when the engine cannot be started or ends
 */
export async function measureSpeed(
  plan: Plan,
  models: ReadonlyMap<string, OpenedModel>,
  engine: () => Promise<Engine>,
  unitFlops = 0,
): Promise<Speed | null> {
  const typical = typicalProduct(plan, models);
  const product = typical !== null && unitFlops >= deviceFlops ? deviceProduct : typical;
  if (product === null) return null;
  const { rate } = await measureMatrixRate(await engine(), [product]);
  return { matrixRate: rate };
}

function typicalProduct({ graphs, evaluations }: Plan, models: ReadonlyMap<string, OpenedModel>): MatrixProduct | null {
  const signatures = [...new Set(graphs.map(({ model }) => model))].flatMap((id) => models.get(id)?.signature ?? []);
  const [first, ...others] = signatures;
  if (first === undefined) return null;
  const largest = others.reduce(
    (most, own) => (own.dModel * own.neurons > most.dModel * most.neurons ? own : most),
    first,
  );
  const units = evaluations.flatMap((evaluation) => evaluation.units);
  const tokensOf = ({ rows, positions }: Unit): number => rows.length * positions;
  const fullest = units.reduce<Unit | null>(
    (most, unit) => (most === null || tokensOf(unit) > tokensOf(most) ? unit : most),
    null,
  );
  return {
    rows: Math.min(enoughRows, fullest === null ? 1 : tokensOf(fullest)),
    inner: Math.min(enoughWidth, largest.dModel),
    columns: Math.min(enoughWidth, largest.neurons),
    prepacked: fullest?.prepacked ?? false,
  };
}

/** Collects what the stages of a run have to compute. */
export interface RunEstimator {
  /** Called before a stage is executed, with the units that the store lacks. */
  addStage(stage: EstimatedStage): Promise<void>;
  /** Null when the work was too little to measure for, nothing was missing, or the rate could not be measured. */
  estimate(): RecordedEstimate | null;
}

export interface EstimatedStage {
  readonly plan: Plan;
  readonly missing: readonly Unit[];
  /** Asked for only when something is missing. */
  readonly segments: () => ReadonlyMap<string, readonly Segment[]>;
}

/**
 * The machine's rate is measured when a run's work reaches `fromFlops`, once. Whatever keeps the engine from starting
 * also stops the run, which then says so.
 */
export function createRunEstimator(
  models: ReadonlyMap<string, OpenedModel>,
  memory: PlanMemory,
  { engine, fromFlops, unitFlops }: { engine: () => Promise<Engine>; fromFlops: number; unitFlops?: number },
): RunEstimator {
  let work: Work = { flops: 0, sessions: 0, openedWeightBytes: 0, preparedWeightBytes: 0, units: 0 };
  let speed: Speed | null = null;
  return {
    addStage: async ({ plan, missing, segments }) => {
      if (missing.length === 0) return;
      const { sessions, openedWeightBytes, preparedWeightBytes } = openedSessions(plan.graphs, missing, segments());
      work = {
        flops: work.flops + missingFlops(plan.graphs, missing, models, memory),
        sessions: work.sessions + sessions,
        openedWeightBytes: work.openedWeightBytes + openedWeightBytes,
        preparedWeightBytes: work.preparedWeightBytes + preparedWeightBytes,
        units: work.units + missing.length,
      };
      if (speed !== null || work.flops < fromFlops) return;
      try {
        speed = await measureSpeed(plan, models, engine, unitFlops);
      } catch (error) {
        if (!(error instanceof EngineFault)) throw error;
      }
    },
    estimate: () =>
      speed === null
        ? null
        : { flops: work.flops, matrixRate: speed.matrixRate, seconds: estimateSeconds(work, speed) },
  };
}

/** Units of a plan that the store lacks, each once; none when it cannot be read, which executing the plan will say. */
export async function missingUnits(plan: Plan, store: UnitStore): Promise<readonly Unit[]> {
  const units = new Map(plan.evaluations.flatMap((evaluation) => evaluation.units).map((unit) => [unit.id, unit]));
  const missing: Unit[] = [];
  try {
    for (const unit of units.values()) if (!(await store.has(unit.id))) missing.push(unit);
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error;
    return [];
  }
  return missing;
}

function missingFlops(
  graphs: readonly GraphPlan[],
  missing: readonly Unit[],
  models: ReadonlyMap<string, OpenedModel>,
  memory: PlanMemory,
): number {
  return graphs.reduce((sum, graph) => {
    const own = missing.filter((unit) => unit.graph === graph.id);
    if (own.length === 0) return sum;
    const model = models.get(graph.model);
    if (model === undefined) throw new RangeError(`the model ${graph.model} is not open`);
    const { work } = graphFacts(memory, graph, model.graph);
    return own.reduce((flops, { rows, positions }) => flops + rows.length * work(positions).flops, sum);
  }, 0);
}
