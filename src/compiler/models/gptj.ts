import { plainEmbedding, withLayers, withSizes } from "./parts/blueprint.js";
import type { Family } from "./parts/family-model.js";
import { gpt2Like, separateProjections } from "./parts/gpt2-like.js";
import { plainAngles } from "./parts/rotary-scaling.js";
import { transformer } from "./parts/transformer.js";

/**
 * GPT-J (Wang and Komatsuzaki 2021): attention and MLP in parallel behind one norm, the first dimensions of each head rotated
 * in pairs of neighbours, a bias of the logits.
 *
 * @source transformers/models/gptj/modeling_gptj.py
 */
export const gptJ: Family = {
  modelType: "gptj",
  title: "GPT-J",
  describe(config) {
    const base = gpt2Like("gptj", config, { maxPositions: 2048, tied: false });
    const { dHead, dModel } = base.sizes;
    const dimensions = config.integer("rotary_dim", 64);
    if (dimensions % 2 !== 0 || dimensions > dHead) {
      config.refuse("rotary_dim", String(dimensions), `an even number up to ${dHead}`);
    }
    const angles = plainAngles({ dimensions, base: 10000, longest: 1, original: () => 1 });
    const settings = { dimensions, inverseFrequencies: angles, scale: 1, beyond: null };
    // Nothing of it is left in transformers.
    config.ignore("rotary", "scale_attn_weights", "gradient_checkpointing");
    const changed = withLayers(base, ({ attention, mlp }, layer) => ({
      attention: {
        ...attention,
        projections: separateProjections(`h.${layer}.attn`),
        rotary: { settings, interleaved: true },
        output: `h.${layer}.attn.out_proj`,
        outputBias: false,
      },
      mlp: {
        kind: "plain",
        norm: null,
        sharesNorm: true,
        up: `h.${layer}.mlp.fc_in`,
        down: `h.${layer}.mlp.fc_out`,
        bias: true,
        activation: mlp.activation,
        after: mlp.after,
      },
    }));
    const sized = withSizes(changed, {
      parallelResidual: true,
      unembedding: { scale: 1, softcap: null, bias: true, width: dModel },
    });
    return transformer({
      ...sized,
      embedding: { ...plainEmbedding, tokens: "wte.weight" },
      unembedding: { ...base.unembedding, bias: "lm_head.bias" },
    });
  },
};
