import { withAttention, withLayers, withSizes } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { headNorms, llamaLike } from "./parts/llama-like.js";
import { transformer } from "./parts/transformer.js";
import { refuseSliding } from "./parts/windows.js";

/**
 * OLMo (Groeneveld et al. 2024): LLaMA's arrangement with LayerNorms that have no weights, and queries, keys and values cut off
 * at ± `clip_qkv`.
 *
 * @source transformers/models/olmo/modeling_olmo.py
 */
export const olmo: Family = {
  modelType: "olmo",
  title: "OLMo",
  describe(config) {
    const bias = config.flag("attention_bias", false);
    const base = llamaLike("olmo", config, { queryKeyValue: bias, output: bias, mlp: false });
    refuseSliding(config, base.sizes.layers);
    const clip = config.optionalNumber("clip_qkv", null);
    const clipped = withAttention(base, () => ({ clip }));
    const norm = { kind: "layer", epsilon: 1e-5, weight: "none", bias: false } as const;
    return transformer({ ...withSizes(clipped, { norm: "layer" }), norm });
  },
};

/**
 * OLMo 2 (OLMo Team 2024): norms after attention and MLP instead of before them, and of all queries and all keys at once.
 *
 * @source transformers/models/olmo2/modeling_olmo2.py
 */
export const olmo2: Family = {
  modelType: "olmo2",
  title: "OLMo 2",
  describe(config) {
    const bias = config.flag("attention_bias", false);
    const base = llamaLike("olmo2", config, { queryKeyValue: bias, output: bias, mlp: false }, { epsilon: 1e-5 });
    refuseSliding(config, base.sizes.layers);
    const changed = withLayers(base, ({ attention, mlp }, layer) => ({
      attention: {
        ...attention,
        norm: null,
        queryKeyNorms: headNorms(base, layer, "all"),
        after: { norm: `layers.${layer}.post_attention_layernorm`, scale: 1 },
      },
      mlp: { ...mlp, norm: null, after: { norm: `layers.${layer}.post_feedforward_layernorm`, scale: 1 } },
    }));
    return transformer(withSizes(changed, { normsAfter: "branch", queryKeyNorms: true }));
  },
};
