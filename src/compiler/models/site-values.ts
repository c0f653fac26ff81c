import type { Dimension, ValueInfo } from "../onnx/graph.js";
import type { ModelSignature } from "./model.js";
import { siteKey, sites, type SiteAxis, type SiteReference } from "./sites.js";

/**
 * Sizes of a site's axes after the row axis; the axes that follow the sequence have the symbolic size `pos` (`query`
 * and `key` too), and `nll` has `predicted`, which is one fewer.
 */
export function siteDimensions(signature: ModelSignature, site: SiteReference["site"]): readonly Dimension[] {
  const sizes: Readonly<Record<SiteAxis, Dimension>> = {
    pos: site === "nll" ? "predicted" : "pos",
    query: "pos",
    key: "pos",
    head: signature.heads,
    kv_head: signature.kvHeads,
    d_head: signature.dHead,
    d_model: signature.dModel,
    neuron: signature.neurons,
    expert: signature.experts?.count ?? 0,
    vocab: signature.vocab,
  };
  return sites[site].axes.map((axis) => sizes[axis]);
}

/** Floats of one row of a site's value, for a text of `positions` tokens. */
export function siteSize(signature: ModelSignature, site: SiteReference["site"], positions: number): number {
  return siteDimensions(signature, site).reduce<number>(
    (product, size) => product * (typeof size === "number" ? size : positions),
    1,
  );
}

/** What to declare for a site that becomes an output (or a segment's input) of a graph, under the name `name`. */
export function siteValueInfo(
  signature: ModelSignature,
  reference: SiteReference,
  name: string = siteKey(reference),
): ValueInfo {
  return { name, type: "float32", shape: ["row", ...siteDimensions(signature, reference.site)] };
}

/** Every site of a model: those of a layer once per layer. */
export function allSites(signature: ModelSignature): readonly SiteReference[] {
  return signature.sites.flatMap((site): SiteReference[] =>
    sites[site].perLayer
      ? Array.from({ length: signature.layers }, (_, layer) => ({ site, layer }))
      : [{ site, layer: null }],
  );
}
