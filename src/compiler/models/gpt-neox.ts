import { readActivation } from "./parts/activation.js";
import { plainAfter, plainAttention, plainEmbedding } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { readRotary } from "./parts/rotary.js";
import { evenHeadSize } from "./parts/signature.js";
import { transformer } from "./parts/transformer.js";

/**
 * GPT-NeoX and Pythia (Black et al. 2022; Biderman et al. 2023): partial rotary positions, attention and MLP in
 * parallel unless `use_parallel_residual` is false, queries, keys and values interleaved per head.
 *
 * @source transformers/models/gpt_neox/modeling_gpt_neox.py
 */
export const gptNeoX: Family = {
  modelType: "gpt_neox",
  title: "GPT-NeoX",
  describe(config) {
    const dModel = config.integer("hidden_size");
    const heads = config.integer("num_attention_heads");
    const dHead = evenHeadSize(config, dModel, heads, "num_attention_heads");
    const longest = config.integer("max_position_embeddings", 2048);
    const settings = readRotary(config, dHead, {
      thetaField: "rotary_emb_base",
      partialField: "rotary_pct",
      partial: 0.25,
      longest,
    });
    // The class does not know the field, but its rotary embedding would take the head size from it.
    const stated = config.optionalInteger("head_dim", null);
    if (stated !== null && stated !== dHead) config.refuse("head_dim", String(stated), String(dHead));
    const activation = readActivation(config, "hidden_act", "gelu");
    const bias = config.flag("attention_bias", true);
    const epsilon = config.number("layer_norm_eps", 1e-5);
    const tied = config.flag("tie_word_embeddings", false);
    return transformer({
      sizes: {
        family: "gpt_neox",
        layers: config.integer("num_hidden_layers"),
        heads,
        kvHeads: heads,
        dHead,
        dModel,
        neurons: config.integer("intermediate_size"),
        vocab: config.integer("vocab_size"),
        maxPositions: longest,
        parallelResidual: config.flag("use_parallel_residual", true),
        gatedMlp: false,
        norm: "layer",
      },
      prefix: "gpt_neox.",
      layout: "out-in",
      norm: { kind: "layer", epsilon, weight: "plain", bias: true },
      embedding: { ...plainEmbedding, tokens: "embed_in.weight" },
      layer: (layer) => ({
        attention: {
          ...plainAttention,
          norm: `layers.${layer}.input_layernorm`,
          projections: { kind: "groups", matrix: `layers.${layer}.attention.query_key_value`, bias },
          rotary: { settings, interleaved: false },
          scale: 1 / Math.sqrt(dHead),
          output: `layers.${layer}.attention.dense`,
          outputBias: bias,
        },
        mlp: {
          kind: "plain",
          norm: `layers.${layer}.post_attention_layernorm`,
          up: `layers.${layer}.mlp.dense_h_to_4h`,
          down: `layers.${layer}.mlp.dense_4h_to_h`,
          bias: true,
          activation,
          after: plainAfter,
        },
      }),
      finalNorm: "final_layer_norm",
      unembedding: { matrix: "embed_out.weight", tied, bias: null, projection: null },
    });
  },
};
