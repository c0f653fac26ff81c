import type { GraphBuilder } from "../../onnx/builder.js";
import type { SiteName } from "../sites.js";
import type { BuildContext } from "./context.js";
import { applyLinear, type Linear } from "./linear.js";
import { applyNorm, registerNorm, type Norm } from "./norm.js";

/** How what attention or an MLP gives becomes what is added to the stream. */
export interface BranchEnd {
  /** A factor of what is added; 1 in most families. */
  readonly scale: number;
  /** A norm of what is added. */
  readonly norm: Norm | null;
}

export const plainEnd: BranchEnd = { scale: 1, norm: null };

/** x · scale; x itself for 1. */
export function scaledBy(builder: GraphBuilder, x: string, scale: number, name?: string): string {
  return scale === 1 ? x : builder.node("Mul", [x, builder.constant("float32", [], [scale])], {}, name);
}

/** The site `attn_out` or `mlp_out` from the input of the branch's last matrix [row, pos, in]. */
export function endBranch(
  context: BuildContext,
  builder: GraphBuilder,
  x: string,
  output: Linear,
  end: BranchEnd,
  site: SiteName,
  layer: number,
): string {
  const name = context.site(site, layer);
  if (end.scale === 1 && end.norm === null) return applyLinear(builder, x, output, name);
  return finishBranch(context, builder, applyLinear(builder, x, output), end, site, layer);
}

/** The same from the branch's output [row, pos, d_model] itself. */
export function finishBranch(
  context: BuildContext,
  builder: GraphBuilder,
  output: string,
  { scale, norm }: BranchEnd,
  site: SiteName,
  layer: number,
): string {
  const name = context.site(site, layer);
  if (norm === null)
    return scale === 1 ? builder.node("Identity", [output], {}, name) : scaledBy(builder, output, scale, name);
  const scaled = scaledBy(builder, output, scale);
  registerNorm(context, `norm_of_${site}[${layer}]`, norm);
  return applyNorm(builder.scope("norm_after"), scaled, norm, name);
}
