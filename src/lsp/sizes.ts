/** How much work the experiments of a protocol are: planned when somebody looks, kept with the analysis. */
import { availableParallelism } from "node:os";
import { hasErrors } from "../compiler/diagnostics/staged.js";
import type { Analysis, ExperimentSize, SizeOf } from "../compiler/ide/index.js";
import { planProtocol } from "../compiler/lower/plan.js";
import { createPlanMemory, graphFacts } from "../compiler/lower/plan-memory.js";
import type { Plan } from "../compiler/ir/plan.js";
import { createEngineKeeper } from "../runtime/engine/keeper.js";
import { measureSpeed } from "../runtime/estimate.js";
import { planOptions } from "../runtime/plan-run.js";
import { defaultBackend } from "../runtime/engine/backends/index.js";

const engine = {
  backend: defaultBackend,
  threads: 1,
  optimisation: "basic",
  prepacking: "short texts",
  tf32: false,
} as const;

/** An experiment that was planned by itself. */
interface Planned {
  readonly size: ExperimentSize;
  readonly plan: Plan;
}

/**
 * A function from analyses to the sizes of their experiments; none for a protocol with errors. Each experiment is planned by
 * itself: what several share counts for each of them, and nobody waits for the others. The speed of the machine is measured
 * once, when somebody looks for the first time, who sees no times yet.
 */
export function createSizes(): (analysis: Analysis) => SizeOf {
  const known = new WeakMap<Analysis, Map<string, Planned | null>>();
  let rate: number | null = null;
  let isMeasured = false;
  return (analysis) => (experiment) => {
    const own = known.get(analysis) ?? new Map<string, Planned | null>();
    known.set(analysis, own);
    const found = own.get(experiment);
    const planned = found === undefined ? plannedAlone(analysis, experiment) : found;
    own.set(experiment, planned);
    if (planned !== null && !isMeasured) {
      isMeasured = true;
      void matrixRate(planned.plan, analysis).then((measured) => (rate = measured));
    }
    return { size: planned?.size ?? null, rate };
  };
}

/** Floating-point operations per second; null where there is no engine: why, a run says. */
async function matrixRate(plan: Plan, { checked }: Analysis): Promise<number | null> {
  const keeper = createEngineKeeper({ engine: { ...engine, threads: availableParallelism() }, openWeightBytes: 0 });
  try {
    return (await measureSpeed(plan, checked.models, () => keeper.engine()))?.matrixRate ?? null;
  } catch {
    return null;
  } finally {
    await keeper.end();
  }
}

/** Plans one experiment, as if the others were not there; null for a protocol with errors. */
function plannedAlone({ checked, diagnostics }: Analysis, experiment: string): Planned | null {
  const { protocol, models } = checked;
  if (protocol === null || hasErrors(diagnostics)) return null;
  const studies = protocol.studies.filter((study) => study.experiment === experiment);
  if (studies.length === 0) return null;
  const alone = { ...protocol, studies, decisions: [], outputs: [] };
  const memory = createPlanMemory();
  const options = planOptions({ overrides: new Map(), engine, memoryBudget: 2 ** 30, verifyPasses: false });
  const { value: plan } = planProtocol(alone, models, { ...options, memory });
  const graphs = new Map(plan.graphs.map((graph) => [graph.id, graph]));
  let [layerRuns, flops] = [0, 0];
  for (const { study, units } of plan.evaluations) {
    if (study === null) continue;
    for (const unit of units) {
      const graph = graphs.get(unit.graph);
      const model = graph === undefined ? undefined : models.get(graph.model)?.graph;
      if (graph === undefined || model === undefined) continue;
      const work = graphFacts(memory, graph, model).work(unit.positions);
      layerRuns += unit.rows.length * work.layers;
      flops += unit.rows.length * work.flops;
    }
  }
  return { size: { layerRuns, flops }, plan };
}
