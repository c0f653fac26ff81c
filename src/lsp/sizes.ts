/** How much work the experiments of a protocol are: planned when somebody looks, kept with the analysis. */
import { availableParallelism } from "node:os";
import { hasErrors } from "../compiler/diagnostics/staged.js";
import type { Analysis, ExperimentSize, Sizes } from "../compiler/ide/index.js";
import { planProtocol } from "../compiler/lower/plan.js";
import { createPlanMemory, graphFacts } from "../compiler/lower/plan-memory.js";
import type { Plan } from "../compiler/ir/plan.js";
import { createEngineKeeper } from "../runtime/engine/keeper.js";
import { measureSpeed } from "../runtime/estimate.js";
import { planOptions } from "../runtime/plan-run.js";
import { defaultBackend } from "../runtime/engine/backends/index.js";

interface Planned {
  readonly experiments: ReadonlyMap<string, ExperimentSize>;
  readonly plan: Plan | null;
}

const engine = {
  backend: defaultBackend,
  threads: 1,
  optimisation: "basic",
  prepacking: "short texts",
  tf32: false,
} as const;

/**
 * A function from analyses to the sizes of their experiments; none for a protocol with errors. What several experiments share
 * counts for each of them. The speed of the machine is measured once, when somebody looks for the first time, who sees no
 * times yet.
 */
export function createSizes(): (analysis: Analysis) => Sizes {
  const known = new WeakMap<Analysis, Planned>();
  let rate: number | null = null;
  let isMeasured = false;
  return (analysis) => {
    const found = known.get(analysis) ?? planned(analysis);
    known.set(analysis, found);
    if (found.plan !== null && !isMeasured) {
      isMeasured = true;
      void matrixRate(found.plan, analysis).then((measured) => (rate = measured));
    }
    return { experiments: found.experiments, rate };
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

function planned({ checked, diagnostics }: Analysis): Planned {
  const { protocol, models } = checked;
  if (protocol === null || hasErrors(diagnostics)) return { experiments: new Map(), plan: null };
  const memory = createPlanMemory();
  const options = planOptions({ overrides: new Map(), engine, memoryBudget: 2 ** 30, verifyPasses: false });
  const { value: plan } = planProtocol(protocol, models, { ...options, memory });
  const graphs = new Map(plan.graphs.map((graph) => [graph.id, graph]));
  const sizes = new Map<string, ExperimentSize>();
  for (const { study, units } of plan.evaluations) {
    const name = study === null ? undefined : protocol.studies[study]?.experiment;
    if (name === undefined) continue;
    let { layerRuns, flops } = sizes.get(name) ?? { layerRuns: 0, flops: 0 };
    for (const unit of units) {
      const graph = graphs.get(unit.graph);
      const model = graph === undefined ? undefined : models.get(graph.model)?.graph;
      if (graph === undefined || model === undefined) continue;
      const work = graphFacts(memory, graph, model).work(unit.positions);
      layerRuns += unit.rows.length * work.layers;
      flops += unit.rows.length * work.flops;
    }
    sizes.set(name, { layerRuns, flops });
  }
  return { experiments: sizes, plan };
}
