import { int } from "../onnx/attributes.js";
import { activationOf, applyActivation, supportedActivations } from "./parts/activation.js";
import { attention, splitHeads } from "./parts/attention.js";
import type { ConfigReader } from "./parts/config.js";
import type { BuildContext } from "./parts/context.js";
import { buildDecoder } from "./parts/decoder.js";
import type { Family, FamilyModel } from "./parts/family-model.js";
import { applyLinear } from "./parts/linear.js";
import { namedWeights } from "./parts/named-weights.js";
import { buildSequence } from "./parts/sequence.js";
import { evenHeadSize, signatureOf } from "./parts/signature.js";

/**
 * GPT-2 (Radford et al. 2019): learned positions, pre-norm blocks, tied unembedding, weights stored [in, out].
 *
 * @source transformers/models/gpt2/modeling_gpt2.py
 */
export const gpt2: Family = { modelType: "gpt2", title: "GPT-2", describe };

function describe(config: ConfigReader): FamilyModel {
  const dModel = config.integer(["n_embd", "hidden_size"]);
  const heads = config.integer(["n_head", "num_attention_heads"]);
  const dHead = evenHeadSize(config, dModel, heads, "n_head");
  const neurons = config.optionalInteger("n_inner", null) ?? 4 * dModel;
  const maxPositions = config.integer(["n_positions", "max_position_embeddings"], 1024);
  const vocab = config.integer("vocab_size");
  const signature = signatureOf({
    family: "gpt2",
    layers: config.integer(["n_layer", "num_hidden_layers"]),
    heads,
    kvHeads: heads,
    dHead,
    dModel,
    neurons,
    vocab,
    maxPositions,
    parallelResidual: false,
    gatedMlp: false,
    norm: "layer",
  });
  const activationName = config.text("activation_function", "gelu_new");
  const activation = activationOf(activationName);
  if (activation === null) config.refuse("activation_function", activationName, supportedActivations.join(", "));
  if (config.flag("add_cross_attention", false)) config.refuse("add_cross_attention", "true", "false");
  const epsilon = config.number("layer_norm_epsilon", 1e-5);
  const scaled = config.flag("scale_attn_weights", true);
  const scaledByLayer = config.flag("scale_attn_by_inverse_layer_idx", false);
  // What transformers computes in another order and in float32 in any case, and an old spelling that it does not read.
  config.ignore("reorder_and_upcast_attn", "n_ctx");
  const tied = config.flag("tie_word_embeddings", true);

  function build(context: BuildContext): void {
    const { builder, weights } = context;
    const { norm, linear } = namedWeights(weights, {
      prefix: "transformer.",
      dModel,
      norm: "layer",
      epsilon,
      layout: "in-out",
    });
    const ends = { embedding: "transformer.wte.weight", unembedding: "lm_head.weight" };
    const { embedding, unembedding } = weights.vocabulary(ends, tied);
    const sequence = buildSequence(builder);
    buildDecoder(context, {
      sequence,
      embed() {
        const scope = builder.scope("embed");
        // Scoped names only: the sum is the site.
        const tokens = weights.rows(embedding, [vocab, dModel], sequence.inputIds, "embed/tokens");
        const table = "transformer.wpe.weight";
        const positions = weights.rows(table, [maxPositions, dModel], sequence.positions, "embed/positions");
        return scope.node("Add", [tokens, positions], {}, context.site("embed", null));
      },
      attentionNorm: (layer) => norm(`h.${layer}.ln_1`),
      attention(x, layer) {
        const scope = builder.scope(`layer.${layer}/attention`);
        const joined = applyLinear(scope, x, linear(`h.${layer}.attn.c_attn`, dModel, 3 * dModel, true));
        const sizes = scope.constant("int64", [3], [dModel, dModel, dModel]);
        const parts = scope.nodeWithOutputs("Split", [joined, sizes], ["queries", "keys", "values"], { axis: int(-1) });
        const [queries = "", keys = "", values = ""] = parts;
        const scale = (scaled ? 1 / Math.sqrt(dHead) : 1) / (scaledByLayer ? layer + 1 : 1);
        const q = splitHeads(context, queries, "q", layer);
        const k = splitHeads(context, keys, "k", layer);
        const v = splitHeads(context, values, "v", layer);
        const output = linear(`h.${layer}.attn.c_proj`, dModel, dModel, true);
        return attention(context, q, k, v, { layer, sequence, rotary: null, scale, output });
      },
      mlpNorm: (layer) => norm(`h.${layer}.ln_2`),
      mlp(x, layer) {
        const scope = builder.scope(`layer.${layer}/mlp`);
        const up = linear(`h.${layer}.mlp.c_fc`, dModel, neurons, true);
        const pre = applyLinear(scope, x, up, context.site("mlp_pre", layer));
        const act = applyActivation(scope, pre, activation ?? "relu", context.site("mlp_act", layer));
        const down = linear(`h.${layer}.mlp.c_proj`, neurons, dModel, true);
        return applyLinear(scope, act, down, context.site("mlp_out", layer));
      },
      finalNorm: norm("ln_f"),
      unembedding: weights.float32(unembedding, [vocab, dModel]),
    });
  }

  return { signature, build };
}
