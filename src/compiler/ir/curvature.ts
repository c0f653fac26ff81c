/** What a `curvature` clause asks for, once it is checked. Plain JSON. */
import type { Span } from "../base/span.js";
import type { MeasureExpression } from "./expression.js";
import type { TensorType } from "./tensor-type.js";

/** Parts of a model whose weights have a block for each layer: of a whole layer, and of one matrix by head. */
export const layerParts = ["attention", "mlp", "layer", "W_Q", "W_K", "W_V", "W_O"] as const;
/** Parts that the model has once. */
export const wholeParts = ["embeddings", "all"] as const;
export const curvatureParts = [...layerParts, ...wholeParts] as const;
export type CurvaturePart = (typeof curvatureParts)[number];

/** Parts whose entries belong to heads, by the axis that their heads are counted along. */
export const headParts: ReadonlyMap<CurvaturePart, "head" | "kv_head"> = new Map([
  ["W_Q", "head"],
  ["W_K", "kv_head"],
  ["W_V", "kv_head"],
  ["W_O", "head"],
]);

/** Points of a density's curve. */
export const densityPoints = 200;

/**
 * The Hessian of the mean of a measure's values, over all its entries and all texts, with respect to blocks of weights: a
 * block for each layer, or one.
 */
export interface Curvature {
  readonly expression: MeasureExpression;
  readonly type: TensorType;
  readonly part: CurvaturePart;
  /** Layers that have a block each; [null] for a part that the model has once. */
  readonly layers: readonly (number | null)[];
  /** So many eigenvalues, the largest by absolute value first; null: none. */
  readonly top: number | null;
  readonly trace: boolean;
  readonly density: boolean;
  /** Norms of the blocks between heads. */
  readonly coupling: boolean;
  /** Random vectors for trace, density and coupling. */
  readonly probes: number;
  /** Lanczos steps at most, for the eigenvalues and for each probe of the density. */
  readonly steps: number;
  readonly seed: number;
  readonly span: Span;
}
