import type { Json } from "../base/digest.js";
import { readActivation } from "./parts/activation.js";
import { plainAfter, plainAttention, plainEmbedding } from "./parts/blueprint.js";
import type { ConfigReader } from "./parts/config.js";
import type { Family } from "./parts/family-model.js";
import { evenHeadSize } from "./parts/signature.js";
import { transformer } from "./parts/transformer.js";

/**
 * GPT-Neo (Black et al. 2021): GPT-2's arrangement with scores that are not scaled, and layers that see the last `window_size`
 * keys only.
 *
 * @source transformers/models/gpt_neo/modeling_gpt_neo.py
 */
export const gptNeo: Family = {
  modelType: "gpt_neo",
  title: "GPT-Neo",
  describe(config) {
    const dModel = config.integer("hidden_size");
    const heads = config.integer(["num_heads", "num_attention_heads"]);
    const dHead = evenHeadSize(config, dModel, heads, "num_heads");
    const layers = config.integer(["num_layers", "num_hidden_layers"]);
    const kinds = readKinds(config, layers);
    const window = config.integer("window_size", 256);
    const activation = readActivation(config, "activation_function", "gelu_new");
    const epsilon = config.number("layer_norm_epsilon", 1e-5);
    const tied = config.flag("tie_word_embeddings", true);
    config.ignore("resid_dropout", "embed_dropout", "attention_dropout");
    return transformer({
      sizes: {
        family: "gpt_neo",
        layers,
        heads,
        kvHeads: heads,
        dHead,
        dModel,
        neurons: config.optionalInteger("intermediate_size", null) ?? 4 * dModel,
        vocab: config.integer("vocab_size"),
        maxPositions: config.integer("max_position_embeddings", 2048),
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
          projections: {
            kind: "separate",
            query: `h.${layer}.attn.attention.q_proj`,
            key: `h.${layer}.attn.attention.k_proj`,
            value: `h.${layer}.attn.attention.v_proj`,
            bias: false,
          },
          window: kinds[layer] === "local" ? window : null,
          scale: 1,
          output: `h.${layer}.attn.attention.out_proj`,
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

/** `global` or `local` for each layer: `attention_layers`, or `attention_types` written out, `[[["global", "local"], 12]]`. */
function readKinds(config: ConfigReader, layers: number): readonly string[] {
  const types = config.raw("attention_types") ?? [[["global", "local"], 12]];
  const kinds = config.texts("attention_layers") ?? written(types, layers) ?? [];
  if (kinds.length !== layers || !kinds.every((kind) => kind === "global" || kind === "local")) {
    config.refuse(
      "attention_types",
      JSON.stringify(types).slice(0, 80),
      `global or local for each of ${layers} layers`,
    );
  }
  return kinds;
}

/** Null for what is not of this form; lists that are too long are left out. */
function written(types: Json, layers: number): readonly string[] | null {
  if (!Array.isArray(types)) return null;
  return types.flatMap((entry: Json): readonly string[] => {
    const [names, times] = Array.isArray(entry) ? (entry as readonly Json[]) : [];
    if (!Array.isArray(names) || typeof times !== "number" || !(times * names.length <= layers)) return [""];
    return Array.from({ length: times }, () => names.map(String)).flat();
  });
}
