import { withLayers, withSizes } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { llamaLike } from "./parts/llama-like.js";
import { transformer } from "./parts/transformer.js";
import { refuseSliding } from "./parts/windows.js";

/**
 * Granite (Granite Team 2024): LLaMA's arrangement with factors of the embedding, the scores, what is added to the stream, and
 * the logits.
 *
 * @source transformers/models/granite/modeling_granite.py
 */
export const granite: Family = {
  modelType: "granite",
  title: "Granite",
  describe(config) {
    const bias = config.flag("attention_bias", false);
    const biases = { queryKeyValue: bias, output: bias, mlp: config.flag("mlp_bias", false) };
    const base = llamaLike("granite", config, biases);
    refuseSliding(config, base.sizes.layers);
    const scale = config.number("attention_multiplier", 1);
    const added = { norm: null, scale: config.number("residual_multiplier", 1) };
    const divisor = config.number("logits_scaling", 1);
    if (divisor === 0) config.refuse("logits_scaling", "0", "a number other than 0");
    const changed = withLayers(base, ({ attention, mlp }) => ({
      attention: { ...attention, scale, after: added },
      mlp: { ...mlp, after: added },
    }));
    const unembedding = { scale: 1 / divisor, softcap: null, bias: false, width: base.sizes.dModel };
    const embedding = { ...base.embedding, scale: config.number("embedding_multiplier", 1) };
    return transformer({ ...withSizes(changed, { unembedding }), embedding });
  },
};
