import type { ModelSignature } from "../model.js";
import { siteNames, type SiteName } from "../sites.js";
import type { ConfigReader } from "./config.js";

/** The steps in which {@link buildDecoder} computes sites. */
const decoderOrder: readonly (readonly SiteName[])[] = [
  ["embed"],
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
  ["final"],
  ["logits"],
  ["logprobs", "nll"],
];

/**
 * Sites of the size of the residual stream or of the neurons. Attention patterns grow with the square of the text and
 * logits with the vocabulary; both are computed again from what is before them.
 */
const decoderKept: readonly SiteName[] = [
  "embed",
  "resid_pre",
  "resid_mid",
  "resid_post",
  "q",
  "k",
  "v",
  "z",
  "attn_out",
  "mlp_act",
  "mlp_out",
  "final",
];

/** A signature without what follows from the rest. */
export type SignatureSizes = Omit<ModelSignature, "sites" | "siteOrder" | "keptSites">;

/**
 * Completes the signature of a model that {@link buildDecoder} builds: parallel-residual models have no stream between
 * attention and MLP.
 */
export function signatureOf(sizes: SignatureSizes): ModelSignature {
  const has = (site: SiteName): boolean => site !== "resid_mid" || !sizes.parallelResidual;
  return {
    ...sizes,
    sites: siteNames.filter(has),
    siteOrder: decoderOrder.map((step) => step.filter(has)).filter((step) => step.length > 0),
    keptSites: decoderKept.filter(has),
  };
}

/** d_model / heads; a remainder is reported. */
export function evenHeadSize(config: ConfigReader, dModel: number, heads: number, headsField: string): number {
  if (dModel % heads !== 0) config.refuse(headsField, String(heads), `a divisor of the width ${dModel}`);
  return Math.max(1, Math.floor(dModel / heads));
}
