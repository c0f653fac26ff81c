import { withLayers, withSizes } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { llamaLike } from "./parts/llama-like.js";
import { transformer } from "./parts/transformer.js";
import { refuseSliding } from "./parts/windows.js";

/**
 * StableLM (Bellagente et al. 2024): LLaMA's arrangement with LayerNorms and a quarter of each head rotated; attention and MLP
 * in parallel behind one norm where `use_parallel_residual` says so.
 *
 * @source transformers/models/stablelm/modeling_stablelm.py
 */
export const stableLm: Family = {
  modelType: "stablelm",
  title: "StableLM",
  describe(config) {
    const biases = { queryKeyValue: config.flag("use_qkv_bias", false), output: false, mlp: false };
    const base = llamaLike("stablelm", config, biases, {
      epsilonField: "layer_norm_eps",
      epsilon: 1e-5,
      maxPositions: 4096,
      partialRotary: 0.25,
      kvHeads: 32,
    });
    refuseSliding(config, base.sizes.layers);
    const parallelResidual = config.flag("use_parallel_residual", false);
    const hasNorms = config.flag("qk_layernorm", false);
    const style = { ...base.norm, kind: "layer", bias: false } as const;
    const changed = withLayers(base, ({ attention, mlp }, layer) => {
      const name = `layers.${layer}.self_attn`;
      const query = `${name}.q_layernorm`;
      return {
        attention: {
          ...attention,
          queryKeyNorms: hasNorms ? { query, key: `${name}.k_layernorm`, style, over: "listed" } : null,
        },
        mlp: parallelResidual ? { ...mlp, norm: null, sharesNorm: true } : mlp,
      };
    });
    const sized = withSizes(changed, { parallelResidual, norm: "layer", queryKeyNorms: hasNorms });
    return transformer({ ...sized, norm: { ...style, bias: true } });
  },
};
