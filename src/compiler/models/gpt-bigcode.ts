import { withAttention, withSizes } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { gpt2Like, readScoreScale } from "./parts/gpt2-like.js";
import { transformer } from "./parts/transformer.js";

/**
 * GPT-BigCode, SantaCoder and StarCoder (Li et al. 2023): GPT-2 with one head of keys and values for all queries.
 *
 * @source transformers/models/gpt_bigcode/modeling_gpt_bigcode.py
 */
export const gptBigCode: Family = {
  modelType: "gpt_bigcode",
  title: "GPT-BigCode",
  describe(config) {
    const base = gpt2Like("gpt_bigcode", config, { activation: "gelu_pytorch_tanh" });
    const isMultiQuery = config.flag("multi_query", true);
    const scale = readScoreScale(config, base.sizes.dHead);
    // In which precision scores are kept, and what the class makes of multi_query.
    config.ignore("attention_softmax_in_fp32", "scale_attention_softmax_in_fp32", "num_key_value_heads");
    config.ignore(
      "inference_runner",
      "max_batch_size",
      "max_sequence_length",
      "pad_key_length",
      "pre_allocate_kv_cache",
    );
    config.ignore("validate_runner_input");
    const changed = withAttention(base, (_plan, layer) => ({
      projections: { kind: isMultiQuery ? "parts" : "groups", matrix: `h.${layer}.attn.c_attn`, bias: true },
      scale,
    }));
    return transformer(withSizes(changed, { kvHeads: isMultiQuery ? 1 : base.sizes.heads }));
  },
};
