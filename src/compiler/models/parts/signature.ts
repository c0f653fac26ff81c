import type { ModelSignature } from "../model.js";
import { siteNames, type SiteName } from "../sites.js";
import type { ConfigReader } from "./config.js";

/** The steps in which {@link buildDecoder} computes sites. */
const decoderOrder: readonly (readonly SiteName[])[] = [
  ["embed"],
  ["resid_pre"],
  ["q", "k", "v"],
  ["q_norm", "k_norm"],
  ["scores"],
  ["pattern"],
  ["z"],
  ["head_out"],
  ["attn_out"],
  ["resid_mid"],
  ["normalized_resid_mid"],
  ["router_logits"],
  ["mlp_pre"],
  ["mlp_act"],
  ["expert_out", "shared_expert_out"],
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
  "normalized_resid_mid",
  "resid_post",
  "q",
  "k",
  "v",
  "q_norm",
  "k_norm",
  "z",
  "attn_out",
  "mlp_act",
  "mlp_out",
  "final",
];

/** What most models are, and a family says only where it is otherwise. */
type Exceptions = "normsAfter" | "queryKeyNorms" | "attentionSinks" | "experts" | "unembedding";

/** A signature without what follows from the rest. */
export type SignatureSizes = Omit<ModelSignature, "sites" | "siteOrder" | "keptSites" | Exceptions> &
  Partial<Pick<ModelSignature, Exceptions>>;

/** Whether a model has a site: each of these says of which models it is a part. */
const siteConditions: Readonly<Partial<Record<SiteName, (signature: Omit<ModelSignature, "sites">) => boolean>>> = {
  resid_mid: ({ parallelResidual }) => !parallelResidual,
  normalized_resid_mid: ({ normsAfter }) => normsAfter === "stream",
  q_norm: ({ queryKeyNorms }) => queryKeyNorms,
  k_norm: ({ queryKeyNorms }) => queryKeyNorms,
  mlp_pre: ({ experts }) => experts === null,
  mlp_act: ({ experts }) => experts === null,
  router_logits: ({ experts }) => experts !== null,
  expert_out: ({ experts }) => experts !== null,
  shared_expert_out: ({ experts }) => experts?.shared === true,
};

/** Completes the signature of a model that {@link buildDecoder} builds. */
export function signatureOf(sizes: SignatureSizes): ModelSignature {
  const whole = {
    normsAfter: null,
    queryKeyNorms: false,
    attentionSinks: false,
    experts: null,
    unembedding: { scale: 1, softcap: null, bias: false, width: sizes.dModel },
    ...sizes,
    siteOrder: decoderOrder,
    keptSites: decoderKept,
  };
  const has = (site: SiteName): boolean => siteConditions[site]?.(whole) ?? true;
  return {
    ...whole,
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
