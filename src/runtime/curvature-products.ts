/** Products of Hessians and vectors through the engine: the graph of a block, what it is fed, and the sum over the texts. */
import { digestOf } from "../compiler/base/digest.js";
import { rememberedIn } from "../compiler/base/remembered.js";
import { directionInput, productOutput } from "../compiler/autodiff/hessian-products.js";
import type { WeightBlock } from "../compiler/autodiff/weight-blocks.js";
import type { CurvaturePlan, Unit } from "../compiler/ir/plan.js";
import { measureOf, productGraph } from "../compiler/lower/curvature-plan.js";
import type { OpenedModel } from "../compiler/models/model.js";
import { encodeModel } from "../compiler/onnx/encode.js";
import type { Graph } from "../compiler/onnx/graph.js";
import { groupOf } from "../compiler/statistics/block-norms.js";
import { EngineFault } from "./engine/fault.js";
import type { PreparedSegment } from "./engine/keeper.js";
import type { EngineTensor, EngineTensors } from "./engine/messages.js";
import type { RunSurroundings } from "./execute-stage.js";
import { createFeeds, type FeedSource } from "./feeds.js";
import { weightsOf } from "./models/weight-files.js";
import { once } from "./once.js";
import type { Stage } from "./stages.js";

export interface ComputedProduct {
  readonly product: Extract<EngineTensor, { readonly type: "float32" }>;
  readonly about: Readonly<Record<string, string>>;
}

/** Products through the engine: each batch's is added up in float64, and the mean's is kept in float32. */
export function productsThroughEngine(
  { protocol, plan }: Stage,
  { loaded, models, keeper, guard, signal }: Pick<RunSurroundings, "loaded" | "models" | "keeper" | "guard" | "signal">,
): (plan: CurvaturePlan, vector: Float64Array) => Promise<ComputedProduct> {
  const modelOf = (id: string): OpenedModel => {
    const model = models.get(id);
    if (model === undefined) throw new RangeError(`the model ${id} is not open`);
    return model;
  };
  const curvatures = plan.curvatures ?? [];
  const graphs = [...new Map(curvatures.map(({ graph }) => [graph.id, graph])).values()];
  const feeds = createFeeds(protocol, { ...plan, graphs }, (model) => modelOf(model).signature);
  const prepared = new Map<string, PreparedBlock>();
  const prepare = (own: CurvaturePlan): PreparedBlock => {
    const { model } = own.graph;
    const { curvature } = protocol.studies[own.study] ?? {};
    const opened = loaded.models.get(model);
    if (curvature === undefined || opened === undefined) throw new RangeError(`the model ${model} is not open`);
    const { graph, block } = productGraph(modelOf(model).graph, own, curvature);
    return preparedBlock(own, graph, block, (prepacked) => ({
      id: digestOf([own.matrix, model, prepacked]),
      weights: weightsOf(graph, opened),
      prepacked,
      weightBytes: 0,
      arena: true,
      bytes: once(() => encodeModel(graph, { shapes: true })),
    }));
  };
  const places = new Map<CurvaturePlan, Int32Array | null>();
  const guarded = (model: string): void => {
    const problem = guard(model);
    if (problem !== null) throw new Error(problem);
  };
  async function attempt(own: CurvaturePlan, vector: Float64Array): Promise<ComputedProduct> {
    const block = rememberedIn(prepared, own.matrix, () => prepare(own));
    const entries = rememberedIn(places, own, () => placesOf(own, block.size));
    const whole = placed(vector, entries, block.size);
    const sum = new Float64Array(block.size);
    let reason: string | null = null;
    const began = performance.now();
    const directions = block.directions(whole);
    for (const unit of own.batches.units) {
      guarded(own.graph.model);
      const engine = await keeper.withSegments([block.segment(unit)]);
      const fed = { ...(await block.texts(feeds, unit)), ...directions };
      const { outputs } = await engine.run({ graphs: [block.segment(unit).id], feeds: fed, fetches: block.fetches });
      block.addUp(sum, outputs);
      reason ??= whyMissing(own, outputs);
    }
    guarded(own.graph.model);
    // Millions of entries: written out, because `from` goes through an iterator.
    const data = new Float32Array(own.size);
    for (let i = 0; i < own.size; i++) {
      data[i] = reason === null ? (sum[entries === null ? i : (entries[i] ?? 0)] ?? NaN) / own.values : NaN;
    }
    const { onnxruntimeVersion = "" } = keeper.info() ?? {};
    const seconds = ((performance.now() - began) / 1000).toFixed(6);
    return {
      product: { type: "float32", dims: [own.size], data },
      about: { curvature: own.id, onnxruntime: onnxruntimeVersion, seconds, ...(reason === null ? {} : { reason }) },
    };
  }
  return async (own, vector) => {
    try {
      return await attempt(own, vector);
    } catch (error) {
      if (!(error instanceof EngineFault) || error.kind === "start" || error.kind === "request") throw error;
      if (signal?.aborted === true) throw error;
      // As a unit, it is tried once more in a fresh engine.
      await keeper.discard();
      return attempt(own, vector);
    }
  };
}

/** Where a block's entries stand among those of the part's weights; null: they are all of them. */
function placesOf({ heads, members }: CurvaturePlan, whole: number): Int32Array | null {
  if (heads === null || members === null) return null;
  const chosen = new Set(members);
  return Int32Array.from(Array.from({ length: whole }, (_, i) => i).filter((i) => chosen.has(groupOf(heads, i))));
}

/** A block's vector among zeros for the other entries. */
function placed(vector: Float64Array, places: Int32Array | null, whole: number): Float64Array {
  if (places === null) return vector;
  const filled = new Float64Array(whole);
  places.forEach((place, i) => (filled[place] = vector[i] ?? 0));
  return filled;
}

interface PreparedBlock {
  /** Entries of the part's weights. */
  readonly size: number;
  readonly segment: (unit: Unit) => PreparedSegment;
  readonly fetches: readonly string[];
  readonly texts: (feeds: FeedSource, unit: Unit) => Promise<EngineTensors>;
  readonly directions: (vector: Float64Array) => EngineTensors;
  readonly addUp: (sum: Float64Array, outputs: EngineTensors) => void;
}

function preparedBlock(
  { batches, graph: plan }: CurvaturePlan,
  graph: Graph,
  { weights }: WeightBlock,
  segmentOf: (prepacked: boolean) => PreparedSegment,
): PreparedBlock {
  const sizes = weights.map(({ shape }) => shape.reduce((product, length) => product * length, 1));
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
  const directions = weights.map((_, i) => directionInput(i));
  const inputs = graph.inputs.map(({ name }) => name).filter((name) => !directions.includes(name));
  const { name, fault } = measureOf(plan);
  const [packed, unpacked] = [once(() => segmentOf(true)), once(() => segmentOf(false))];
  return {
    size: sizes.reduce((sum, size) => sum + size, 0),
    segment: ({ prepacked }) => (prepacked ? packed() : unpacked()),
    fetches: [...weights.map((_, i) => productOutput(i)), ...[name, ...(fault === null ? [] : [fault])]],
    texts: (feeds, unit) =>
      feeds.feedsOf(batches, unit, inputs, () => Promise.reject(new RangeError("a curvature reads no other unit"))),
    directions: (vector) =>
      Object.fromEntries(
        weights.map(({ shape }, i): [string, EngineTensor] => {
          const [start = 0, size = 0] = [starts[i], sizes[i]];
          const data = new Float32Array(vector.subarray(start, start + size));
          return [directions[i] ?? "", { type: "float32", dims: shape, data }];
        }),
      ),
    addUp: (sum, outputs) => {
      weights.forEach((_, i) => {
        const { data } = outputs[productOutput(i)] ?? { data: [] };
        const start = starts[i] ?? 0;
        if (!(data instanceof Float32Array)) throw new RangeError("a product is float32");
        for (let j = 0; j < data.length; j++) sum[start + j] = (sum[start + j] ?? 0) + (data[j] ?? NaN);
      });
    },
  };
}

/**
 * Why the measure has no value for one of the texts, and its mean therefore no second derivatives; null where all have one. A
 * value that is chosen by a condition has derivatives of 0 elsewhere: products alone do not tell.
 */
function whyMissing({ graph }: CurvaturePlan, outputs: EngineTensors): string | null {
  const { name, fault, reasons } = measureOf(graph);
  const values = outputs[name]?.data ?? [];
  const place = Array.from(values, Number).findIndex(Number.isNaN);
  if (place < 0) return null;
  const number = fault === null ? 0 : Number(outputs[fault]?.data[place] ?? 0);
  return `a text has no value: ${reasons[number - 1] ?? "it is not finite"}`;
}
