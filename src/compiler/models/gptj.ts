import { readActivation } from "./parts/activation.js";
import { plainAfter, plainAttention, plainEmbedding } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { plainAngles } from "./parts/rotary-scaling.js";
import { evenHeadSize } from "./parts/signature.js";
import { transformer } from "./parts/transformer.js";

/**
 * GPT-J (Wang and Komatsuzaki 2021): attention and MLP in parallel behind one norm, the first dimensions of each head rotated
 * in pairs of neighbours, a bias of the logits.
 *
 * @source transformers/models/gptj/modeling_gptj.py
 */
export const gptJ: Family = {
  modelType: "gptj",
  title: "GPT-J",
  describe(config) {
    const dModel = config.integer(["n_embd", "hidden_size"]);
    const heads = config.integer(["n_head", "num_attention_heads"]);
    const dHead = evenHeadSize(config, dModel, heads, "n_head");
    const dimensions = config.integer("rotary_dim", 64);
    if (dimensions % 2 !== 0 || dimensions > dHead) {
      config.refuse("rotary_dim", String(dimensions), `an even number up to ${dHead}`);
    }
    const angles = plainAngles({ dimensions, base: 10000, longest: 1, original: () => 1 });
    const settings = { dimensions, inverseFrequencies: angles, scale: 1, beyond: null };
    const activation = readActivation(config, "activation_function", "gelu_new");
    const epsilon = config.number("layer_norm_epsilon", 1e-5);
    const tied = config.flag("tie_word_embeddings", false);
    // Nothing of it is left in transformers.
    config.ignore("rotary", "scale_attn_weights", "gradient_checkpointing");
    return transformer({
      sizes: {
        family: "gptj",
        layers: config.integer(["n_layer", "num_hidden_layers"]),
        heads,
        kvHeads: heads,
        dHead,
        dModel,
        neurons: config.optionalInteger("n_inner", null) ?? 4 * dModel,
        vocab: config.integer("vocab_size"),
        maxPositions: config.integer(["n_positions", "max_position_embeddings"], 2048),
        parallelResidual: true,
        gatedMlp: false,
        norm: "layer",
        unembedding: { scale: 1, softcap: null, bias: true, width: dModel },
      },
      prefix: "transformer.",
      layout: "out-in",
      norm: { kind: "layer", epsilon, weight: "plain", bias: true },
      embedding: { ...plainEmbedding, tokens: "wte.weight" },
      layer: (layer) => ({
        attention: {
          ...plainAttention,
          norm: `h.${layer}.ln_1`,
          projections: {
            kind: "separate",
            query: `h.${layer}.attn.q_proj`,
            key: `h.${layer}.attn.k_proj`,
            value: `h.${layer}.attn.v_proj`,
            bias: false,
          },
          rotary: { settings, interleaved: true },
          scale: 1 / Math.sqrt(dHead),
          output: `h.${layer}.attn.out_proj`,
          outputBias: false,
        },
        mlp: {
          kind: "plain",
          norm: null,
          sharesNorm: true,
          up: `h.${layer}.mlp.fc_in`,
          down: `h.${layer}.mlp.fc_out`,
          bias: true,
          activation,
          after: plainAfter,
        },
      }),
      finalNorm: "ln_f",
      unembedding: { matrix: "lm_head.weight", bias: "lm_head.bias", tied, projection: null },
    });
  },
};
