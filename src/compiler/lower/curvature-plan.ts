/** Plans second derivatives with respect to weights: a block for each layer, and the texts in batches. */
import { hessianProducts } from "../autodiff/hessian-products.js";
import { weightBlock, type WeightBlock } from "../autodiff/weight-blocks.js";
import { digestOf } from "../base/digest.js";
import { diagnostic } from "../diagnostics/create.js";
import type { Curvature } from "../ir/curvature.js";
import type { CurvaturePlan, Evaluation, GraphOutput, GraphPlan, GraphSettings } from "../ir/plan.js";
import type { Protocol, Study, TokenizedTexts } from "../ir/protocol.js";
import { extentSize } from "../ir/tensor-type.js";
import type { ModelGraph, OpenedModel } from "../models/model.js";
import type { Graph } from "../onnx/graph.js";
import { batchRows, noCost, type BatchContext } from "./batches.js";
import { arenaBytes, type RowWork } from "./cost.js";
import { chunkPositions } from "../passes/stream-loss.js";
import { graphPlan } from "./graph-plan.js";
import { lowerGraph } from "./graph.js";
import { peakBytesOf, productFlopsOf } from "./liveness.js";

/** Version of how products are made and added up, a part of every product's identity. */
const productVersion = 3;

/** What planning a curvature takes from the plan that it belongs to. */
export interface CurvaturePlanning {
  readonly modelOf: (id: string) => OpenedModel;
  readonly textsOf: (name: string, model: string) => TokenizedTexts;
  readonly settings: (texts: TokenizedTexts) => GraphSettings;
  readonly batch: BatchContext;
}

/** The curvatures of all studies; what does not fit into memory is reported, before anything runs. */
export function planCurvatures({ studies }: Protocol, planning: CurvaturePlanning): readonly CurvaturePlan[] {
  return studies.flatMap((study, index) => {
    const { curvature } = study;
    if (curvature === undefined) return [];
    const work = new Map<string, (positions: number) => RowWork>();
    return curvature.layers.flatMap((layer) => planBlock(planning, study, index, curvature, layer, work) ?? []);
  });
}

function planBlock(
  { modelOf, textsOf, settings, batch }: CurvaturePlanning,
  study: Study,
  index: number,
  curvature: Curvature,
  layer: number | null,
  known: Map<string, (positions: number) => RowWork>,
): CurvaturePlan | null {
  const model = modelOf(study.model);
  const texts = textsOf(study.texts, study.model);
  const block = blockOf(model.graph, curvature, layer);
  const size = blockSize(block);
  const vectors = 8 * size * (Math.min(curvature.steps, size) + 4);
  if (vectors > batch.memoryBudget) {
    const megabytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MB`;
    const { experiment } = study;
    const parameters = { experiment, needed: megabytes(vectors), budget: megabytes(batch.memoryBudget) };
    const hint = `a block has ${size} parameters: ask for fewer steps, or give it more with --memory`;
    batch.report(diagnostic("A5020", curvature.span, parameters, { hint }));
    return null;
  }
  const graph = graphPlan({
    model: study.model,
    weights: model.facts.digest,
    start: 0,
    inputs: [],
    gates: [],
    expressions: [curvature.expression],
    // A body that reads the unembedding has no derivative with respect to it.
    settings: { ...settings(texts), whole: false, ...(holdsTables(curvature) ? { streamLoss: false } : {}) },
  });
  const conditions = [{ coordinates: {}, writes: [] }];
  const rows = texts.prompts.map((_, prompt) => ({ prompt, condition: 0 }));
  const { signature } = model;
  // What the rows of a study cost is counted for its units, of which a curvature has none.
  const own = { ...batch, cost: noCost(), counted: new Set<string>() };
  const [first = null] = curvature.layers;
  const work = known.get(graph.id) ?? workOfProducts(model.graph, graph, curvature, { layer: first, size });
  known.set(graph.id, work);
  const units = batchRows(own, { graph, work, signature, texts, conditions, rows, given: [] });
  const batches: Evaluation = {
    id: digestOf(["curvature", study.experiment, study.model, study.texts, layer, units.map(({ id }) => id)]),
    purpose: "capture",
    study: null,
    texts: study.texts,
    model: study.model,
    conditions,
    units,
    unaffected: [],
    needs: [],
  };
  const id = digestOf({ productVersion, part: curvature.part, layer, units: units.map((unit) => unit.id) });
  const entries = texts.prompts.map(({ ids }) =>
    curvature.type.axes.reduce((product, { extent }) => product * extentSize(extent, ids.length), 1),
  );
  const { heads } = block;
  return {
    id,
    study: index,
    layer,
    size,
    heads,
    graph,
    batches,
    values: entries.reduce((sum, count) => sum + count, 0),
    products: productsAtMost(curvature, size, heads?.count ?? 0),
    cost: { flops: own.cost.flops, peakActivationBytes: own.cost.peakActivationBytes, vectorBytes: vectors },
  };
}

/** How many products are asked for unless a Lanczos iteration ends before. Trace and density begin with the same ones. */
function productsAtMost(
  { top, trace, density, coupling, probes, steps }: Curvature,
  size: number,
  heads: number,
): number {
  const most = Math.min(steps, size);
  const each = (trace || density ? 1 : 0) + (density ? most - 1 : 0) + (coupling ? heads : 0);
  return (top === null ? 0 : most + top) + probes * each;
}

function blockOf(model: ModelGraph, { part }: Pick<Curvature, "part">, layer: number | null): WeightBlock {
  const block = weightBlock(model, part, layer);
  if (typeof block === "string") throw new RangeError(`the block was checked: ${block}`);
  return block;
}

function holdsTables({ part }: Curvature): boolean {
  return part === "all" || part === "embeddings";
}

function blockSize({ weights }: WeightBlock): number {
  return weights.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
}

/**
 * The work of a row of products, from the graph that makes them. That of another layer is one more with the same operators: the
 * first layer's takes the most, and is made once for all.
 */
function workOfProducts(
  model: ModelGraph,
  graph: GraphPlan,
  curvature: Curvature,
  { layer, size }: { readonly layer: number | null; readonly size: number },
): (positions: number) => RowWork {
  const made = productGraph(model, { graph, layer }, curvature).graph;
  const [held, flops] = [peakBytesOf(made, chunkPositions(model.signature.vocab)), productFlopsOf(made)];
  const { layers } = model.signature;
  // Directions and products beside the activations, where they are fed and where they are fetched.
  return (positions) => ({
    flops: flops(1, positions),
    bytes: (rows) => arenaBytes(held(rows, positions)) + 16 * size,
    layers,
  });
}

/** The graph of a block's products with its weights: made when they are first needed. */
export function productGraph(
  model: ModelGraph,
  { graph: plan, layer }: Pick<CurvaturePlan, "graph" | "layer">,
  curvature: Pick<Curvature, "part">,
): { readonly graph: Graph; readonly block: WeightBlock } {
  const block = blockOf(model, curvature, layer);
  const measured = lowerGraph({ ...model, graph: block.graph }, plan);
  const { name, fault } = measureOf(plan);
  return { graph: hessianProducts(measured, name, block.weights, [name, ...(fault === null ? [] : [fault])]), block };
}

/** What a curvature differentiates: its graph yields the measure's values beside the products, and why there are none. */
export function measureOf({ outputs }: GraphPlan): GraphOutput {
  const [output] = outputs;
  if (output === undefined) throw new RangeError("a curvature differentiates a measure");
  return output;
}
