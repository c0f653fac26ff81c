import { int } from "../onnx/attributes.js";
import { activationOf, applyActivation, supportedActivations } from "./parts/activation.js";
import { attention } from "./parts/attention.js";
import type { ConfigReader } from "./parts/config.js";
import type { BuildContext } from "./parts/context.js";
import { buildDecoder } from "./parts/decoder.js";
import type { Family, FamilyModel } from "./parts/family-model.js";
import { applyLinear } from "./parts/linear.js";
import { namedWeights } from "./parts/named-weights.js";
import { readRotary, rotaryTables } from "./parts/rotary.js";
import { buildSequence } from "./parts/sequence.js";
import { evenHeadSize, signatureOf } from "./parts/signature.js";

/**
 * GPT-NeoX and Pythia (Black et al. 2022; Biderman et al. 2023): partial rotary positions, attention and MLP in
 * parallel unless `use_parallel_residual` is false, queries, keys and values interleaved per head.
 *
 * @source transformers/models/gpt_neox/modeling_gpt_neox.py
 */
export const gptNeoX: Family = { modelType: "gpt_neox", title: "GPT-NeoX", describe };

function describe(config: ConfigReader): FamilyModel {
  const dModel = config.integer("hidden_size");
  const heads = config.integer("num_attention_heads");
  const dHead = evenHeadSize(config, dModel, heads, "num_attention_heads");
  const neurons = config.integer("intermediate_size");
  const vocab = config.integer("vocab_size");
  const longest = config.integer("max_position_embeddings", 2048);
  const signature = signatureOf({
    family: "gpt_neox",
    layers: config.integer("num_hidden_layers"),
    heads,
    kvHeads: heads,
    dHead,
    dModel,
    neurons,
    vocab,
    maxPositions: longest,
    parallelResidual: config.flag("use_parallel_residual", true),
    gatedMlp: false,
    norm: "layer",
  });
  const activationName = config.text("hidden_act", "gelu");
  const activation = activationOf(activationName);
  if (activation === null) config.refuse("hidden_act", activationName, supportedActivations.join(", "));
  const rotary = readRotary(config, dHead, {
    thetaField: "rotary_emb_base",
    partialField: "rotary_pct",
    partial: 0.25,
    longest,
  });
  // The class does not know the field, but its rotary embedding would take the head size from it.
  const stated = config.optionalInteger("head_dim", null);
  if (stated !== null && stated !== dHead) config.refuse("head_dim", String(stated), String(dHead));
  const epsilon = config.number("layer_norm_eps", 1e-5);
  const attentionBias = config.flag("attention_bias", true);
  const tied = config.flag("tie_word_embeddings", false);

  function build(context: BuildContext): void {
    const { builder, weights } = context;
    const { norm, linear } = namedWeights(weights, {
      prefix: "gpt_neox.",
      dModel,
      norm: "layer",
      epsilon,
      layout: "out-in",
    });
    const ends = { embedding: "gpt_neox.embed_in.weight", unembedding: "embed_out.weight" };
    const { embedding, unembedding } = weights.vocabulary(ends, tied);
    const sequence = buildSequence(builder);
    const tables = rotaryTables(builder.scope("rotary"), rotary, sequence);
    buildDecoder(context, {
      sequence,
      embed: () => weights.rows(embedding, [vocab, dModel], sequence.inputIds, context.site("embed", null)),
      attentionNorm: (layer) => norm(`layers.${layer}.input_layernorm`),
      attention(x, layer) {
        const scope = builder.scope(`layer.${layer}/attention`);
        const name = `layers.${layer}.attention`;
        const projection = linear(`${name}.query_key_value`, dModel, 3 * dModel, attentionBias);
        // Rows of the matrix run over [head, (query, key, value), d_head].
        const perHead = scope.constant("int64", [4], [0, 0, heads, 3 * dHead]);
        const joined = scope.node("Reshape", [applyLinear(scope, x, projection), perHead]);
        const sizes = scope.constant("int64", [3], [dHead, dHead, dHead]);
        const parts = scope.nodeWithOutputs("Split", [joined, sizes], ["queries", "keys", "values"], { axis: int(-1) });
        const [queries = "", keys = "", values = ""] = parts;
        const q = scope.node("Identity", [queries], {}, context.site("q", layer));
        const k = scope.node("Identity", [keys], {}, context.site("k", layer));
        const v = scope.node("Identity", [values], {}, context.site("v", layer));
        return attention(context, q, k, v, {
          layer,
          sequence,
          rotary: { settings: rotary, tables },
          scale: 1 / Math.sqrt(dHead),
          output: linear(`${name}.dense`, dModel, dModel, attentionBias),
        });
      },
      mlpNorm: (layer) => norm(`layers.${layer}.post_attention_layernorm`),
      mlp(x, layer) {
        const scope = builder.scope(`layer.${layer}/mlp`);
        const up = linear(`layers.${layer}.mlp.dense_h_to_4h`, dModel, neurons, true);
        const pre = applyLinear(scope, x, up, context.site("mlp_pre", layer));
        const act = applyActivation(scope, pre, activation ?? "relu", context.site("mlp_act", layer));
        const down = linear(`layers.${layer}.mlp.dense_4h_to_h`, neurons, dModel, true);
        return applyLinear(scope, act, down, context.site("mlp_out", layer));
      },
      finalNorm: norm("final_layer_norm"),
      unembedding: weights.float32(unembedding, [vocab, dModel]),
    });
  }

  return { signature, build };
}
