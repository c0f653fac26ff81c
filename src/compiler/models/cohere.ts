import { type Blueprint, withAttention, withLayers, withSizes } from "./parts/blueprint.js";
import type { ConfigReader } from "./parts/config.js";
import type { Family } from "./parts/family-model.js";
import { llamaLike, type LlamaDefaults } from "./parts/llama-like.js";
import { transformer } from "./parts/transformer.js";
import { readSlidingLayers, readWindows, refuseSliding } from "./parts/windows.js";

/**
 * Command-R (Cohere 2024): LLaMA's matrices in parallel behind one LayerNorm without bias, neighbours in a head rotated as
 * pairs, logits times `logit_scale`.
 *
 * @source transformers/models/cohere/modeling_cohere.py
 */
export const cohere: Family = {
  modelType: "cohere",
  title: "Cohere",
  describe(config) {
    const base = cohereLike("cohere", config, { theta: 500000 });
    refuseSliding(config, base.sizes.layers);
    const hasNorms = config.flag("use_qk_norm", false);
    const normed = withAttention(base, (_plan, layer) => ({
      queryKeyNorms: hasNorms
        ? {
            query: `layers.${layer}.self_attn.q_norm`,
            key: `layers.${layer}.self_attn.k_norm`,
            style: base.norm,
            over: "heads",
          }
        : null,
    }));
    return transformer(withSizes(normed, { queryKeyNorms: hasNorms }));
  },
};

/**
 * Command-R7B (Cohere 2024): the same with sliding windows, and no positions in the layers that have none.
 *
 * @source transformers/models/cohere2/modeling_cohere2.py
 */
export const cohere2: Family = {
  modelType: "cohere2",
  title: "Cohere 2",
  describe(config) {
    const base = cohereLike("cohere2", config, {});
    const every = config.optionalInteger("sliding_window_pattern", 4) ?? 4;
    // What transformers writes and does not read.
    config.ignore("_sliding_window_pattern");
    const isSliding = (layer: number): boolean => (layer + 1) % every !== 0;
    const windows = readWindows(config, base.sizes, config.optionalInteger("sliding_window", 4096), isSliding);
    const sliding = readSlidingLayers(config, base.sizes.layers, isSliding);
    config.ignore("order_of_interleaved_layers", "position_embedding_type", "rotary_pct", "use_gated_activation");
    config.ignore("use_embedding_sharing", "use_parallel_block", "use_parallel_embedding");
    return transformer(
      withAttention(base, ({ rotary }, layer) => ({
        window: windows(layer),
        rotary: sliding(layer) ? rotary : null,
      })),
    );
  },
};

function cohereLike(family: string, config: ConfigReader, own: Partial<LlamaDefaults>): Blueprint {
  const bias = config.flag("attention_bias", false);
  const biases = { queryKeyValue: bias, output: bias, mlp: false };
  const defaults = { epsilonField: "layer_norm_eps", epsilon: 1e-5, maxPositions: 8192, tied: true, ...own };
  const base = llamaLike(family, config, biases, defaults);
  const scale = config.number("logit_scale", 0.0625);
  const changed = withLayers(base, ({ attention, mlp }) => ({
    attention: {
      ...attention,
      rotary: attention.rotary === null ? null : { ...attention.rotary, interleaved: true },
    },
    mlp: { ...mlp, norm: null, sharesNorm: true },
  }));
  const unembedding = { scale, softcap: null, bias: false, width: base.sizes.dModel };
  return {
    ...withSizes(changed, { parallelResidual: true, norm: "layer", unembedding }),
    norm: { ...base.norm, kind: "layer" },
  };
}
