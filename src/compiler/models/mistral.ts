import { withAttention } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { llamaLike, noBiases } from "./parts/llama-like.js";
import { transformer } from "./parts/transformer.js";
import { readWindow } from "./parts/windows.js";

/**
 * Mistral (Jiang et al. 2023): LLaMA's arrangement, in which a query sees the last `sliding_window` keys only.
 *
 * @source transformers/models/mistral/modeling_mistral.py
 */
export const mistral: Family = {
  modelType: "mistral",
  title: "Mistral",
  describe(config) {
    const base = llamaLike("mistral", config, noBiases, { maxPositions: 131072, kvHeads: 8 });
    const windows = readWindow(config, base.sizes, config.optionalInteger("sliding_window", 4096));
    return transformer(withAttention(base, (_plan, layer) => ({ window: windows(layer) })));
  },
};
