import { type Blueprint, withAttention, withLayers, withMlp, withSizes } from "./parts/blueprint.js";
import type { ConfigReader } from "./parts/config.js";
import type { Family } from "./parts/family-model.js";
import { headNorms, llamaLike, type LlamaDefaults } from "./parts/llama-like.js";
import { plainAngles } from "./parts/rotary-scaling.js";
import type { Rotary } from "./parts/rotary.js";
import { transformer } from "./parts/transformer.js";
import { readSlidingLayers, readWindows, refuseSliding } from "./parts/windows.js";

/**
 * Gemma (Gemma Team 2024): LLaMA's arrangement with embeddings times √d_model, norms whose weights are what is added to 1,
 * and heads wider than d_model / heads.
 *
 * @source transformers/models/gemma/modeling_gemma.py
 */
export const gemma: Family = {
  modelType: "gemma",
  title: "Gemma",
  describe(config) {
    const base = gemmaLike("gemma", config, { kvHeads: 16, maxPositions: 8192 });
    refuseSliding(config, base.sizes.layers);
    // Older configs say `gelu` and mean its approximation; transformers does not read the other field.
    config.ignore("hidden_activation");
    const isLegacy = config.raw("hidden_act") === "gelu";
    return transformer(withMlp(base, (mlp) => (isLegacy ? { ...mlp, activation: "gelu_tanh" } : mlp)));
  },
};

/**
 * Gemma 2 (Gemma Team 2024): norms before and after attention and MLP, soft caps of scores and logits, sliding windows in
 * every other layer.
 *
 * @source transformers/models/gemma2/modeling_gemma2.py
 */
export const gemma2: Family = {
  modelType: "gemma2",
  title: "Gemma 2",
  describe(config) {
    const defaults = { kvHeads: 4, maxPositions: 8192, activationField: "hidden_activation" };
    const base = gemmaLike("gemma2", config, defaults);
    // Older configs have both fields; transformers reads the other one.
    config.ignore("hidden_act", "cache_implementation", "sliding_window_size");
    const window = config.optionalInteger("sliding_window", 4096);
    const windows = readWindows(config, base.sizes, window, (layer) => layer % 2 === 0);
    const scores = config.optionalNumber("attn_logit_softcapping", 50);
    const second = secondGeneration(base, config, { scores, logits: 30 });
    return transformer(withAttention(second, (_plan, layer) => ({ window: windows(layer) })));
  },
};

/**
 * Gemma 3 (Gemma Team 2025), its text model: as Gemma 2, with norms of queries and keys instead of soft caps, five layers
 * with a sliding window and a rotary base of their own to each one without.
 *
 * @source transformers/models/gemma3/modeling_gemma3.py
 */
export const gemma3: Family = {
  modelType: "gemma3_text",
  title: "Gemma 3 (text)",
  describe(config) {
    const base = gemmaLike("gemma3_text", config, {
      kvHeads: 4,
      maxPositions: 131072,
      activationField: "hidden_activation",
      theta: 1e6,
      layerType: "full_attention",
    });
    const every = config.optionalInteger("sliding_window_pattern", 6) ?? 6;
    // What transformers writes and does not read.
    config.ignore("_sliding_window_pattern");
    const isSliding = (layer: number): boolean => (layer + 1) % every !== 0;
    const window = config.optionalInteger("sliding_window", 4096);
    const windows = readWindows(config, base.sizes, window, isSliding);
    const sliding = readSlidingLayers(config, base.sizes.layers, isSliding);
    const settings = readLocalRotary(config, base.sizes.dHead);
    // transformers keeps the field and hands it to no attention.
    config.ignore("attn_logit_softcapping");
    const second = secondGeneration(base, config, { scores: null, logits: null });
    const changed = withAttention(second, ({ rotary }, layer) => ({
      window: windows(layer),
      rotary: sliding(layer) ? { settings, interleaved: false } : rotary,
      queryKeyNorms: headNorms(base, layer, "head"),
    }));
    return transformer(withSizes(changed, { queryKeyNorms: true }));
  },
};

function gemmaLike(family: string, config: ConfigReader, own: Partial<LlamaDefaults>): Blueprint {
  const bias = config.flag("attention_bias", false);
  const biases = { queryKeyValue: bias, output: bias, mlp: false };
  const defaults = { dHead: 256, tied: true, activation: "gelu_pytorch_tanh", ...own };
  const base = llamaLike(family, config, biases, defaults);
  if (config.raw("use_bidirectional_attention") === true) {
    config.refuse("use_bidirectional_attention", "true", "false: positions look back only");
  }
  return {
    ...base,
    norm: { ...base.norm, weight: "plus-one" },
    embedding: { ...base.embedding, scale: Math.sqrt(base.sizes.dModel) },
  };
}

/** What Gemma 2 and 3 have in common: `caps` are that of the scores and, where the config has none, that of the logits. */
function secondGeneration(
  base: Blueprint,
  config: ConfigReader,
  caps: { readonly scores: number | null; readonly logits: number | null },
): Blueprint {
  const scale = 1 / Math.sqrt(config.number("query_pre_attn_scalar", 256));
  const ofLogits = config.optionalNumber("final_logit_softcapping", caps.logits);
  const changed = withLayers(base, ({ attention, mlp }, layer) => ({
    attention: {
      ...attention,
      scale,
      softcap: caps.scores,
      after: { norm: `layers.${layer}.post_attention_layernorm`, scale: 1 },
    },
    mlp: {
      ...mlp,
      norm: `layers.${layer}.pre_feedforward_layernorm`,
      after: { norm: `layers.${layer}.post_feedforward_layernorm`, scale: 1 },
    },
  }));
  const unembedding = { scale: 1, softcap: ofLogits, bias: false, width: base.sizes.dModel };
  return withSizes(changed, { normsAfter: "branch", unembedding });
}

/** The rotation in layers with a window: `rope_scaling` does not hold for them. */
function readLocalRotary(config: ConfigReader, dimensions: number): Rotary {
  const own = config.section("rope_parameters")?.section("sliding_attention") ?? null;
  const inside = own?.has("rope_theta") === true ? own.number("rope_theta") : null;
  if (inside !== null) config.ignoreWhen("rope_local_base_freq", inside);
  const base = inside ?? config.number("rope_local_base_freq", 10000);
  const type = own?.text(["rope_type", "type"], "default") ?? "default";
  if (type !== "default") own?.refuse("rope_type", type, "default");
  const plain = { dimensions, base, longest: 1, original: () => 1 };
  return { dimensions, inverseFrequencies: plainAngles(plain), scale: 1, beyond: null };
}
