import { withAttention, withSizes } from "./parts/blueprint.js";
import type { ConfigReader } from "./parts/config.js";
import type { Family } from "./parts/family-model.js";
import { headNorms, llamaLike } from "./parts/llama-like.js";
import type { SignatureSizes } from "./parts/signature.js";
import { transformer } from "./parts/transformer.js";
import { readWindows, type Windows } from "./parts/windows.js";

/**
 * Qwen2 (Yang et al. 2024): LLaMA's arrangement with biases on queries, keys and values only, and sliding windows in the
 * upper layers where `use_sliding_window` says so.
 *
 * @source transformers/models/qwen2/modeling_qwen2.py
 */
export const qwen2: Family = {
  modelType: "qwen2",
  title: "Qwen2",
  describe(config) {
    const biases = { queryKeyValue: true, output: false, mlp: false };
    const base = llamaLike("qwen2", config, biases, { maxPositions: 32768, kvHeads: 32 });
    const windows = upperWindows(config, base.sizes);
    return transformer(withAttention(base, (_plan, layer) => ({ window: windows(layer) })));
  },
};

/**
 * Qwen3 (Yang et al. 2025): no biases unless `attention_bias`, and a norm of each head's queries and keys.
 *
 * @source transformers/models/qwen3/modeling_qwen3.py
 */
export const qwen3: Family = {
  modelType: "qwen3",
  title: "Qwen3",
  describe(config) {
    const bias = config.flag("attention_bias", false);
    const biases = { queryKeyValue: bias, output: bias, mlp: false };
    const base = llamaLike("qwen3", config, biases, { maxPositions: 32768, kvHeads: 32, dHead: 128 });
    const windows = upperWindows(config, base.sizes);
    const withNorms = withAttention(base, (_plan, layer) => ({
      window: windows(layer),
      queryKeyNorms: headNorms(base, layer, "head"),
    }));
    return transformer(withSizes(withNorms, { queryKeyNorms: true }));
  },
};

/** The window from layer `max_window_layers` on, where one is used. */
function upperWindows(config: ConfigReader, sizes: SignatureSizes): Windows {
  const used = config.flag("use_sliding_window", false);
  const window = config.optionalInteger("sliding_window", 4096);
  const first = config.optionalInteger("max_window_layers", 28) ?? 0;
  return readWindows(config, sizes, used ? window : null, (layer) => layer >= first);
}
