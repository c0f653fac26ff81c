import { withAttention } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { gpt2Like, readScoreScale } from "./parts/gpt2-like.js";
import { transformer } from "./parts/transformer.js";

/**
 * GPT-2 (Radford et al. 2019): learned positions, pre-norm blocks, tied unembedding, weights stored [in, out].
 *
 * @source transformers/models/gpt2/modeling_gpt2.py
 */
export const gpt2: Family = {
  modelType: "gpt2",
  title: "GPT-2",
  describe(config) {
    const base = gpt2Like("gpt2", config);
    const scale = readScoreScale(config, base.sizes.dHead);
    const scaledByLayer = config.flag("scale_attn_by_inverse_layer_idx", false);
    // What transformers computes in another order and in float32 in any case, and an old spelling that it does not read.
    config.ignore("reorder_and_upcast_attn", "n_ctx");
    const scaled = withAttention(base, (_plan, layer) => ({ scale: scaledByLayer ? scale / (layer + 1) : scale }));
    return transformer({ ...scaled, layout: "in-out" });
  },
};
