import { readActivation } from "./parts/activation.js";
import { plainAfter, plainAttention, plainEmbedding } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { evenHeadSize } from "./parts/signature.js";
import { transformer } from "./parts/transformer.js";

/**
 * OPT (Zhang et al. 2022): learned positions from row 2 on, tied unembedding. In OPT-350m the norms follow the additions, and
 * the vocabulary's vectors are narrower than the stream.
 *
 * @source transformers/models/opt/modeling_opt.py
 */
export const opt: Family = {
  modelType: "opt",
  title: "OPT",
  describe(config) {
    const dModel = config.integer("hidden_size");
    const heads = config.integer("num_attention_heads");
    const dHead = evenHeadSize(config, dModel, heads, "num_attention_heads");
    const bias = config.flag("enable_bias", true);
    const normsFirst = config.flag("do_layer_norm_before", true);
    const affine = config.flag("layer_norm_elementwise_affine", true);
    if (config.flag("_remove_final_layer_norm", false) && normsFirst) {
      config.refuse("_remove_final_layer_norm", "true", "false: the stream ends with a norm");
    }
    const width = config.optionalInteger("word_embed_proj_dim", null) ?? dModel;
    const activation = readActivation(config, "activation_function", "relu");
    const tied = config.flag("tie_word_embeddings", true);
    config.ignore("init_std");
    return transformer({
      sizes: {
        family: "opt",
        layers: config.integer("num_hidden_layers"),
        heads,
        kvHeads: heads,
        dHead,
        dModel,
        neurons: config.integer("ffn_dim"),
        vocab: config.integer("vocab_size"),
        maxPositions: config.integer("max_position_embeddings", 2048),
        parallelResidual: false,
        gatedMlp: false,
        norm: "layer",
        normsAfter: normsFirst ? null : "stream",
        unembedding: { scale: 1, softcap: null, bias: false, width },
      },
      prefix: "model.decoder.",
      layout: "out-in",
      norm: { kind: "layer", epsilon: 1e-5, weight: affine ? "plain" : "none", bias: affine },
      embedding: {
        ...plainEmbedding,
        tokens: "embed_tokens.weight",
        positions: { table: "embed_positions", offset: 2 },
        projection: width === dModel ? null : "project_in",
      },
      layer: (layer) => ({
        attention: {
          ...plainAttention,
          norm: `layers.${layer}.self_attn_layer_norm`,
          projections: {
            kind: "separate",
            query: `layers.${layer}.self_attn.q_proj`,
            key: `layers.${layer}.self_attn.k_proj`,
            value: `layers.${layer}.self_attn.v_proj`,
            bias,
          },
          scale: 1 / Math.sqrt(dHead),
          output: `layers.${layer}.self_attn.out_proj`,
          outputBias: bias,
        },
        mlp: {
          kind: "plain",
          norm: `layers.${layer}.final_layer_norm`,
          up: `layers.${layer}.fc1`,
          down: `layers.${layer}.fc2`,
          bias,
          activation,
          after: plainAfter,
        },
      }),
      finalNorm: normsFirst ? "final_layer_norm" : null,
      unembedding: {
        matrix: "lm_head.weight",
        tied,
        bias: null,
        projection: width === dModel ? null : "project_out",
      },
    });
  },
};
