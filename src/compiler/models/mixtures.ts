/** Mixtures of experts: families whose MLP is several, of which a router chooses some for each token. */
import { type Blueprint, type ExpertsPlan, plainAfter, withAttention, withMlp, withSizes } from "./parts/blueprint.js";
import type { ConfigReader } from "./parts/config.js";
import type { Family } from "./parts/family-model.js";
import { headNorms, llamaLike, noBiases } from "./parts/llama-like.js";
import type { SignatureSizes } from "./parts/signature.js";
import { transformer } from "./parts/transformer.js";
import { readWindow, readWindows, refuseSliding } from "./parts/windows.js";

/**
 * Mixtral (Jiang et al. 2024): Mistral with eight experts, of which two see each token.
 *
 * @source transformers/models/mixtral/modeling_mixtral.py
 */
export const mixtral: Family = {
  modelType: "mixtral",
  title: "Mixtral",
  describe(config) {
    const defaults = { epsilon: 1e-5, maxPositions: 131072, theta: 1e6, kvHeads: 8 };
    const base = llamaLike("mixtral", config, noBiases, defaults);
    const windows = readWindow(config, base.sizes, config.optionalInteger("sliding_window", null));
    const chosen = config.integer("num_experts_per_tok", 2);
    const experts = { count: config.integer(["num_local_experts", "num_experts"], 8), chosen, shared: false };
    config.ignore("router_jitter_noise");
    const mixed = withExperts(base, config, experts, (layer) => {
      const name = `layers.${layer}.block_sparse_moe`;
      const matrix = (which: string) => (expert: number) => `${name}.experts.${expert}.${which}`;
      const weights = { kind: "listed", gate: matrix("w1"), up: matrix("w3"), down: matrix("w2") } as const;
      return { router: `${name}.gate`, routerBias: false, normalised: true, weights, shared: null };
    });
    return transformer(withAttention(mixed, (_plan, layer) => ({ window: windows(layer) })));
  },
};

/**
 * Qwen1.5-MoE and Qwen2-MoE (Qwen Team 2024): Qwen2 with experts, and one more that sees every token.
 *
 * @source transformers/models/qwen2_moe/modeling_qwen2_moe.py
 */
export const qwen2Moe: Family = {
  modelType: "qwen2_moe",
  title: "Qwen2-MoE",
  describe(config) {
    const biases = { queryKeyValue: config.flag("qkv_bias", true), output: false, mlp: false };
    const base = llamaLike("qwen2_moe", config, biases, { maxPositions: 32768, kvHeads: 16 });
    const used = config.flag("use_sliding_window", false);
    const stated = used ? config.optionalInteger("sliding_window", 4096) : null;
    // The class writes 0 where no window is used.
    config.ignore("sliding_window");
    const below = config.optionalInteger("max_window_layers", 28) ?? 0;
    const windows = readWindows(
      config,
      base.sizes,
      used ? stated : null,
      (layer) => (layer + 1) % 2 !== 0 && layer < below,
    );
    refuseSparse(config);
    const neurons = config.integer("moe_intermediate_size", 1408);
    const ofShared = config.integer("shared_expert_intermediate_size", 5632);
    const normalised = config.flag("norm_topk_prob", false);
    const chosen = config.integer("num_experts_per_tok", 4);
    const experts = { count: config.integer("num_experts", 60), chosen, shared: true };
    const mixed = withExperts(base, config, experts, (layer) => {
      const shared = `layers.${layer}.mlp.shared_expert`;
      const matrices = { gate: `${shared}.gate_proj`, up: `${shared}.up_proj`, down: `${shared}.down_proj` };
      return {
        ...listedExperts(layer, normalised),
        shared: { ...matrices, neurons: ofShared, opening: `layers.${layer}.mlp.shared_expert_gate` },
      };
    });
    return transformer(
      withSizes(
        withAttention(mixed, (_plan, layer) => ({ window: windows(layer) })),
        { neurons },
      ),
    );
  },
};

/**
 * Qwen3-MoE (Yang et al. 2025): Qwen3 with experts.
 *
 * @source transformers/models/qwen3_moe/modeling_qwen3_moe.py
 */
export const qwen3Moe: Family = {
  modelType: "qwen3_moe",
  title: "Qwen3-MoE",
  describe(config) {
    const bias = config.flag("attention_bias", false);
    const biases = { queryKeyValue: bias, output: bias, mlp: false };
    const base = llamaLike("qwen3_moe", config, biases, { maxPositions: 32768, kvHeads: 4 });
    const used = config.flag("use_sliding_window", false);
    const stated = config.optionalInteger("sliding_window", 4096);
    config.ignore("max_window_layers");
    const windows = readWindow(config, base.sizes, used ? stated : null);
    refuseSparse(config);
    const neurons = config.integer("moe_intermediate_size", 768);
    const normalised = config.flag("norm_topk_prob", false);
    const chosen = config.integer("num_experts_per_tok", 8);
    const experts = { count: config.integer(["num_experts", "num_local_experts"], 128), chosen, shared: false };
    const mixed = withExperts(base, config, experts, (layer) => listedExperts(layer, normalised));
    const normed = withAttention(mixed, (_plan, layer) => ({
      window: windows(layer),
      queryKeyNorms: headNorms(base, layer, "head"),
    }));
    return transformer(withSizes(normed, { neurons, queryKeyNorms: true }));
  },
};

/**
 * OLMoE (Muennighoff et al. 2024): 64 experts, of which eight see each token, and norms of all queries and all keys at once.
 *
 * @source transformers/models/olmoe/modeling_olmoe.py
 */
export const olmoe: Family = {
  modelType: "olmoe",
  title: "OLMoE",
  describe(config) {
    const bias = config.flag("attention_bias", false);
    const biases = { queryKeyValue: bias, output: bias, mlp: false };
    const base = llamaLike("olmoe", config, biases, { epsilon: 1e-5, maxPositions: 4096 });
    refuseSliding(config, base.sizes.layers);
    // Norms of queries and keys come before they are cut off.
    if (config.optionalNumber("clip_qkv", null) !== null) config.refuse("clip_qkv", "a number", "null");
    const normalised = config.flag("norm_topk_prob", false);
    const chosen = config.integer("num_experts_per_tok", 8);
    const experts = { count: config.integer(["num_experts", "num_local_experts"], 64), chosen, shared: false };
    const mixed = withExperts(base, config, experts, (layer) => listedExperts(layer, normalised));
    const normed = withAttention(mixed, (_plan, layer) => ({ queryKeyNorms: headNorms(base, layer, "all") }));
    return transformer(withSizes(normed, { queryKeyNorms: true }));
  },
};

/**
 * GPT-OSS (OpenAI 2025): experts whose gates are cut off, sliding windows in every other layer, and a sink of attention in
 * each head.
 *
 * @source transformers/models/gpt_oss/modeling_gpt_oss.py
 */
export const gptOss: Family = {
  modelType: "gpt_oss",
  title: "GPT-OSS",
  describe(config) {
    const bias = config.flag("attention_bias", true);
    const base = llamaLike(
      "gpt_oss",
      config,
      { queryKeyValue: bias, output: bias, mlp: false },
      { epsilon: 1e-5, maxPositions: 131072, theta: 150000, kvHeads: 8, dHead: 64 },
    );
    // The class has settings of its own where a config has none.
    if (config.raw("rope_parameters") === undefined && config.raw("rope_scaling") === undefined) {
      config.refuse("rope_parameters", "nothing", "the settings of rotary positions");
    }
    const window = config.optionalInteger("sliding_window", 128);
    const windows = readWindows(config, base.sizes, window, (layer) => layer % 2 === 0);
    const limit = config.number("swiglu_limit", 7);
    const alpha = config.number("swiglu_alpha", 1.702);
    const chosen = config.integer(["num_experts_per_tok", "experts_per_token"], 4);
    const experts = { count: config.integer(["num_local_experts", "num_experts"], 128), chosen, shared: false };
    config.ignore("initial_context_length");
    const mixed = withExperts(base, config, experts, (layer) => {
      const name = `layers.${layer}.mlp`;
      const stacks = { gateUp: `${name}.experts.gate_up_proj`, down: `${name}.experts.down_proj` };
      const weights = { kind: "stacked", ...stacks, limit, alpha } as const;
      return { router: `${name}.router`, routerBias: true, normalised: true, weights, shared: null };
    });
    const changed = withAttention(mixed, (_plan, layer) => ({
      window: windows(layer),
      sinks: `layers.${layer}.self_attn.sinks`,
    }));
    return transformer(withSizes(changed, { attentionSinks: true }));
  },
};

/** A blueprint whose MLPs are mixtures. */
function withExperts(
  base: Blueprint,
  config: ConfigReader,
  experts: NonNullable<SignatureSizes["experts"]>,
  plan: (layer: number) => ExpertsPlan,
): Blueprint {
  const { count, chosen } = experts;
  if (chosen > count) config.refuse("num_experts_per_tok", String(chosen), `at most ${count}`);
  const mixed = withMlp(base, ({ norm, activation }, layer) => ({
    kind: "experts",
    norm,
    activation,
    after: plainAfter,
    ...plan(layer),
  }));
  return withSizes(mixed, { experts });
}

/** The names that Qwen and OLMoE have for their experts. */
function listedExperts(layer: number, normalised: boolean): ExpertsPlan {
  const matrix = (which: string) => (expert: number) => `layers.${layer}.mlp.experts.${expert}.${which}`;
  const weights = {
    kind: "listed",
    gate: matrix("gate_proj"),
    up: matrix("up_proj"),
    down: matrix("down_proj"),
  } as const;
  return { router: `layers.${layer}.mlp.gate`, routerBias: false, normalised, weights, shared: null };
}

/** Layers without experts would lack sites that others have. */
function refuseSparse(config: ConfigReader): void {
  const step = config.integer("decoder_sparse_step", 1);
  if (step !== 1) config.refuse("decoder_sparse_step", String(step), "1: experts in every layer");
  const others = config.raw("mlp_only_layers");
  if (others !== undefined && JSON.stringify(others) !== "[]") {
    config.refuse("mlp_only_layers", JSON.stringify(others).slice(0, 80), "[]: experts in every layer");
  }
}
