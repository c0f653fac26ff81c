/**
 * Curvatures of a run: products of Hessians and vectors through the engine, each kept in the store as a unit of its own. What
 * is done with products follows from them alone, so that a run that was killed finds its products again and goes on where it
 * was: nothing else is kept of an iteration.
 */
import { createHash } from "node:crypto";
import { digestOf } from "../compiler/base/digest.js";
import { directionInput, productOutput } from "../compiler/autodiff/hessian-products.js";
import type { WeightBlock } from "../compiler/autodiff/weight-blocks.js";
import type { CurvaturePlan, Unit } from "../compiler/ir/plan.js";
import type { Study } from "../compiler/ir/protocol.js";
import type { ResultRow } from "../compiler/ir/results.js";
import { measureOf, productGraph } from "../compiler/lower/curvature-plan.js";
import type { OpenedModel } from "../compiler/models/model.js";
import { encodeModel } from "../compiler/onnx/encode.js";
import type { Graph } from "../compiler/onnx/graph.js";
import { curvatureNotes, curvatureRows, type BlockOutcome } from "../compiler/results/curvature.js";
import { hessianPicture, type HessianPicture } from "../compiler/statistics/hessian.js";
import type { ByProducts } from "../compiler/statistics/products.js";
import { EngineFault } from "./engine/fault.js";
import type { PreparedSegment } from "./engine/keeper.js";
import type { EngineTensor, EngineTensors } from "./engine/messages.js";
import type { RunSurroundings } from "./execute-stage.js";
import type { ExecutionSummary } from "./execution.js";
import { createFeeds, type FeedSource } from "./feeds.js";
import { weightsOf } from "./models/weight-files.js";
import { once } from "./once.js";
import type { Stage } from "./stages.js";
import { StoreFault } from "./store/fault.js";
import type { UnitStore } from "./store/units.js";
import type { UnitOutcome } from "./unit-outcomes.js";

export interface CurvaturesOutcome {
  readonly rows: readonly ResultRow[];
  /** The summary of the run with the products counted among its units. */
  readonly summary: ExecutionSummary;
  /** How eigenvalues and densities were found, a sentence each. */
  readonly facts: readonly string[];
  readonly warnings: readonly string[];
}

/** The product of a block's Hessian and a vector; or why the measure has none, in a sentence without a full stop. */
type Product = Float64Array | string;

/** Gives a product; rejects where it cannot be computed. */
type Multiply = (plan: CurvaturePlan, vector: Float64Array) => Promise<Product>;

/** What a run with curvatures has beside the surroundings of its stages. */
export type CurvatureSurroundings = Pick<
  RunSurroundings,
  "loaded" | "models" | "store" | "keeper" | "guard" | "signal" | "onUnit" | "onProgress"
>;

/** The name of a stored product. */
const stored = "product";

/** Computes every curvature of a stage. Rejects only for a plan that contradicts itself (a fault of ours). */
export async function executeCurvatures(
  stage: Stage,
  summary: ExecutionSummary,
  surroundings: CurvatureSurroundings,
): Promise<CurvaturesOutcome> {
  const { store, signal } = surroundings;
  const started = performance.now();
  const counts = new Map<string, UnitOutcome>();
  const expected = expectedProducts(stage);
  const settle = (unit: string, outcome: UnitOutcome): void => {
    if (!counts.has(unit)) counts.set(unit, outcome);
    surroundings.onUnit?.(unit, outcome);
    surroundings.onProgress?.({
      done: summary.units.total + counts.size,
      total: summary.units.total + Math.max(expected, counts.size),
      reused: summary.units.reused + [...counts.values()].filter((own) => own === "reused").length,
      rows: 0,
      secondsElapsed: summary.seconds + (performance.now() - started) / 1000,
      secondsLeft: null,
      phase: null,
    });
  };
  const compute = productsThroughEngine(stage, surroundings);
  const multiply: Multiply = async (plan, vector) => {
    const id = productId(plan, vector);
    const known = await readProduct(store, id, plan.size);
    if (known !== null) {
      settle(id, "reused");
      return known;
    }
    const { product, about } = await compute(plan, vector);
    await store.write({ id, tensors: { [stored]: product }, about });
    settle(id, "computed");
    return about["reason"] ?? Float64Array.from(product.data);
  };
  const { outcomes, faults, stopped } = await pictures(stage, multiply, () => signal?.aborted === true);
  return finished(stage, outcomes, {
    ...summary,
    ...(summary.status === "finished" && stopped !== null ? { status: stopped.status } : {}),
    ...(summary.stopped === null && stopped?.status === "failed" ? { stopped: stopped.message } : {}),
    ...(summary.status === "finished" && stopped === null && faults.length > 0 ? { status: "failed" as const } : {}),
    units: withProducts(summary.units, counts, faults.length, stopped === null ? 0 : expected),
    faults: [...summary.faults, ...faults],
    seconds: summary.seconds + (performance.now() - started) / 1000,
    engine: surroundings.keeper.info() ?? summary.engine,
  });
}

/** The curvatures of a stage from products in the store alone; null where one of them is not there. */
export async function storedCurvatures(
  stage: Stage,
  summary: ExecutionSummary,
  store: UnitStore,
): Promise<CurvaturesOutcome | null> {
  const missing: string[] = [];
  const multiply: Multiply = async (plan, vector) => {
    const id = productId(plan, vector);
    const known = await readProduct(store, id, plan.size);
    if (known !== null) return known;
    missing.push(id);
    throw new Error("a product is not in the store");
  };
  const { outcomes } = await pictures(stage, multiply, () => missing.length > 0);
  return missing.length > 0 ? null : finished(stage, outcomes, summary);
}

function finished({ protocol, plan }: Stage, outcomes: Outcomes, summary: ExecutionSummary): CurvaturesOutcome {
  const plans = plan.curvatures ?? [];
  const { facts, warnings } = curvatureNotes(protocol, plans, outcomes);
  return { rows: curvatureRows(protocol, plans, outcomes), summary, facts, warnings };
}

type Outcomes = ReadonlyMap<CurvaturePlan, BlockOutcome>;

interface Pictures {
  readonly outcomes: Outcomes;
  readonly faults: ExecutionSummary["faults"];
  /** Why the others have none. */
  readonly stopped: { readonly status: "interrupted" | "failed"; readonly message: string } | null;
}

async function pictures({ protocol, plan }: Stage, multiply: Multiply, isOver: () => boolean): Promise<Pictures> {
  const outcomes = new Map<CurvaturePlan, BlockOutcome>();
  const faults: ExecutionSummary["faults"][number][] = [];
  for (const own of plan.curvatures ?? []) {
    const study = protocol.studies[own.study];
    if (study === undefined) throw new RangeError("a curvature of no study");
    if (isOver()) return { outcomes, faults, stopped: { status: "interrupted", message: "interrupted" } };
    try {
      outcomes.set(own, await drive(pictureOf(study, own), (vector) => multiply(own, vector)));
    } catch (error) {
      if (isOver()) return { outcomes, faults, stopped: { status: "interrupted", message: "interrupted" } };
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof StoreFault || (error instanceof EngineFault && error.kind === "start"))
        return { outcomes, faults, stopped: { status: "failed", message } };
      if (error instanceof RangeError) throw error;
      outcomes.set(own, `not computed: ${message}`);
      faults.push({ kind: "failed", evaluation: own.batches.id, unit: own.id, message });
    }
  }
  return { outcomes, faults, stopped: null };
}

function pictureOf({ curvature }: Study, { size, heads }: CurvaturePlan): ByProducts<HessianPicture> {
  if (curvature === undefined) throw new RangeError("a study without a curvature");
  return hessianPicture(curvature, size, heads);
}

/** Runs a computation that asks for products; ends with a sentence where there is none, or one that is not finite. */
async function drive<Result>(
  computation: ByProducts<Result>,
  multiply: (vector: Float64Array) => Promise<Product>,
): Promise<Result | string> {
  let step = computation.next();
  while (step.done !== true) {
    const product = await multiply(step.value);
    if (typeof product === "string") return product;
    if (!product.every(Number.isFinite)) return "its second derivatives are not finite";
    step = computation.next(product);
  }
  return step.value;
}

/** A product's name: what it is a product of, and the vector as it is fed. */
function productId({ id }: CurvaturePlan, vector: Float64Array): string {
  const fed = Float32Array.from(vector);
  return digestOf([id, createHash("sha256").update(new Uint8Array(fed.buffer)).digest("hex")]);
}

async function readProduct(store: UnitStore, id: string, size: number): Promise<Product | null> {
  const unit = await store.read(id);
  const product = unit?.tensors[stored];
  const reason = unit?.about["reason"];
  if (reason !== undefined) return reason;
  return product?.type === "float32" && product.data.length === size ? Float64Array.from(product.data) : null;
}

interface ComputedProduct {
  readonly product: Extract<EngineTensor, { readonly type: "float32" }>;
  readonly about: Readonly<Record<string, string>>;
}

/** Products through the engine: each batch's is added up in float64, and the mean's is kept in float32. */
function productsThroughEngine(
  { protocol, plan }: Stage,
  { loaded, models, keeper, guard, signal }: CurvatureSurroundings,
): (plan: CurvaturePlan, vector: Float64Array) => Promise<ComputedProduct> {
  const modelOf = (id: string): OpenedModel => {
    const model = models.get(id);
    if (model === undefined) throw new RangeError(`the model ${id} is not open`);
    return model;
  };
  const curvatures = plan.curvatures ?? [];
  const graphs = [...new Map(curvatures.map(({ graph }) => [graph.id, graph])).values()];
  const feeds = createFeeds(protocol, { ...plan, graphs }, (model) => modelOf(model).signature);
  const prepared = new Map<CurvaturePlan, PreparedBlock>();
  const prepare = (own: CurvaturePlan): PreparedBlock => {
    const known = prepared.get(own);
    if (known !== undefined) return known;
    const { model } = own.graph;
    const { curvature } = protocol.studies[own.study] ?? {};
    const opened = loaded.models.get(model);
    if (curvature === undefined || opened === undefined) throw new RangeError(`the model ${model} is not open`);
    const { graph, block } = productGraph(modelOf(model).graph, own, curvature);
    const made = preparedBlock(own, graph, block, (prepacked) => ({
      id: digestOf([own.id, model, prepacked]),
      weights: weightsOf(graph, opened),
      prepacked,
      weightBytes: 0,
      arena: true,
      bytes: once(() => encodeModel(graph)),
    }));
    prepared.set(own, made);
    return made;
  };
  const guarded = (model: string): void => {
    const problem = guard(model);
    if (problem !== null) throw new Error(problem);
  };
  async function attempt(own: CurvaturePlan, vector: Float64Array): Promise<ComputedProduct> {
    const block = prepare(own);
    const sum = new Float64Array(own.size);
    let reason: string | null = null;
    const began = performance.now();
    for (const unit of own.batches.units) {
      guarded(own.graph.model);
      const engine = await keeper.withSegments([block.segment(unit)]);
      const fed = { ...(await block.texts(feeds, unit)), ...block.directions(vector) };
      const { outputs } = await engine.run({ graphs: [block.segment(unit).id], feeds: fed, fetches: block.fetches });
      block.addUp(sum, outputs);
      reason ??= whyMissing(own, outputs);
    }
    guarded(own.graph.model);
    const data = Float32Array.from(sum, (value) => (reason === null ? value / own.values : NaN));
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

interface PreparedBlock {
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
    segment: ({ prepacked }) => (prepacked ? packed() : unpacked()),
    fetches: [...weights.map((_, i) => productOutput(i)), ...[name, ...(fault === null ? [] : [fault])]],
    texts: (feeds, unit) =>
      feeds.feedsOf(batches, unit, inputs, () => Promise.reject(new RangeError("a curvature reads no other unit"))),
    directions: (vector) =>
      Object.fromEntries(
        weights.map(({ shape }, i): [string, EngineTensor] => {
          const [start = 0, size = 0] = [starts[i], sizes[i]];
          const data = Float32Array.from(vector.subarray(start, start + size));
          return [directions[i] ?? "", { type: "float32", dims: shape, data }];
        }),
      ),
    addUp: (sum, outputs) => {
      weights.forEach((_, i) => {
        const { data } = outputs[productOutput(i)] ?? { data: [] };
        const start = starts[i] ?? 0;
        for (let j = 0; j < data.length; j++) sum[start + j] = (sum[start + j] ?? 0) + Number(data[j]);
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

/** So many products are asked for at most, for the progress of a run. */
function expectedProducts({ plan }: Stage): number {
  return (plan.curvatures ?? []).reduce((sum, { products }) => sum + products, 0);
}

function withProducts(
  units: ExecutionSummary["units"],
  products: ReadonlyMap<string, UnitOutcome>,
  failed: number,
  expected: number,
): ExecutionSummary["units"] {
  // Of a run that stopped, what is left is known as what there may be at most.
  const left = Math.max(0, expected - products.size - failed);
  const counted = (outcome: UnitOutcome): number => [...products.values()].filter((own) => own === outcome).length;
  return {
    ...units,
    total: units.total + products.size + failed + left,
    left: units.left + left,
    computed: units.computed + counted("computed"),
    reused: units.reused + counted("reused"),
    failed: units.failed + failed,
  };
}
