/**
 * Curvatures of a run: products of Hessians and vectors through the engine, each kept in the store as a unit of its own. What
 * is done with products follows from them alone, so that a run that was killed finds its products again and goes on where it
 * was: nothing else is kept of an iteration.
 */
import { createHash } from "node:crypto";
import { digestOf } from "../compiler/base/digest.js";
import type { CurvaturePlan } from "../compiler/ir/plan.js";
import type { ResultRow } from "../compiler/ir/results.js";
import { eigenvectorsSaved, groupsOf } from "../compiler/lower/curvature-plan.js";
import { curvatureNotes } from "../compiler/results/curvature-notes.js";
import { curvatureRows, type BlockOutcome } from "../compiler/results/curvature.js";
import { hessianPicture, type HessianPicture } from "../compiler/statistics/hessian.js";
import type { ByProducts } from "../compiler/statistics/products.js";
import { eigenvectorFiles, type EigenvectorFile } from "./eigenvectors.js";
import { productsThroughEngine } from "./curvature-products.js";
import { EngineFault } from "./engine/fault.js";
import type { RunSurroundings } from "./execute-stage.js";
import type { ExecutionSummary } from "./execution.js";
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
  /** Eigenvectors that the protocol saves, by experiment. */
  readonly eigenvectors: ReadonlyMap<string, EigenvectorFile>;
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
  const rows = curvatureRows(protocol, plans, outcomes);
  return { rows, summary, facts, warnings, eigenvectors: eigenvectorFiles(protocol, plans, outcomes) };
}

type Outcomes = ReadonlyMap<CurvaturePlan, BlockOutcome>;

interface Pictures {
  readonly outcomes: Outcomes;
  readonly faults: ExecutionSummary["faults"];
  /** Why the others have none. */
  readonly stopped: { readonly status: "interrupted" | "failed"; readonly message: string } | null;
}

async function pictures({ protocol, plan }: Stage, multiply: Multiply, isOver: () => boolean): Promise<Pictures> {
  const saved = eigenvectorsSaved(protocol.outputs);
  const outcomes = new Map<CurvaturePlan, BlockOutcome>();
  const faults: ExecutionSummary["faults"][number][] = [];
  for (const own of plan.curvatures ?? []) {
    if (isOver()) return { outcomes, faults, stopped: { status: "interrupted", message: "interrupted" } };
    try {
      const outcome = await drive(pictureOf(own), (vector) => multiply(own, vector));
      const isSaved = saved.has(protocol.studies[own.study]?.experiment ?? "");
      outcomes.set(own, typeof outcome === "string" || isSaved ? outcome : withoutVectors(outcome));
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

/** Eigenvectors are as large as the weights: those that nobody saves are not kept. */
function withoutVectors(picture: HessianPicture): HessianPicture {
  return { ...picture, eigenvalues: picture.eigenvalues.map((own) => ({ ...own, vector: null })) };
}

function pictureOf(plan: CurvaturePlan): ByProducts<HessianPicture> {
  return hessianPicture(plan.asked, plan.size, groupsOf(plan));
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
