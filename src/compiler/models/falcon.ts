import { readActivation } from "./parts/activation.js";
import { plainAfter, plainAttention, plainEmbedding } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { alibiSlopes } from "./parts/masks.js";
import { readRotary } from "./parts/rotary.js";
import { evenHeadSize } from "./parts/signature.js";
import { transformer } from "./parts/transformer.js";

/**
 * Falcon (Almazrouei et al. 2023) in its three arrangements: one key-value head and one norm before parallel attention and MLP
 * (7B); several and a norm for each (40B, `new_decoder_architecture`); one after the other with linear biases of the scores
 * (RW).
 *
 * transformers 5.24 adds these biases twice with eager attention, and once otherwise; here they are added once.
 *
 * @source transformers/models/falcon/modeling_falcon.py
 */
export const falcon: Family = {
  modelType: "falcon",
  title: "Falcon",
  describe(config) {
    const dModel = config.integer(["hidden_size", "n_embed"]);
    const heads = config.integer(["num_attention_heads", "n_head"]);
    const dHead = evenHeadSize(config, dModel, heads, "num_attention_heads");
    const isNew = config.flag("new_decoder_architecture", false);
    const isParallel = config.flag("parallel_attn", true);
    const isMultiQuery = config.flag("multi_query", true);
    const stated = config.optionalInteger(["num_kv_heads", "n_head_kv"], null) ?? heads;
    const kvHeads = isNew ? stated : isMultiQuery ? 1 : heads;
    if (heads % kvHeads !== 0) config.refuse("num_kv_heads", String(kvHeads), `a divisor of ${heads}`);
    const norms = config.optionalInteger("num_ln_in_parallel_attn", null) ?? (isNew ? 2 : 1);
    if (isNew && !isParallel) config.refuse("parallel_attn", "false", "true with new_decoder_architecture");
    if (norms !== 1 && !isNew) config.refuse("num_ln_in_parallel_attn", String(norms), "1 or nothing");
    if (norms > 2) config.refuse("num_ln_in_parallel_attn", String(norms), "1 or 2");
    const hasAlibi = config.flag("alibi", false);
    const longest = config.integer("max_position_embeddings", 2048);
    const rotary = { thetaField: "rope_theta", partialField: "partial_rotary_factor", partial: 1, longest };
    const settings = readRotary(config, dHead, rotary);
    if (settings.dimensions !== dHead) config.refuse("partial_rotary_factor", "a part", "1");
    const slopes = alibiSlopes(heads);
    const alibi = { slopes, from: "first", bfloat16: true, scale: 1 / Math.sqrt(dHead) } as const;
    const bias = config.flag("bias", false);
    const activation = readActivation(config, "activation", "gelu");
    const epsilon = config.number("layer_norm_epsilon", 1e-5);
    const tied = config.flag("tie_word_embeddings", true);
    const ownNorm = isNew && norms === 2;
    config.ignore("apply_residual_connection_post_layernorm");
    return transformer({
      sizes: {
        family: "falcon",
        layers: config.integer(["num_hidden_layers", "n_layer"]),
        heads,
        kvHeads,
        dHead,
        dModel,
        neurons: config.optionalInteger("ffn_hidden_size", null) ?? 4 * dModel,
        vocab: config.integer("vocab_size"),
        maxPositions: longest,
        parallelResidual: isParallel,
        gatedMlp: false,
        norm: "layer",
      },
      prefix: "transformer.",
      layout: "out-in",
      norm: { kind: "layer", epsilon, weight: "plain", bias: true },
      embedding: { ...plainEmbedding, tokens: "word_embeddings.weight" },
      layer: (layer) => ({
        attention: {
          ...plainAttention,
          norm: `h.${layer}.${ownNorm ? "ln_attn" : "input_layernorm"}`,
          projections: {
            kind: !isNew && isMultiQuery ? "parts" : "groups",
            matrix: `h.${layer}.self_attention.query_key_value`,
            bias,
          },
          rotary: hasAlibi ? null : { settings, interleaved: false },
          alibi: hasAlibi ? alibi : null,
          scale: 1 / Math.sqrt(dHead),
          output: `h.${layer}.self_attention.dense`,
          outputBias: bias,
        },
        mlp: {
          kind: "plain",
          norm: `h.${layer}.${ownNorm ? "ln_mlp" : "post_attention_layernorm"}`,
          ...(isParallel && !ownNorm ? { sharesNorm: true } : {}),
          up: `h.${layer}.mlp.dense_h_to_4h`,
          down: `h.${layer}.mlp.dense_4h_to_h`,
          bias,
          activation,
          after: plainAfter,
        },
      }),
      finalNorm: "ln_f",
      unembedding: { matrix: "lm_head.weight", bias: null, tied, projection: null },
    });
  },
};
