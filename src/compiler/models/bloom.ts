import { plainAfter, plainAttention, plainEmbedding } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { alibiSlopes } from "./parts/masks.js";
import { evenHeadSize } from "./parts/signature.js";
import { transformer } from "./parts/transformer.js";

/**
 * BLOOM (BigScience Workshop 2022): no positions but linear biases of the scores, a norm of the embedding, queries, keys and
 * values interleaved per head.
 *
 * @source transformers/models/bloom/modeling_bloom.py
 */
export const bloom: Family = {
  modelType: "bloom",
  title: "BLOOM",
  describe(config) {
    const dModel = config.integer(["hidden_size", "n_embed"]);
    const heads = config.integer(["n_head", "num_attention_heads"]);
    const dHead = evenHeadSize(config, dModel, heads, "n_head");
    if (config.flag("apply_residual_connection_post_layernorm", false)) {
      config.refuse("apply_residual_connection_post_layernorm", "true", "false: what is normed is not added");
    }
    const epsilon = config.number("layer_norm_epsilon", 1e-5);
    const tied = config.flag("tie_word_embeddings", true);
    // How the program that trained it was set up, and what transformers computes in another order.
    config.ignore("slow_but_exact", "seq_length", "masked_softmax_fusion", "bias_dropout_fusion", "n_inner");
    config.ignore("attention_softmax_in_fp32", "skip_bias_add", "skip_bias_add_qkv", "offset_alibi");
    const alibi = { slopes: alibiSlopes(heads), from: "first", bfloat16: false, scale: 1 } as const;
    return transformer({
      sizes: {
        family: "bloom",
        layers: config.integer(["n_layer", "num_hidden_layers"]),
        heads,
        kvHeads: heads,
        dHead,
        dModel,
        neurons: 4 * dModel,
        vocab: config.integer("vocab_size"),
        maxPositions: null,
        parallelResidual: false,
        gatedMlp: false,
        norm: "layer",
      },
      prefix: "transformer.",
      layout: "out-in",
      norm: { kind: "layer", epsilon, weight: "plain", bias: true },
      embedding: { ...plainEmbedding, tokens: "word_embeddings.weight", norm: "word_embeddings_layernorm" },
      layer: (layer) => ({
        attention: {
          ...plainAttention,
          norm: `h.${layer}.input_layernorm`,
          projections: { kind: "groups", matrix: `h.${layer}.self_attention.query_key_value`, bias: true },
          alibi,
          scale: 1 / Math.sqrt(dHead),
          output: `h.${layer}.self_attention.dense`,
          outputBias: true,
        },
        mlp: {
          kind: "plain",
          norm: `h.${layer}.post_attention_layernorm`,
          up: `h.${layer}.mlp.dense_h_to_4h`,
          down: `h.${layer}.mlp.dense_4h_to_h`,
          bias: true,
          activation: "gelu_tanh",
          after: plainAfter,
        },
      }),
      finalNorm: "ln_f",
      unembedding: { matrix: "lm_head.weight", bias: null, tied, projection: null },
    });
  },
};
