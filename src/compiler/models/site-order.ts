/** When a model computes its sites. */
import type { ModelSignature } from "./model.js";
import { sites, type SiteReference } from "./sites.js";

/** Compares first by layer (−1: before the layers, Infinity: after them), then by step of the signature's `siteOrder`. */
export type SiteRank = readonly [layer: number, step: number];

/** The step at which a layer begins. */
function firstOfLayers({ siteOrder }: ModelSignature): number {
  return siteOrder.findIndex((step) => step.some((site) => sites[site].perLayer));
}

/** When a model computes a site. */
export function siteRank(signature: ModelSignature, { site, layer }: SiteReference): SiteRank {
  const step = signature.siteOrder.findIndex((own) => own.includes(site));
  if (sites[site].perLayer) return [layer ?? 0, step];
  return [step < firstOfLayers(signature) ? -1 : Infinity, step];
}

/** How many layers of a model come before a site is known, those that are run in part included. */
export function depthOf(site: SiteReference, signature: ModelSignature): number {
  const [layer, step] = siteRank(signature, site);
  const begun = step === firstOfLayers(signature) ? layer : layer + 1;
  return Math.min(Math.max(0, begun), signature.layers);
}

/**
 * False where a change of `from` cannot change `to`: a site that is computed before, or beside it in the same step. Sites
 * that nothing is computed from change nothing but themselves.
 */
export function mayInfluence(signature: ModelSignature, from: SiteReference, to: SiteReference): boolean {
  if (from.site === to.site && from.layer === to.layer) return true;
  if (!sites[from.site].writable) return false;
  const [layer, step] = siteRank(signature, from);
  const [laterLayer, laterStep] = siteRank(signature, to);
  return laterLayer > layer || (laterLayer === layer && laterStep > step);
}
