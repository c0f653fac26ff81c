import { plainAfter, withLayers, withSizes } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { llamaLike } from "./parts/llama-like.js";
import { transformer } from "./parts/transformer.js";
import { refuseSliding } from "./parts/windows.js";

/**
 * Phi-1 to Phi-2 (Li et al. 2023): attention and MLP in parallel behind one LayerNorm, a part of each head rotated, biases
 * everywhere, the logits among them.
 *
 * @source transformers/models/phi/modeling_phi.py
 */
export const phi: Family = {
  modelType: "phi",
  title: "Phi",
  describe(config) {
    const biases = { queryKeyValue: true, output: true, mlp: true };
    const defaults = { activation: "gelu_new", epsilonField: "layer_norm_eps", epsilon: 1e-5, partialRotary: 0.5 };
    const base = llamaLike("phi", config, biases, defaults);
    const hasNorms = config.flag("qk_layernorm", false);
    refuseSliding(config, base.sizes.layers);
    const { dModel } = base.sizes;
    const style = { ...base.norm, kind: "layer", bias: true } as const;
    const changed = withLayers(base, ({ attention, mlp }, layer) => {
      const name = `layers.${layer}.self_attn`;
      return {
        attention: {
          ...attention,
          output: `${name}.dense`,
          queryKeyNorms: hasNorms
            ? { query: `${name}.q_layernorm`, key: `${name}.k_layernorm`, style, over: "head" }
            : null,
        },
        mlp: {
          kind: "plain",
          norm: null,
          sharesNorm: true,
          up: `layers.${layer}.mlp.fc1`,
          down: `layers.${layer}.mlp.fc2`,
          bias: true,
          activation: mlp.activation,
          after: plainAfter,
        },
      };
    });
    const sized = withSizes(changed, {
      parallelResidual: true,
      gatedMlp: false,
      norm: "layer",
      queryKeyNorms: hasNorms,
      unembedding: { scale: 1, softcap: null, bias: true, width: dModel },
    });
    return transformer({
      ...sized,
      norm: style,
      finalNorm: "final_layernorm",
      unembedding: { ...base.unembedding, bias: "lm_head.bias" },
    });
  },
};
