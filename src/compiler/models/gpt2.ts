import { readActivation } from "./parts/activation.js";
import { plainAfter, plainAttention, plainEmbedding } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { evenHeadSize } from "./parts/signature.js";
import { transformer } from "./parts/transformer.js";

/**
 * GPT-2 (Radford et al. 2019): learned positions, pre-norm blocks, tied unembedding, weights stored [in, out].
 *
 * @source transformers/models/gpt2/modeling_gpt2.py
 */
export const gpt2: Family = {
  modelType: "gpt2",
  title: "GPT-2",
  describe(config) {
    const dModel = config.integer(["n_embd", "hidden_size"]);
    const heads = config.integer(["n_head", "num_attention_heads"]);
    const dHead = evenHeadSize(config, dModel, heads, "n_head");
    const activation = readActivation(config, "activation_function", "gelu_new");
    if (config.flag("add_cross_attention", false)) config.refuse("add_cross_attention", "true", "false");
    const scale = config.flag("scale_attn_weights", true) ? 1 / Math.sqrt(dHead) : 1;
    const scaledByLayer = config.flag("scale_attn_by_inverse_layer_idx", false);
    // What transformers computes in another order and in float32 in any case, and an old spelling that it does not read.
    config.ignore("reorder_and_upcast_attn", "n_ctx");
    const epsilon = config.number("layer_norm_epsilon", 1e-5);
    const tied = config.flag("tie_word_embeddings", true);
    return transformer({
      sizes: {
        family: "gpt2",
        layers: config.integer(["n_layer", "num_hidden_layers"]),
        heads,
        kvHeads: heads,
        dHead,
        dModel,
        neurons: config.optionalInteger("n_inner", null) ?? 4 * dModel,
        vocab: config.integer("vocab_size"),
        maxPositions: config.integer(["n_positions", "max_position_embeddings"], 1024),
        parallelResidual: false,
        gatedMlp: false,
        norm: "layer",
      },
      prefix: "transformer.",
      layout: "in-out",
      norm: { kind: "layer", epsilon, weight: "plain", bias: true },
      embedding: { ...plainEmbedding, tokens: "wte.weight", positions: { table: "wpe", offset: 0 } },
      layer: (layer) => ({
        attention: {
          ...plainAttention,
          norm: `h.${layer}.ln_1`,
          projections: { kind: "parts", matrix: `h.${layer}.attn.c_attn`, bias: true },
          scale: scaledByLayer ? scale / (layer + 1) : scale,
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
    });
  },
};
