/** Plans second derivatives with respect to weights: a block for each layer, and the texts in batches. */
import { gaussNewtonProducts } from "../autodiff/gauss-newton.js";
import { hessianProducts } from "../autodiff/hessian-products.js";
import { weightBlock, type WeightBlock } from "../autodiff/weight-blocks.js";
import { digestOf } from "../base/digest.js";
import { rememberedIn } from "../base/remembered.js";
import { diagnostic } from "../diagnostics/create.js";
import type { Curvature } from "../ir/curvature.js";
import type { CurvaturePlan, Evaluation, GraphOutput, GraphPlan, GraphSettings } from "../ir/plan.js";
import type { Protocol, Study, TokenizedTexts } from "../ir/protocol.js";
import { extentSize } from "../ir/tensor-type.js";
import type { ModelGraph, OpenedModel } from "../models/model.js";
import { siteKey } from "../models/sites.js";
import type { Graph } from "../onnx/graph.js";
import { blockNormProducts, type EntryGroups } from "../statistics/block-norms.js";
import type { HessianQuestion } from "../statistics/hessian.js";
import { batchRows, noCost, type BatchContext } from "./batches.js";
import { arenaBytes, type RowWork } from "./cost.js";
import { chunkPositions } from "../passes/stream-loss.js";
import { graphPlan } from "./graph-plan.js";
import { lowerGraph } from "./graph.js";
import { peakBytesOf, productFlopsOf } from "./liveness.js";

/** How much longer than another unit's a batch of products may take. */
const longBatches = 4;

/** Version of how products are made and added up, a part of every product's identity. */
const productVersion = 4;

/** What planning a curvature takes from the plan that it belongs to. */
export interface CurvaturePlanning {
  readonly modelOf: (id: string) => OpenedModel;
  readonly textsOf: (name: string, model: string) => TokenizedTexts;
  readonly settings: (texts: TokenizedTexts) => GraphSettings;
  readonly batch: BatchContext;
}

/** The curvatures of all studies; what does not fit into memory is reported, before anything runs. */
export function planCurvatures(
  { studies, outputs }: Pick<Protocol, "studies" | "outputs">,
  planning: CurvaturePlanning,
): readonly CurvaturePlan[] {
  const savedOf = eigenvectorsSaved(outputs);
  return studies.flatMap((study, index) => {
    const { curvature } = study;
    if (curvature === undefined) return [];
    const work = new Map<string, (positions: number) => RowWork>();
    const plans = blocksOf(curvature).flatMap(
      (block) => planBlock(planning, study, index, curvature, block, work) ?? [],
    );
    const entries = plans.reduce((sum, { size, asked }) => sum + size * (asked.top ?? 0), 0);
    const bytes = 4 * entries + Math.max(0, ...plans.map(({ cost }) => cost.vectorBytes));
    if (!savedOf.has(study.experiment) || bytes <= planning.batch.memoryBudget) return plans;
    const hint = "save the eigenvectors of fewer blocks, or fewer of them, or give it more with --memory";
    refuse(planning, study, curvature, bytes, hint);
    return [];
  });
}

/** The experiments whose eigenvectors are saved: they are kept until the run ends. */
export function eigenvectorsSaved(outputs: Protocol["outputs"]): ReadonlySet<string> {
  return new Set(outputs.flatMap((output) => (output.kind === "save" && output.eigenvectors ? [output.name] : [])));
}

function refuse(
  { batch }: CurvaturePlanning,
  { experiment }: Study,
  { span }: Curvature,
  bytes: number,
  hint: string,
): void {
  const megabytes = (count: number): string => `${Math.ceil(count / 2 ** 20)} MB`;
  const parameters = { experiment, needed: megabytes(bytes), budget: megabytes(batch.memoryBudget) };
  batch.report(diagnostic("A5020", span, parameters, { hint }));
}

/** A block, and what is asked of it. */
interface AskedBlock {
  readonly layer: number | null;
  readonly members: readonly number[] | null;
  readonly asked: HessianQuestion;
}

/**
 * A block for each layer; where heads are named one for each of them, and for what is between them one of all the heads of
 * a layer.
 */
function blocksOf(curvature: Curvature): readonly AskedBlock[] {
  const { layers, heads, top, trace, density, coupling, probes, steps, seed } = curvature;
  const asked: HessianQuestion = { top, trace, density, coupling, probes, steps, seed };
  if (heads === null) return layers.map((layer) => ({ layer, members: null, asked }));
  const alone = top !== null || trace || density;
  return layers.flatMap((layer, i): readonly AskedBlock[] => {
    const members = heads[i] ?? [];
    const ofHead = { ...asked, coupling: false };
    const between = { ...asked, top: null, trace: false, density: false };
    return [
      ...(alone ? members.map((head) => ({ layer, members: [head], asked: ofHead })) : []),
      ...(coupling ? [{ layer, members, asked: between }] : []),
    ];
  });
}

function planBlock(
  planning: CurvaturePlanning,
  study: Study,
  index: number,
  curvature: Curvature,
  { layer, members, asked }: AskedBlock,
  known: Map<string, (positions: number) => RowWork>,
): CurvaturePlan | null {
  const { modelOf, textsOf, settings, batch } = planning;
  const model = modelOf(study.model);
  const texts = textsOf(study.texts, study.model);
  const block = blockOf(model.graph, curvature, layer);
  const whole = blockSize(block);
  const { heads } = block;
  const size = members === null || heads === null ? whole : (whole / heads.count) * members.length;
  const kept = asked.top === null && !asked.density ? 0 : Math.min(asked.steps, size);
  const vectors = 8 * size * (kept + 4);
  if (vectors > batch.memoryBudget) {
    const hint = `a block has ${size} parameters: ask for fewer steps, or give it more with --memory`;
    refuse(planning, study, curvature, vectors, hint);
    return null;
  }
  const graph = graphPlan({
    model: study.model,
    weights: model.facts.digest,
    start: 0,
    inputs: [],
    gates: [],
    expressions: [curvature.expression],
    // A body that reads the unembedding has no derivative with respect to it, and one of its own has no logits outside.
    settings: {
      ...settings(texts),
      whole: false,
      ...(holdsTables(curvature) || curvature.gaussNewton ? { streamLoss: false } : {}),
    },
  });
  const conditions = [{ coordinates: {}, writes: [] }];
  const rows = texts.prompts.map((_, prompt) => ({ prompt, condition: 0 }));
  const { signature } = model;
  const own: BatchContext = {
    ...batch,
    // What the rows of a study cost is counted for its units, of which a curvature has none.
    cost: noCost(),
    counted: new Set<string>(),
    // A product takes its direction in and its result out once for each batch, which is as much as the block has entries.
    capabilities: { ...batch.capabilities, unitFlops: longBatches * batch.capabilities.unitFlops },
    // Both passes would rearrange the weights, each in its own way: half of the memory of GPT-2 small, for 5% of the time.
    numerics: { ...batch.numerics, prepacking: batch.numerics.prepacking === "always" ? "always" : "never" },
  };
  const [first = null] = curvature.layers;
  const work = rememberedIn(known, graph.id, () =>
    workOfProducts(model.graph, graph, curvature, { layer: first, size: whole }),
  );
  const units = batchRows(own, { graph, work, signature, texts, conditions, rows, given: [] });
  const batches: Evaluation = {
    id: digestOf(["curvature", study.experiment, study.model, study.texts, layer, members, units.map(({ id }) => id)]),
    purpose: "capture",
    study: null,
    texts: study.texts,
    model: study.model,
    conditions,
    units,
    unaffected: [],
    needs: [],
  };
  const { part, gaussNewton } = curvature;
  const matrix = digestOf({
    productVersion,
    part,
    ...(gaussNewton ? { gaussNewton } : {}),
    layer,
    units: units.map((unit) => unit.id),
  });
  const entries = texts.prompts.map(({ ids }) =>
    curvature.type.axes.reduce((product, { extent }) => product * extentSize(extent, ids.length), 1),
  );
  return {
    id: members === null ? matrix : digestOf({ matrix, members }),
    matrix,
    study: index,
    layer,
    members,
    asked,
    size,
    weights: tensorsOf(block, members),
    heads,
    graph,
    batches,
    values: entries.reduce((sum, count) => sum + count, 0),
    products: productsAtMost(asked, size, groupsOf({ heads, members })),
    cost: { flops: own.cost.flops, peakActivationBytes: own.cost.peakActivationBytes, vectorBytes: vectors },
  };
}

/** The groups that the entries of a block belong to; null where they belong to no heads. */
export function groupsOf({ heads, members }: Pick<CurvaturePlan, "heads" | "members">): EntryGroups | null {
  return heads === null || members === null ? heads : { ...heads, count: members.length };
}

/** The tensors of a block: the weights themselves, or of a matrix those of its rows or columns that belong to heads. */
function tensorsOf({ weights, heads }: WeightBlock, members: readonly number[] | null): CurvaturePlan["weights"] {
  return weights.map(({ name, shape }) => {
    const [rows = 1, columns = 1] = shape;
    if (members === null || heads === null) return { name, shape };
    const share = members.length / heads.count;
    const isByColumn = heads.stride * heads.count === columns;
    const own = members.map((head) => `H${head}`).join(",");
    return { name: `${name}.${own}`, shape: isByColumn ? [rows, columns * share] : [rows * share, columns] };
  });
}

/** How many products are asked for unless a Lanczos iteration ends before. Trace and density begin with the same ones. */
function productsAtMost(
  { top, trace, density, coupling, probes, steps }: HessianQuestion,
  size: number,
  groups: EntryGroups | null,
): number {
  const most = Math.min(steps, size);
  const each = (trace || density ? 1 : 0) + (density ? most - 1 : 0);
  const between = coupling && groups !== null ? blockNormProducts(probes, size, groups) : 0;
  return (top === null ? 0 : most + top) + probes * each + between;
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
  curvature: Pick<Curvature, "part" | "gaussNewton">,
): { readonly graph: Graph; readonly block: WeightBlock } {
  const block = blockOf(model, curvature, layer);
  const measured = lowerGraph({ ...model, graph: block.graph }, plan);
  const { name, fault } = measureOf(plan);
  const kept = [name, ...(fault === null ? [] : [fault])];
  const { weights } = block;
  const logits = model.values[siteKey({ site: "logits", layer: null })] ?? "";
  const graph = curvature.gaussNewton
    ? gaussNewtonProducts(measured, logits, name, weights, kept)
    : hessianProducts(measured, name, weights, kept);
  return { graph, block };
}

/** What a curvature differentiates: its graph yields the measure's values beside the products, and why there are none. */
export function measureOf({ outputs }: GraphPlan): GraphOutput {
  const [output] = outputs;
  if (output === undefined) throw new RangeError("a curvature differentiates a measure");
  return output;
}
