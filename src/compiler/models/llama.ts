import { activationOf, applyActivation, supportedActivations } from "./parts/activation.js";
import { attention, splitHeads } from "./parts/attention.js";
import type { ConfigReader } from "./parts/config.js";
import type { BuildContext } from "./parts/context.js";
import { buildDecoder } from "./parts/decoder.js";
import type { Family, FamilyModel } from "./parts/family-model.js";
import { applyLinear } from "./parts/linear.js";
import { namedWeights } from "./parts/named-weights.js";
import { readRotary, rotaryTables } from "./parts/rotary.js";
import { buildSequence } from "./parts/sequence.js";
import { signatureOf } from "./parts/signature.js";

/** In what the config classes of these families differ. */
interface Variant {
  readonly family: string;
  /** Which linear layers have biases. */
  readonly biases: { readonly queryKeyValue: boolean; readonly output: boolean; readonly mlp: boolean };
  /** `num_key_value_heads` where the config does not say; null: as many as heads. */
  readonly kvHeads: number | null;
  /** `max_position_embeddings` where the config does not say. */
  readonly longest: number;
}

/**
 * LLaMA (Touvron et al. 2023): RMS norms, rotary positions, gated MLP, grouped-query attention.
 *
 * @source transformers/models/llama/modeling_llama.py
 */
export const llama: Family = {
  modelType: "llama",
  title: "LLaMA",
  describe(config) {
    const attentionBias = config.flag("attention_bias", false);
    const biases = { queryKeyValue: attentionBias, output: attentionBias, mlp: config.flag("mlp_bias", false) };
    refuseWindows(config, null);
    return describe(config, { family: "llama", biases, kvHeads: null, longest: 2048 });
  },
};

/**
 * Mistral (Jiang et al. 2023) without an active sliding window: LLaMA's arrangement.
 *
 * @source transformers/models/mistral/modeling_mistral.py
 */
export const mistral: Family = {
  modelType: "mistral",
  title: "Mistral",
  describe(config) {
    const variant = {
      family: "mistral",
      biases: { queryKeyValue: false, output: false, mlp: false },
      kvHeads: 8,
      longest: 131072,
    };
    const window = config.optionalInteger("sliding_window", 4096);
    if (window !== null) refuseWindow(config, window, variant.longest);
    refuseWindows(config, null);
    return describe(config, variant);
  },
};

/**
 * Qwen2 (Yang et al. 2024): LLaMA's arrangement with biases on queries, keys and values only.
 *
 * @source transformers/models/qwen2/modeling_qwen2.py
 */
export const qwen2: Family = {
  modelType: "qwen2",
  title: "Qwen2",
  describe(config) {
    const variant = {
      family: "qwen2",
      biases: { queryKeyValue: true, output: false, mlp: false },
      kvHeads: 32,
      longest: 32768,
    };
    const window = config.optionalInteger("sliding_window", 4096);
    const firstLayer = config.optionalInteger("max_window_layers", 28) ?? 0;
    const isWindowed = config.flag("use_sliding_window", false) && window !== null;
    if (isWindowed && (config.has("layer_types") || firstLayer < config.integer("num_hidden_layers", 32))) {
      refuseWindow(config, window, variant.longest);
    }
    refuseWindows(config, isWindowed ? "sliding_attention" : null);
    return describe(config, variant);
  },
};

/** A window that is at least as long as the longest sequence masks nothing, so only a shorter one is refused. */
function refuseWindow(config: ConfigReader, window: number, usualLongest: number): void {
  const longest = config.integer("max_position_embeddings", usualLongest);
  if (window < longest) config.refuse("sliding_window", String(window), `null, or at least ${longest}`);
}

/** Refuses `layer_types` that are not as many as layers, and a layer that is neither `full_attention` nor the other type that is allowed. */
function refuseWindows(config: ConfigReader, allowed: string | null): void {
  const types = config.texts("layer_types");
  const layers = config.integer("num_hidden_layers");
  if (types !== null && types.length !== layers) {
    config.refuse("layer_types", `${types.length} types`, `one for each of the ${layers} layers`);
  }
  const other = types?.find((type) => type !== "full_attention" && type !== allowed);
  if (other !== undefined) config.refuse("layer_types", other, "full_attention in every layer");
}

function describe(config: ConfigReader, { family, biases, ...usual }: Variant): FamilyModel {
  const dModel = config.integer("hidden_size");
  const heads = config.integer("num_attention_heads");
  const kvHeads = config.optionalInteger("num_key_value_heads", usual.kvHeads) ?? heads;
  // Some models state a head size that is not d_model / heads.
  const stated = config.optionalInteger("head_dim", null);
  const dHead = stated ?? Math.max(1, Math.floor(dModel / heads));
  if (stated === null && dModel % heads !== 0) {
    config.refuse("num_attention_heads", String(heads), `a divisor of the width ${dModel}`);
  }
  if (heads % kvHeads !== 0) config.refuse("num_key_value_heads", String(kvHeads), `a divisor of ${heads}`);
  const neurons = config.integer("intermediate_size");
  const vocab = config.integer("vocab_size");
  const longest = config.integer("max_position_embeddings", usual.longest);
  const signature = signatureOf({
    family,
    layers: config.integer("num_hidden_layers"),
    heads,
    kvHeads,
    dHead,
    dModel,
    neurons,
    vocab,
    maxPositions: longest,
    parallelResidual: false,
    gatedMlp: true,
    norm: "rms",
  });
  const activationName = config.text("hidden_act", "silu");
  const activation = activationOf(activationName);
  if (activation === null) config.refuse("hidden_act", activationName, supportedActivations.join(", "));
  const rotary = readRotary(config, dHead, {
    thetaField: "rope_theta",
    partialField: "partial_rotary_factor",
    partial: 1,
    longest,
  });
  if (rotary.dimensions !== dHead) config.refuse("partial_rotary_factor", String(rotary.dimensions / dHead), "1");
  const epsilon = config.number("rms_norm_eps", 1e-6);
  const tied = config.flag("tie_word_embeddings", false);

  function build(context: BuildContext): void {
    const { builder, weights } = context;
    const { norm, linear } = namedWeights(weights, {
      prefix: "model.",
      dModel,
      norm: "rms",
      epsilon,
      layout: "out-in",
    });
    const ends = { embedding: "model.embed_tokens.weight", unembedding: "lm_head.weight" };
    const { embedding, unembedding } = weights.vocabulary(ends, tied);
    const sequence = buildSequence(builder);
    const tables = rotaryTables(builder.scope("rotary"), rotary, sequence);
    buildDecoder(context, {
      sequence,
      embed: () => weights.rows(embedding, [vocab, dModel], sequence.inputIds, context.site("embed", null)),
      attentionNorm: (layer) => norm(`layers.${layer}.input_layernorm`),
      attention(x, layer) {
        const scope = builder.scope(`layer.${layer}/attention`);
        const name = `layers.${layer}.self_attn`;
        const project = (matrix: string, count: number): string =>
          applyLinear(scope, x, linear(`${name}.${matrix}`, dModel, count * dHead, biases.queryKeyValue));
        const q = splitHeads(context, project("q_proj", heads), "q", layer);
        const k = splitHeads(context, project("k_proj", kvHeads), "k", layer);
        const v = splitHeads(context, project("v_proj", kvHeads), "v", layer);
        return attention(context, q, k, v, {
          layer,
          sequence,
          rotary: { settings: rotary, tables },
          scale: 1 / Math.sqrt(dHead),
          output: linear(`${name}.o_proj`, heads * dHead, dModel, biases.output),
        });
      },
      mlpNorm: (layer) => norm(`layers.${layer}.post_attention_layernorm`),
      mlp(x, layer) {
        const scope = builder.scope(`layer.${layer}/mlp`);
        const name = `layers.${layer}.mlp`;
        const gate = linear(`${name}.gate_proj`, dModel, neurons, biases.mlp);
        const pre = applyLinear(scope, x, gate, context.site("mlp_pre", layer));
        const opened = applyActivation(scope, pre, activation ?? "relu");
        const up = applyLinear(scope, x, linear(`${name}.up_proj`, dModel, neurons, biases.mlp));
        const act = scope.node("Mul", [opened, up], {}, context.site("mlp_act", layer));
        const down = linear(`${name}.down_proj`, neurons, dModel, biases.mlp);
        return applyLinear(scope, act, down, context.site("mlp_out", layer));
      },
      finalNorm: norm("norm"),
      unembedding: weights.float32(unembedding, [vocab, dModel]),
    });
  }

  return { signature, build };
}
