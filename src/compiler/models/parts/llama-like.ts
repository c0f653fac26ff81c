/** What families that are built like LLaMA, and name their weights so, have in common. */
import { readActivation } from "./activation.js";
import { plainAfter, plainAttention, plainEmbedding, type Blueprint, type QueryKeyNorms } from "./blueprint.js";
import type { ConfigReader } from "./config.js";
import { readRotary } from "./rotary.js";
import type { SignatureSizes } from "./signature.js";

/** Which linear layers of a variant have biases. */
export interface Biases {
  readonly queryKeyValue: boolean;
  readonly output: boolean;
  readonly mlp: boolean;
}

export const noBiases: Biases = { queryKeyValue: false, output: false, mlp: false };

/** What a family's config class says where the config itself says nothing. */
export interface LlamaDefaults {
  readonly activation: string;
  readonly activationField: string;
  readonly epsilonField: string;
  readonly epsilon: number;
  readonly maxPositions: number;
  readonly theta: number;
  /** The share of a head that is rotated; null: heads are rotated as a whole. */
  readonly partialRotary: number | null;
  readonly tied: boolean;
  /** The kind of layers whose rotary settings are meant, where each has its own. */
  readonly layerType: string | null;
  /** `original_max_position_embeddings` of classes that have the field. */
  readonly original: number | null;
  /** Heads of keys and values; null: as many as of queries. */
  readonly kvHeads: number | null;
  /** Null: d_model / heads. */
  readonly dHead: number | null;
}

export const llamaDefaults: LlamaDefaults = {
  activation: "silu",
  activationField: "hidden_act",
  epsilonField: "rms_norm_eps",
  epsilon: 1e-6,
  maxPositions: 2048,
  theta: 10000,
  partialRotary: null,
  tied: false,
  layerType: null,
  original: null,
  kvHeads: null,
  dHead: null,
};

/** The blueprint of LLaMA (Touvron et al. 2023) with what a config says; a family changes what it has otherwise. */
export function llamaLike(
  family: string,
  config: ConfigReader,
  biases: Biases = noBiases,
  own: Partial<LlamaDefaults> = {},
): Blueprint {
  const defaults = { ...llamaDefaults, ...own };
  const dModel = config.integer("hidden_size");
  const heads = config.integer("num_attention_heads");
  const kvHeads = config.optionalInteger("num_key_value_heads", defaults.kvHeads) ?? heads;
  // Some models state a head size that is not d_model / heads.
  const stated = config.optionalInteger("head_dim", defaults.dHead);
  const dHead = stated ?? Math.max(1, Math.floor(dModel / heads));
  if (stated === null && dModel % heads !== 0) {
    config.refuse("num_attention_heads", String(heads), `a divisor of the width ${dModel}`);
  }
  if (heads % kvHeads !== 0) config.refuse("num_key_value_heads", String(kvHeads), `a divisor of ${heads}`);
  const longest = config.integer("max_position_embeddings", defaults.maxPositions);
  const sizes: SignatureSizes = {
    family,
    layers: config.integer("num_hidden_layers"),
    heads,
    kvHeads,
    dHead,
    dModel,
    neurons: config.integer("intermediate_size"),
    vocab: config.integer("vocab_size"),
    maxPositions: longest,
    parallelResidual: false,
    gatedMlp: true,
    norm: "rms",
  };
  const activation = readActivation(config, defaults.activationField, defaults.activation);
  const settings = readRotary(config, dHead, {
    thetaField: "rope_theta",
    theta: defaults.theta,
    partialField: "partial_rotary_factor",
    partial: defaults.partialRotary ?? 1,
    longest,
    ...(defaults.layerType === null ? {} : { layerType: defaults.layerType }),
    ...(defaults.original === null ? {} : { original: defaults.original }),
  });
  if (defaults.partialRotary === null && settings.dimensions !== dHead) {
    config.refuse("partial_rotary_factor", String(settings.dimensions / dHead), "1");
  }
  const epsilon = config.number(defaults.epsilonField, defaults.epsilon);
  const tied = config.flag("tie_word_embeddings", defaults.tied);
  return {
    sizes,
    prefix: "model.",
    layout: "out-in",
    norm: { kind: "rms", epsilon, weight: "plain", bias: false },
    embedding: { ...plainEmbedding, tokens: "embed_tokens.weight" },
    layer: (layer) => ({
      attention: {
        ...plainAttention,
        norm: `layers.${layer}.input_layernorm`,
        projections: {
          kind: "separate",
          query: `layers.${layer}.self_attn.q_proj`,
          key: `layers.${layer}.self_attn.k_proj`,
          value: `layers.${layer}.self_attn.v_proj`,
          bias: biases.queryKeyValue,
        },
        rotary: { settings, interleaved: false },
        scale: 1 / Math.sqrt(dHead),
        output: `layers.${layer}.self_attn.o_proj`,
        outputBias: biases.output,
      },
      mlp: {
        kind: "gated",
        norm: `layers.${layer}.post_attention_layernorm`,
        gate: `layers.${layer}.mlp.gate_proj`,
        up: `layers.${layer}.mlp.up_proj`,
        down: `layers.${layer}.mlp.down_proj`,
        bias: biases.mlp,
        activation,
        after: plainAfter,
      },
    }),
    finalNorm: "norm",
    unembedding: { matrix: "lm_head.weight", tied, bias: null, projection: null },
  };
}

/** Norms of queries and keys under the names that most such families have for them. */
export function headNorms({ norm: style }: Blueprint, layer: number, over: QueryKeyNorms["over"]): QueryKeyNorms {
  const name = `layers.${layer}.self_attn`;
  return { query: `${name}.q_norm`, key: `${name}.k_norm`, style, over };
}
