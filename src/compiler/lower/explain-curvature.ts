/** Second derivatives of a plan in words and numbers. */
import { countedInGroups } from "../base/counted.js";
import type { CurvaturePlan, Plan } from "../ir/plan.js";
import type { Protocol } from "../ir/protocol.js";
import { bytesText, flopsText } from "./quantity-text.js";

/** Every curvature of a plan: its blocks of weights, and what their products take. A block of lines for each. */
export function explainCurvatures(
  { studies }: Pick<Protocol, "studies">,
  { curvatures = [] }: Pick<Plan, "curvatures">,
): readonly string[] {
  return studies.flatMap(({ experiment, model, texts, curvature }, index) => {
    const blocks = curvatures.filter(({ study }) => study === index);
    const [first] = blocks;
    if (curvature === undefined || first === undefined) return [];
    const products = blocks.reduce((sum, own) => sum + own.products, 0);
    const places = curvature.layers.flatMap((layer, i) => {
      if (layer === null) return [];
      const heads = curvature.heads?.[i];
      return heads === undefined ? [`L${layer}`] : heads.map((head) => `L${layer}.H${head}`);
    });
    const sizes = [...new Set(blocks.map(({ size }) => size.toLocaleString("en")))].join(" and ");
    const rows = first.batches.units.reduce((sum, unit) => sum + unit.rows.length, 0);
    const batches = countedInGroups(first.batches.units.length, "batch", "batches");
    return [
      `${experiment} on ${model} with ${texts}, a curvature`,
      `  weights    ${[curvature.part, ...places].join(" ")}: ${countedInGroups(blocks.length, "block")} of ${sizes} parameters`,
      `  products   at most ${products.toLocaleString("en")} of a ${curvature.gaussNewton ? "Gauss–Newton matrix" : "Hessian"} and a vector, each over ${countedInGroups(rows, "row")} in ${batches}`,
      `  one takes  about ${flopsText(largest(blocks, "flops"))}, and ${bytesText(largest(blocks, "peakActivationBytes"))} of activations at a time`,
      `  vectors    ${bytesText(largest(blocks, "vectorBytes"))} of a Lanczos iteration are kept`,
      "",
    ];
  });
}

function largest(blocks: readonly CurvaturePlan[], cost: keyof CurvaturePlan["cost"]): number {
  return Math.max(...blocks.map((own) => own.cost[cost]));
}

/** What all products of a plan take together, a line; none without a curvature. */
export function curvatureSum({ curvatures = [] }: Pick<Plan, "curvatures">): readonly string[] {
  if (curvatures.length === 0) return [];
  const products = curvatures.reduce((sum, own) => sum + own.products, 0);
  const flops = curvatures.reduce((sum, own) => sum + own.products * own.cost.flops, 0);
  return [`  Hessian products     at most ${products.toLocaleString("en")}, with about ${flopsText(flops)}`];
}
