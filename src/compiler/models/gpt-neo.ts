import type { Json } from "../base/digest.js";
import { withAttention } from "./parts/blueprint.js";
import type { ConfigReader } from "./parts/config.js";
import type { Family } from "./parts/family-model.js";
import { gpt2Like, separateProjections } from "./parts/gpt2-like.js";
import { transformer } from "./parts/transformer.js";

/**
 * GPT-Neo (Black et al. 2021): GPT-2's arrangement with scores that are not scaled, and layers that see the last `window_size`
 * keys only.
 *
 * @source transformers/models/gpt_neo/modeling_gpt_neo.py
 */
export const gptNeo: Family = {
  modelType: "gpt_neo",
  title: "GPT-Neo",
  describe(config) {
    const base = gpt2Like("gpt_neo", config, {
      dModel: "hidden_size",
      heads: ["num_heads", "num_attention_heads"],
      layers: ["num_layers", "num_hidden_layers"],
      neurons: "intermediate_size",
      positions: "max_position_embeddings",
      maxPositions: 2048,
    });
    const kinds = readKinds(config, base.sizes.layers);
    const window = config.integer("window_size", 256);
    config.ignore("resid_dropout", "embed_dropout", "attention_dropout");
    const changed = withAttention(base, (_plan, layer) => ({
      projections: separateProjections(`h.${layer}.attn.attention`),
      window: kinds[layer] === "local" ? window : null,
      scale: 1,
      output: `h.${layer}.attn.attention.out_proj`,
    }));
    return transformer(changed);
  },
};

/** `global` or `local` for each layer: `attention_layers`, or `attention_types` written out, `[[["global", "local"], 12]]`. */
function readKinds(config: ConfigReader, layers: number): readonly string[] {
  const types = config.raw("attention_types") ?? [[["global", "local"], 12]];
  const kinds = config.texts("attention_layers") ?? written(types, layers) ?? [];
  if (kinds.length !== layers || !kinds.every((kind) => kind === "global" || kind === "local")) {
    config.refuse(
      "attention_types",
      JSON.stringify(types).slice(0, 80),
      `global or local for each of ${layers} layers`,
    );
  }
  return kinds;
}

/** Null for what is not of this form; lists that are too long are left out. */
function written(types: Json, layers: number): readonly string[] | null {
  if (!Array.isArray(types)) return null;
  return types.flatMap((entry: Json): readonly string[] => {
    const [names, times] = Array.isArray(entry) ? (entry as readonly Json[]) : [];
    if (!Array.isArray(names) || typeof times !== "number" || !(times * names.length <= layers)) return [""];
    return Array.from({ length: times }, () => names.map(String)).flat();
  });
}
