import { withAttention } from "./parts/blueprint.js";
import type { ConfigReader } from "./parts/config.js";
import type { Family } from "./parts/family-model.js";
import { llamaLike } from "./parts/llama-like.js";
import { transformer } from "./parts/transformer.js";
import { readWindows } from "./parts/windows.js";

/**
 * SmolLM3 (Bakouch et al. 2025): LLaMA's arrangement, in which every fourth layer knows no positions.
 *
 * @source transformers/models/smollm3/modeling_smollm3.py
 */
export const smolLm3: Family = {
  modelType: "smollm3",
  title: "SmolLM3",
  describe(config) {
    const bias = config.flag("attention_bias", false);
    const biases = { queryKeyValue: bias, output: bias, mlp: config.flag("mlp_bias", false) };
    const base = llamaLike("smollm3", config, biases, { maxPositions: 32768, theta: 2e6, tied: true, kvHeads: 4 });
    const isRotated = readRotatedLayers(config, base.sizes.layers);
    const used = config.flag("use_sliding_window", false);
    const stated = config.optionalInteger("sliding_window", null);
    const windows = readWindows(config, base.sizes, used ? stated : null, (layer) => !isRotated(layer));
    // Known from a predecessor of the class; nothing reads it.
    config.ignore("max_window_layers");
    return transformer(
      withAttention(base, ({ rotary }, layer) => ({
        rotary: isRotated(layer) ? rotary : null,
        window: windows(layer),
      })),
    );
  },
};

/** `no_rope_layers`, which holds 1 for a layer with rotary positions, or what `no_rope_layer_interval` says. */
function readRotatedLayers(config: ConfigReader, layers: number): (layer: number) => boolean {
  const interval = config.integer("no_rope_layer_interval", 4);
  if (config.raw("no_rope_layers") === undefined) return (layer) => (layer + 1) % interval !== 0;
  const flags = config.numbers("no_rope_layers");
  if (flags.length !== layers) config.refuse("no_rope_layers", `${flags.length} layers`, `${layers} layers`);
  return (layer) => flags[layer] !== 0;
}
