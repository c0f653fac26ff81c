/** In which order a model computes its sites. */
import type { MeasureExpression } from "../../ir/expression.js";
import type { SiteName, SiteReference } from "../../models/sites.js";

/** Sites of a layer that are computed one after the other; those of one entry know nothing of each other. */
const withinLayer: readonly (readonly SiteName[])[] = [
  ["resid_pre"],
  ["q", "k", "v"],
  ["scores"],
  ["pattern"],
  ["z"],
  ["head_out"],
  ["attn_out"],
  ["resid_mid"],
  ["mlp_pre"],
  ["mlp_act"],
  ["mlp_out"],
  ["resid_post"],
];
const afterLayers: readonly (readonly SiteName[])[] = [["final"], ["logits"], ["logprobs", "nll"]];

function rankOf({ site, layer }: SiteReference): readonly [layer: number, within: number] {
  const within = withinLayer.findIndex((sites) => sites.includes(site));
  if (within >= 0) return [layer ?? 0, within];
  return site === "embed" ? [-1, 0] : [Infinity, afterLayers.findIndex((sites) => sites.includes(site))];
}

/**
 * The first site that an expression reads and that is computed after `written`, in the order of a model whose MLP reads
 * the attention's result: models with parallel residuals allow a little more than this does. The site itself is fine.
 */
export function readTooLate(expression: MeasureExpression, written: SiteReference): SiteReference | null {
  const [layer, within] = rankOf(written);
  for (const node of expression.nodes) {
    if (node.kind !== "site") continue;
    const [otherLayer, otherWithin] = rankOf(node.site);
    if (otherLayer > layer || (otherLayer === layer && otherWithin > within)) return node.site;
  }
  return null;
}
