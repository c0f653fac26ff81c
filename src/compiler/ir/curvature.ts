/** What a `curvature` clause asks for, once it is checked. Plain JSON. */
import type { Span } from "../base/span.js";
import type { HessianQuestion } from "../statistics/hessian.js";
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
export interface Curvature extends HessianQuestion {
  readonly expression: MeasureExpression;
  readonly type: TensorType;
  readonly part: CurvaturePart;
  /** The Gauss–Newton matrix of the logits in place of the Hessian. */
  readonly gaussNewton: boolean;
  /** Layers that have a block each; [null] for a part that the model has once. */
  readonly layers: readonly (number | null)[];
  /** Of each of these layers, the heads that are blocks of their own, in order; null: no heads are named. */
  readonly heads: readonly (readonly number[])[] | null;
  /** What results call the axis of heads: key-value heads where several heads share them. */
  readonly headAxis: "head" | "kv_head";
  readonly span: Span;
}

/** The axis of the second head of a coupling. */
export const otherHead = "other";

/** A block as it is called: `W_V L2`, `W_V L2.H1`, `all`. */
export function blockName(
  part: CurvaturePart,
  { layer, members }: { readonly layer: number | null; readonly members: readonly number[] | null },
): string {
  if (layer === null) return part;
  if (members === null) return `${part} L${layer}`;
  return `${part} ${members.map((head) => `L${layer}.H${head}`).join(", ")}`;
}
