/** Sites of a transformer, in TransformerLens vocabulary. */

export const siteNames = [
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
  "scores",
  "pattern",
  "z",
  "head_out",
  "attn_out",
  "mlp_out",
  "mlp_pre",
  "mlp_act",
  "router_logits",
  "expert_out",
  "shared_expert_out",
  "final",
  "logits",
  "logprobs",
  "nll",
] as const;

export type SiteName = (typeof siteNames)[number];

export function isSite(name: string): name is SiteName {
  return (siteNames as readonly string[]).includes(name);
}

/** Axis names a site can have. `query` and `key` are positions too. */
export type SiteAxis =
  "pos" | "query" | "key" | "head" | "kv_head" | "d_head" | "d_model" | "neuron" | "expert" | "vocab";

/** What is true of a site in every family. */
export interface SiteDescription {
  /** Axes after the batch axis, in layout order. */
  readonly axes: readonly SiteAxis[];
  readonly perLayer: boolean;
  /** False for values that nothing downstream reads (an intervention there could have no effect). */
  readonly writable: boolean;
  readonly meaning: string;
}

export const sites: Readonly<Record<SiteName, SiteDescription>> = {
  embed: { axes: ["pos", "d_model"], perLayer: false, writable: true, meaning: "token (+ position) embedding" },
  resid_pre: { axes: ["pos", "d_model"], perLayer: true, writable: true, meaning: "residual stream before the layer" },
  resid_mid: {
    axes: ["pos", "d_model"],
    perLayer: true,
    writable: true,
    meaning: "residual stream between attention and MLP",
  },
  normalized_resid_mid: {
    axes: ["pos", "d_model"],
    perLayer: true,
    writable: true,
    meaning: "resid_mid after the norm that follows attention, where norms follow the additions",
  },
  resid_post: { axes: ["pos", "d_model"], perLayer: true, writable: true, meaning: "residual stream after the layer" },
  q: {
    axes: ["pos", "head", "d_head"],
    perLayer: true,
    writable: true,
    meaning: "queries, before their norm and rotary",
  },
  k: {
    axes: ["pos", "kv_head", "d_head"],
    perLayer: true,
    writable: true,
    meaning: "keys, before their norm and rotary",
  },
  v: { axes: ["pos", "kv_head", "d_head"], perLayer: true, writable: true, meaning: "values" },
  q_norm: {
    axes: ["pos", "head", "d_head"],
    perLayer: true,
    writable: true,
    meaning: "queries after their norm, before rotary",
  },
  k_norm: {
    axes: ["pos", "kv_head", "d_head"],
    perLayer: true,
    writable: true,
    meaning: "keys after their norm, before rotary",
  },
  scores: {
    axes: ["head", "query", "key"],
    perLayer: true,
    writable: true,
    meaning: "masked attention scores before softmax (after a soft cap)",
  },
  pattern: { axes: ["head", "query", "key"], perLayer: true, writable: true, meaning: "attention pattern" },
  z: {
    axes: ["pos", "head", "d_head"],
    perLayer: true,
    writable: true,
    meaning: "pattern · v, before the output projection",
  },
  head_out: {
    axes: ["pos", "head", "d_model"],
    perLayer: true,
    writable: false,
    meaning: "z · W_O per head, without the bias",
  },
  attn_out: {
    axes: ["pos", "d_model"],
    perLayer: true,
    writable: true,
    meaning: "what attention adds to the residual stream",
  },
  mlp_out: {
    axes: ["pos", "d_model"],
    perLayer: true,
    writable: true,
    meaning: "what the MLP adds to the residual stream",
  },
  mlp_pre: {
    axes: ["pos", "neuron"],
    perLayer: true,
    writable: true,
    meaning: "MLP before the activation (the gate's input in gated MLPs)",
  },
  mlp_act: { axes: ["pos", "neuron"], perLayer: true, writable: true, meaning: "input of the MLP's output projection" },
  router_logits: {
    axes: ["pos", "expert"],
    perLayer: true,
    writable: true,
    meaning: "what the router gives each expert, before the choice of experts",
  },
  expert_out: {
    axes: ["pos", "expert", "d_model"],
    perLayer: true,
    writable: true,
    meaning: "output of each expert times its weight; 0 where it was not chosen",
  },
  shared_expert_out: {
    axes: ["pos", "d_model"],
    perLayer: true,
    writable: true,
    meaning: "output of the expert that sees every token, times its gate",
  },
  final: { axes: ["pos", "d_model"], perLayer: false, writable: true, meaning: "after the last norm" },
  logits: {
    axes: ["pos", "vocab"],
    perLayer: false,
    writable: true,
    meaning: "unembedded final residual (after a soft cap)",
  },
  logprobs: { axes: ["pos", "vocab"], perLayer: false, writable: false, meaning: "log softmax of the logits, in nats" },
  nll: {
    axes: ["pos"],
    perLayer: false,
    writable: false,
    meaning: "−log p(token | tokens before it), in nats, aligned to the predicted token: one position fewer",
  },
};

/** True for values that grow with the square of the text. */
export function isSquare(site: SiteName): boolean {
  const { axes } = sites[site];
  return axes.includes("query") && axes.includes("key");
}

/** Identifies a value of the model: a site and, for a site of a layer, which layer (from 0). */
export interface SiteReference {
  readonly site: SiteName;
  readonly layer: number | null;
}

/** `z[5]`, `logits`: the name by which graphs, feeds and errors call a site. */
export function siteKey(reference: SiteReference): string {
  return reference.layer === null ? reference.site : `${reference.site}[${reference.layer}]`;
}
