import { plainAfter, plainAttention, plainEmbedding } from "./parts/blueprint.js";
import type { ConfigReader } from "./parts/config.js";
import type { Family } from "./parts/family-model.js";
import { harmlessFields } from "./parts/harmless-fields.js";
import { mptSlopes } from "./parts/masks.js";
import { evenHeadSize } from "./parts/signature.js";
import { transformer } from "./parts/transformer.js";

/**
 * MPT (MosaicML 2023): no positions but linear biases of the scores, no biases in norms and matrices.
 *
 * @source transformers/models/mpt/modeling_mpt.py, which does not read most of the settings that are refused here
 */
export const mpt: Family = {
  modelType: "mpt",
  title: "MPT",
  describe(config) {
    const dModel = config.integer(["d_model", "hidden_size"]);
    const heads = config.integer(["n_heads", "num_attention_heads"]);
    const dHead = evenHeadSize(config, dModel, heads, "n_heads");
    const attention = config.section("attn_config");
    if (attention !== null) refuseOthers(attention);
    if (config.integer("expansion_ratio", 4) !== 4) config.refuse("expansion_ratio", "another number", "4");
    if (!config.flag("no_bias", true)) config.refuse("no_bias", "false", "true");
    if (config.raw("logit_scale") !== undefined) config.refuse("logit_scale", "a factor", "null");
    // The table of positions is not read where scores have biases; the rest is about training and its programs.
    config.ignore("learned_pos_emb", "embedding_fraction", "init_device", "init_config", "norm_type", "verbose");
    config.ignore("emb_pdrop", "fc_type", "use_flash_attn", "ffn_config");
    const clip = attention?.optionalNumber("clip_qkv", null) ?? null;
    const scale = attention?.optionalNumber("softmax_scale", null) ?? 1 / Math.sqrt(dModel / heads);
    const epsilon = config.number("layer_norm_epsilon", 1e-5);
    const tied = config.flag("tie_word_embeddings", true);
    const alibi = { slopes: mptSlopes(heads, 8), from: "last", bfloat16: false, scale: 1 } as const;
    return transformer({
      sizes: {
        family: "mpt",
        layers: config.integer(["n_layers", "num_hidden_layers"]),
        heads,
        kvHeads: heads,
        dHead,
        dModel,
        neurons: 4 * dModel,
        vocab: config.integer("vocab_size"),
        maxPositions: config.integer("max_seq_len", 2048),
        parallelResidual: false,
        gatedMlp: false,
        norm: "layer",
      },
      prefix: "transformer.",
      layout: "out-in",
      norm: { kind: "layer", epsilon, weight: "plain", bias: false },
      embedding: { ...plainEmbedding, tokens: "wte.weight" },
      layer: (layer) => ({
        attention: {
          ...plainAttention,
          norm: `blocks.${layer}.norm_1`,
          projections: { kind: "parts", matrix: `blocks.${layer}.attn.Wqkv`, bias: false },
          // Zero clips nothing, as in Python.
          clip: clip === 0 ? null : clip,
          alibi,
          scale,
          output: `blocks.${layer}.attn.out_proj`,
          outputBias: false,
        },
        mlp: {
          kind: "plain",
          norm: `blocks.${layer}.norm_2`,
          up: `blocks.${layer}.ffn.up_proj`,
          down: `blocks.${layer}.ffn.down_proj`,
          bias: false,
          activation: "gelu",
          after: plainAfter,
        },
      }),
      finalNorm: "norm_f",
      unembedding: { matrix: "lm_head.weight", bias: null, tied, projection: null },
    });
  },
};

/** Settings of attention that transformers passes over, and with which a model would be another one. */
function refuseOthers(attention: ConfigReader): void {
  const type = attention.text("attn_type", "multihead_attention");
  if (type !== "multihead_attention") attention.refuse("attn_type", type, "multihead_attention");
  for (const field of ["prefix_lm", "qk_ln", "attn_uses_sequence_id"]) {
    if (attention.flag(field, false)) attention.refuse(field, "true", "false");
  }
  if (!attention.flag("alibi", true)) attention.refuse("alibi", "false", "true");
  const largest = attention.number("alibi_bias_max", 8);
  if (largest !== 8) attention.refuse("alibi_bias_max", String(largest), "8");
  // Older versions of transformers write this section as a config of its own.
  attention.ignore("attn_pdrop", "attn_impl", "model_type", ...Object.values(harmlessFields).flat());
}
