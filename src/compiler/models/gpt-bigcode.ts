import { readActivation } from "./parts/activation.js";
import { plainAfter, plainAttention, plainEmbedding } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { evenHeadSize } from "./parts/signature.js";
import { transformer } from "./parts/transformer.js";

/**
 * GPT-BigCode, SantaCoder and StarCoder (Li et al. 2023): GPT-2 with one head of keys and values for all queries.
 *
 * @source transformers/models/gpt_bigcode/modeling_gpt_bigcode.py
 */
export const gptBigCode: Family = {
  modelType: "gpt_bigcode",
  title: "GPT-BigCode",
  describe(config) {
    const dModel = config.integer(["n_embd", "hidden_size"]);
    const heads = config.integer(["n_head", "num_attention_heads"]);
    const dHead = evenHeadSize(config, dModel, heads, "n_head");
    const isMultiQuery = config.flag("multi_query", true);
    if (config.flag("add_cross_attention", false)) config.refuse("add_cross_attention", "true", "false");
    const scale = config.flag("scale_attn_weights", true) ? 1 / Math.sqrt(dHead) : 1;
    const activation = readActivation(config, "activation_function", "gelu_pytorch_tanh");
    const epsilon = config.number("layer_norm_epsilon", 1e-5);
    const tied = config.flag("tie_word_embeddings", true);
    // In which precision scores are kept, and what the class makes of multi_query.
    config.ignore("attention_softmax_in_fp32", "scale_attention_softmax_in_fp32", "num_key_value_heads");
    config.ignore(
      "inference_runner",
      "max_batch_size",
      "max_sequence_length",
      "pad_key_length",
      "pre_allocate_kv_cache",
    );
    config.ignore("validate_runner_input");
    return transformer({
      sizes: {
        family: "gpt_bigcode",
        layers: config.integer(["n_layer", "num_hidden_layers"]),
        heads,
        kvHeads: isMultiQuery ? 1 : heads,
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
      layout: "out-in",
      norm: { kind: "layer", epsilon, weight: "plain", bias: true },
      embedding: { ...plainEmbedding, tokens: "wte.weight", positions: { table: "wpe", offset: 0 } },
      layer: (layer) => ({
        attention: {
          ...plainAttention,
          norm: `h.${layer}.ln_1`,
          projections: { kind: isMultiQuery ? "parts" : "groups", matrix: `h.${layer}.attn.c_attn`, bias: true },
          scale,
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
      unembedding: { matrix: "lm_head.weight", bias: null, tied, projection: null },
    });
  },
};
