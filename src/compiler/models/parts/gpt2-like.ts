/** What families that are built like GPT-2, and name their weights so, have in common. */
import { readActivation } from "./activation.js";
import { plainAfter, plainAttention, plainEmbedding, type Blueprint } from "./blueprint.js";
import type { ConfigReader, Field } from "./config.js";
import { evenHeadSize } from "./signature.js";

/** How a family's configs spell what GPT-2's say, and what its config class says where they say nothing. */
export interface Gpt2Spelling {
  readonly dModel: Field;
  /** The usual spelling first. */
  readonly heads: readonly [string, ...string[]];
  readonly layers: Field;
  readonly neurons: string;
  readonly positions: Field;
  readonly maxPositions: number;
  readonly activation: string;
  readonly tied: boolean;
}

const gpt2Spelling: Gpt2Spelling = {
  dModel: ["n_embd", "hidden_size"],
  heads: ["n_head", "num_attention_heads"],
  layers: ["n_layer", "num_hidden_layers"],
  neurons: "n_inner",
  positions: ["n_positions", "max_position_embeddings"],
  maxPositions: 1024,
  activation: "gelu_new",
  tied: true,
};

/**
 * The blueprint of GPT-2 (Radford et al. 2019) with what a config says, its matrices stored as torch.nn.Linear's; a family
 * changes what it has otherwise.
 */
export function gpt2Like(family: string, config: ConfigReader, own: Partial<Gpt2Spelling> = {}): Blueprint {
  const spelling = { ...gpt2Spelling, ...own };
  const dModel = config.integer(spelling.dModel);
  const heads = config.integer(spelling.heads);
  const dHead = evenHeadSize(config, dModel, heads, spelling.heads[0]);
  const activation = readActivation(config, "activation_function", spelling.activation);
  const epsilon = config.number("layer_norm_epsilon", 1e-5);
  const tied = config.flag("tie_word_embeddings", spelling.tied);
  return {
    sizes: {
      family,
      layers: config.integer(spelling.layers),
      heads,
      kvHeads: heads,
      dHead,
      dModel,
      neurons: config.optionalInteger(spelling.neurons, null) ?? 4 * dModel,
      vocab: config.integer("vocab_size"),
      maxPositions: config.integer(spelling.positions, spelling.maxPositions),
      parallelResidual: false,
      gatedMlp: false,
      norm: "layer",
    },
    prefix: "transformer.",
    layout: "out-in",
    norm: { kind: "layer", epsilon, weight: "plain", bias: true },
    embedding: { ...plainEmbedding, tokens: "wte.weight", positions: { table: "wpe", offset: 0 } },
    layer: (layer) => ({
      attention: {
        ...plainAttention,
        norm: `h.${layer}.ln_1`,
        projections: { kind: "parts", matrix: `h.${layer}.attn.c_attn`, bias: true },
        scale: 1 / Math.sqrt(dHead),
        output: `h.${layer}.attn.c_proj`,
        outputBias: true,
      },
      mlp: {
        kind: "plain",
        norm: `h.${layer}.ln_2`,
        up: `h.${layer}.mlp.c_fc`,
        down: `h.${layer}.mlp.c_proj`,
        bias: true,
        activation,
        after: plainAfter,
      },
    }),
    finalNorm: "ln_f",
    unembedding: { matrix: "lm_head.weight", tied, bias: null, projection: null },
  };
}

/** The factor of the scores where `scale_attn_weights` decides it. Attention to another text is refused. */
export function readScoreScale(config: ConfigReader, dHead: number): number {
  if (config.flag("add_cross_attention", false)) config.refuse("add_cross_attention", "true", "false");
  return config.flag("scale_attn_weights", true) ? 1 / Math.sqrt(dHead) : 1;
}

/** Queries, keys and values from three matrices without biases, called `q_proj`, `k_proj` and `v_proj` in `module`. */
export function separateProjections(module: string) {
  const [query, key, value] = [`${module}.q_proj`, `${module}.k_proj`, `${module}.v_proj`] as const;
  return { kind: "separate", query, key, value, bias: false } as const;
}
