/**
 * The plan: what will be run, as a value. Lowering makes it from a protocol, passes improve it, `atlasc explain` prints
 * it, the runtime executes it. Units of work are keyed by the digest of everything that can change their numbers.
 */
import type { SiteReference } from "../models/sites.js";
import type { MeasureExpression } from "./expression.js";
import type { Coordinates, SiteWrite } from "./protocol.js";
import type { TensorType } from "./tensor-type.js";
import type { EntryGroups } from "../statistics/block-norms.js";
import type { HessianQuestion } from "../statistics/hessian.js";

/**
 * A tensor that a graph yields, [row, …axes], or [1, …axes] where it is the same for every row: the value, the reason
 * numbers where it can fail, and what a value that is not finite comes from.
 */
export interface GraphOutput {
  /** Name of the ONNX output. */
  readonly name: string;
  /** Name of the ONNX output with reason numbers (int32, as large as the value), or null. */
  readonly fault: string | null;
  /** Name of the ONNX output with the numbers of causes (int32 [row] or [1]; `causesOf` the expression), or null. */
  readonly cause: string | null;
  /** Reason number − 1 → sentence. */
  readonly reasons: readonly string[];
  readonly type: TensorType;
  readonly expression: MeasureExpression;
}

/**
 * A place in a graph where values can be changed: Where(mask, replacement, value), the mask being an input. `replace`:
 * the replacement is an input. `scale`: it is factor · value, the factor being an input. `compute`: it is computed in the
 * graph from `expression`, and `add` adds it to the value. A site can have several gates, and each entry of a row is
 * changed by one of them at most.
 */
export interface Gate {
  /** Names the gate's inputs and outputs; unique in its graph. */
  readonly key: string;
  readonly site: SiteReference;
  readonly kind: "replace" | "scale" | "compute";
  /** Of `compute` gates; its axes are axes of the site. */
  readonly expression: MeasureExpression | null;
  readonly add: boolean;
  /** Only of gates of paths: the site whose value the expression is; what is put in is computed from it by the model. */
  readonly through?: SiteReference;
  /** True when replacements can be as large as the value (one for each row and position). */
  readonly dense: boolean;
}

/**
 * How a graph is made of what it is to compute: which passes rewrite it, each by its `setting`
 * (src/compiler/passes/pipeline.ts). All of it belongs to the graph's identity.
 */
export interface GraphSettings {
  /** True when the model runs to its logits, though nothing may read them. */
  readonly whole: boolean;
  /** True when what a run backwards needs is computed again, layer by layer, instead of being kept. Changes no bit. */
  readonly checkpoints?: true;
  readonly [pass: string]: boolean | undefined;
}

/** A compiled graph: a model (or its end, from some layer on), the gates in it, and what it yields. */
export interface GraphPlan {
  /** Digest of everything below and of the model's weights. */
  readonly id: string;
  readonly model: string;
  /** The first layer of which anything is computed. */
  readonly start: number;
  /**
   * Sites that are inputs instead of being computed, with the values that they have in the unmodified run of the same
   * text. None: the graph begins with the tokens.
   */
  readonly inputs: readonly SiteReference[];
  readonly gates: readonly Gate[];
  readonly outputs: readonly GraphOutput[];
  readonly settings: GraphSettings;
}

/** A row of a batch: one prompt under one condition. */
export interface PlanRow {
  /** Its place in the set's `prompts`. */
  readonly prompt: number;
  readonly condition: number;
}

/** One batch: rows of equal length through one graph. The unit of storage and of resuming. */
export interface Unit {
  /** Digest: graph, the rows' token ids and writes, the replacement values' origins, numeric options. */
  readonly id: string;
  /** The graph that its rows go through. */
  readonly graph: string;
  readonly rows: readonly PlanRow[];
  /** Tokens per row. */
  readonly positions: number;
  /** Whether it runs through sessions that rearrange their weights. */
  readonly prepacked: boolean;
}

/**
 * All the rows of one study (units that several studies list are run once), or a capture: values of the unmodified model on a prompt set that replacements or measures
 * of other evaluations need. Evaluations are in order: one that needs another's values comes after it.
 */
export interface Evaluation {
  readonly id: string;
  readonly purpose: "measure" | "capture";
  /** Index into the protocol's studies; null for captures. */
  readonly study: number | null;
  /** Prompt set and model whose texts the rows' `prompt` numbers count in. */
  readonly texts: string;
  readonly model: string;
  /** Condition number → its coordinates and writes. */
  readonly conditions: readonly { readonly coordinates: Coordinates; readonly writes: readonly SiteWrite[] }[];
  readonly units: readonly Unit[];
  /**
   * Conditions that provably cannot change what is measured (nothing measured lies downstream of what they write): they
   * have no rows, and their results are the baseline's.
   */
  readonly unaffected: readonly number[];
  /** Evaluations whose values the writes and the measures use, by id. */
  readonly needs: readonly string[];
}

/**
 * The products of one block of weights. Which of them are asked for follows from those before; each is a sum over the
 * batches, which are run once for every product.
 */
export interface CurvaturePlan {
  /** Digest of everything that decides a product, but for the vector: graph, weights, texts, numeric options. */
  readonly id: string;
  /** The same of all entries of the part's weights: blocks of several of its heads are computed by one graph. */
  readonly matrix: string;
  /** Index into the protocol's studies. */
  readonly study: number;
  /** null: the block is no part of a layer. */
  readonly layer: number | null;
  /** What is asked of this block. */
  readonly asked: HessianQuestion;
  /** Parameters of the block. */
  readonly size: number;
  /** The tensors whose entries, one tensor after the other in row-major order, are those of the block. */
  readonly weights: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /**
   * Whose an entry of the part's weights is, where entries belong to heads: `stride` of the first, as many of the next, and
   * so on.
   */
  readonly heads: EntryGroups | null;
  /** The heads whose entries alone make the block, in order; null: the whole part does. */
  readonly members: readonly number[] | null;
  /** What is differentiated twice: it yields the measure. */
  readonly graph: GraphPlan;
  /** The texts in batches. Its units are no units of the store: a product is. */
  readonly batches: Evaluation;
  /** Values of the measure over all texts, of which the mean is differentiated. */
  readonly values: number;
  /** So many products are asked for at most: a Lanczos iteration may end before. */
  readonly products: number;
  /** What one product takes, and what is kept of an iteration: for whoever explains the plan. */
  readonly cost: { readonly flops: number; readonly peakActivationBytes: number; readonly vectorBytes: number };
}

/** Which units run through sessions that rearrange their weights (lower/prepacking.ts). */
export const prepackings = ["short texts", "always", "never"] as const;

export type Prepacking = (typeof prepackings)[number];

/** What decides the numbers beside graph and inputs, and belongs to every unit's identity. */
export interface Numerics {
  readonly onnxruntime: string;
  /** What computes, as far as that decides numbers: `cpu`, `cuda`. A name to be digested, not to be compared. */
  readonly device: string;
  readonly graphOptimization: "basic" | "disabled";
  readonly prepacking: Prepacking;
  readonly tf32: boolean;
  /** The type in which products with weights are computed; absent: float32. */
  readonly compute?: string;
}

/** Work in numbers, for `explain`: estimates before a run. */
export interface PlanCost {
  /** Sequences pushed through the model (a batch of 8 rows counts as 8). */
  readonly rows: number;
  readonly units: number;
  /** Rows × layers that each actually passes through (up to the last layer that anything measured needs). */
  readonly layerRuns: number;
  /** The same when every row runs through the whole model. */
  readonly naiveLayerRuns: number;
  readonly flops: number;
  readonly weightBytes: number;
  readonly peakActivationBytes: number;
}

/** What computing layers again saves for a row of the longest text. */
export interface RecomputedGraph {
  readonly graph: string;
  readonly rowBytes: number;
  /** Bytes of the row if everything were kept. */
  readonly keptRowBytes: number;
}

export interface Plan {
  readonly graphs: readonly GraphPlan[];
  /**
   * Model → layers before which its graphs are cut into segments, each of them a session of its own that several graphs
   * share. Cutting changes no number, so it belongs to no identity.
   */
  readonly cuts: Readonly<Record<string, readonly number[]>>;
  readonly evaluations: readonly Evaluation[];
  /** Second derivatives with respect to weights; absent where none are asked for. */
  readonly curvatures?: readonly CurvaturePlan[];
  /** The graphs of which a row, run backwards, would not fit into memory if it kept everything; absent where there is none. */
  readonly recomputed?: readonly RecomputedGraph[];
  readonly cost: PlanCost;
  /** Digest over graphs and units. */
  readonly digest: string;
}
