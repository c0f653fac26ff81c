import type { Family } from "./parts/family-model.js";
import { llamaLike } from "./parts/llama-like.js";
import { transformer } from "./parts/transformer.js";
import { refuseSliding } from "./parts/windows.js";

/**
 * LLaMA (Touvron et al. 2023): RMS norms, rotary positions, gated MLP, grouped-query attention.
 *
 * @source transformers/models/llama/modeling_llama.py
 */
export const llama: Family = {
  modelType: "llama",
  title: "LLaMA",
  describe(config) {
    const attention = config.flag("attention_bias", false);
    const mlp = config.flag("mlp_bias", false);
    const blueprint = llamaLike("llama", config, { queryKeyValue: attention, output: attention, mlp });
    refuseSliding(config, blueprint.sizes.layers);
    return transformer(blueprint);
  },
};
