import { withLayers } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { llamaLike, noBiases } from "./parts/llama-like.js";
import { transformer } from "./parts/transformer.js";
import { readWindow } from "./parts/windows.js";

/**
 * Phi-3 and Phi-4 (Abdin et al. 2024): LLaMA's arrangement with one matrix for queries, keys and values, one for gate and
 * input of the MLP, and a sliding window.
 *
 * @source transformers/models/phi3/modeling_phi3.py
 */
export const phi3: Family = {
  modelType: "phi3",
  title: "Phi-3",
  describe(config) {
    const defaults = { epsilon: 1e-5, maxPositions: 4096, partialRotary: 1, original: 4096 };
    const base = llamaLike("phi3", config, noBiases, defaults);
    for (const field of ["rope_scaling", "rope_parameters"]) {
      // transformers reads both as longrope in this family.
      const type = config.section(field)?.raw("rope_type") ?? config.section(field)?.raw("type");
      if (type === "yarn" || type === "su") config.refuse(`${field}.type`, type, "longrope");
    }
    const windows = readWindow(config, base.sizes, config.optionalInteger("sliding_window", null));
    // Kept beside the rope settings, which it may not be a part of.
    config.ignore("original_max_position_embeddings");
    const packed = withLayers(base, ({ attention, mlp }, layer) => ({
      attention: {
        ...attention,
        projections: { kind: "parts", matrix: `layers.${layer}.self_attn.qkv_proj`, bias: false },
        window: windows(layer),
      },
      mlp: {
        kind: "gate-up",
        norm: mlp.norm,
        gateUp: `layers.${layer}.mlp.gate_up_proj`,
        down: `layers.${layer}.mlp.down_proj`,
        bias: false,
        activation: mlp.activation,
        after: mlp.after,
      },
    }));
    return transformer(packed);
  },
};
