import { plainAfter, withLayers, withSizes } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { llamaLike } from "./parts/llama-like.js";
import { transformer } from "./parts/transformer.js";
import { readWindow } from "./parts/windows.js";

/**
 * StarCoder2 (Lozhkov et al. 2024): LLaMA's attention with LayerNorms, an MLP that is not gated, biases, and a sliding window.
 *
 * @source transformers/models/starcoder2/modeling_starcoder2.py
 */
export const starCoder2: Family = {
  modelType: "starcoder2",
  title: "StarCoder2",
  describe(config) {
    const bias = config.flag("use_bias", true);
    const base = llamaLike(
      "starcoder2",
      config,
      { queryKeyValue: bias, output: bias, mlp: bias },
      {
        activation: "gelu_pytorch_tanh",
        epsilonField: "norm_epsilon",
        epsilon: 1e-5,
        maxPositions: 4096,
        tied: true,
        kvHeads: 2,
      },
    );
    const windows = readWindow(config, base.sizes, config.optionalInteger("sliding_window", null));
    // Names of what there is only one of in transformers.
    config.ignore("norm_type", "mlp_type");
    const changed = withLayers(base, ({ attention, mlp }, layer) => ({
      attention: { ...attention, window: windows(layer) },
      mlp: {
        kind: "plain",
        norm: mlp.norm,
        up: `layers.${layer}.mlp.c_fc`,
        down: `layers.${layer}.mlp.c_proj`,
        bias,
        activation: mlp.activation,
        after: plainAfter,
      },
    }));
    const sized = withSizes(changed, { gatedMlp: false, norm: "layer" });
    return transformer({ ...sized, norm: { ...base.norm, kind: "layer", bias: true } });
  },
};
