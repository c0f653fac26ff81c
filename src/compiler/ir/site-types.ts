/** Types of sites for a model. */
import type { Axis, TensorType, Unit } from "./tensor-type.js";
import type { ModelSignature } from "../models/model.js";
import { sites, type SiteAxis, type SiteName } from "../models/sites.js";

function axisOf(name: SiteAxis, site: SiteName, signature: ModelSignature): Axis {
  const fixed = (size: number): Axis => ({ name, extent: { kind: "fixed", size } });
  switch (name) {
    case "pos":
      // The first token has no prediction, so `nll` has one position fewer than the text.
      return { name, extent: { kind: "positions", minus: site === "nll" ? 1 : 0 } };
    case "query":
    case "key":
      return { name, extent: { kind: "positions", minus: 0 } };
    case "head":
      return fixed(signature.heads);
    case "kv_head":
      return fixed(signature.kvHeads);
    case "d_head":
      return fixed(signature.dHead);
    case "d_model":
      return fixed(signature.dModel);
    case "neuron":
      return fixed(signature.neurons);
    case "expert":
      return fixed(signature.experts?.count ?? 0);
    case "vocab":
      return fixed(signature.vocab);
  }
}

/** The type of a site's value for one prompt (the batch axis is not part of it). */
export function siteType(site: SiteName, signature: ModelSignature): TensorType {
  const unit: Unit = site === "nll" || site === "logprobs" ? "nats" : "none";
  return { axes: sites[site].axes.map((axis) => axisOf(axis, site, signature)), unit, element: "real" };
}
