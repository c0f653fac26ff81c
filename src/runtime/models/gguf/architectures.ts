/**
 * The architectures of GGUF files that are read: what their metadata and tensors are called in transformers, and what
 * llama.cpp's converter changed in the weights, which is undone.
 *
 * @source ggml-org/llama.cpp convert_hf_to_gguf.py; transformers 5.24.0, integrations/ggml.py and
 *   modeling_gguf_pytorch_utils.py
 */

/** What is done to a tensor on its way back. */
export type Change =
  /** Rows of each head are sorted: both halves of rotary pairs, one after the other. */
  | { readonly kind: "unpair"; readonly heads: "query" | "key" }
  /** Queries, keys and values go together head by head. */
  | { readonly kind: "interleave" }
  | { readonly kind: "transpose" }
  /** What is stored is 1 more. */
  | { readonly kind: "less-one" };

/** One architecture; keys stand without its name before them. */
export interface Architecture {
  /** `model_type` of config.json. */
  readonly modelType: string;
  /** Keys of the metadata, and the fields of config.json that say the same. */
  readonly fields: Readonly<Record<string, string>>;
  /** How the rotated dimensions are told; null: there are none. */
  readonly rotary: "whole" | "partial" | null;
  /** Names of a block's tensors, without `blk.N.` before and `.weight` behind. */
  readonly block: Readonly<Record<string, string>>;
  /** Names of the other tensors. */
  readonly outside: Readonly<Record<string, string>>;
  /** What stands before the number of a block. */
  readonly layers: string;
  /** What was done to a tensor of that name in the file; null: nothing. */
  readonly change: (name: string) => Change | null;
}

const sizes = {
  context_length: "max_position_embeddings",
  block_count: "num_hidden_layers",
  embedding_length: "hidden_size",
  feed_forward_length: "intermediate_size",
  "attention.head_count": "num_attention_heads",
  "attention.head_count_kv": "num_key_value_heads",
  "rope.freq_base": "rope_theta",
  vocab_size: "vocab_size",
};
const rms = { "attention.layer_norm_rms_epsilon": "rms_norm_eps" };
const ownHeads = { "attention.key_length": "head_dim" };

const attention = {
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
};
const gated = { ffn_gate: "mlp.gate_proj", ffn_up: "mlp.up_proj", ffn_down: "mlp.down_proj" };
const norms = { attn_norm: "input_layernorm", ffn_norm: "post_attention_layernorm" };
const headNorms = { attn_q_norm: "self_attn.q_norm", attn_k_norm: "self_attn.k_norm" };
const normsAround = {
  attn_norm: "input_layernorm",
  post_attention_norm: "post_attention_layernorm",
  ffn_norm: "pre_feedforward_layernorm",
  post_ffw_norm: "post_feedforward_layernorm",
};

const llamaLike: Architecture = {
  modelType: "llama",
  fields: { ...sizes, ...rms },
  rotary: "whole",
  block: { ...attention, ...gated, ...norms },
  outside: { token_embd: "model.embed_tokens", output_norm: "model.norm", output: "lm_head" },
  layers: "model.layers.",
  change: () => null,
};

const gemma: Architecture = {
  ...llamaLike,
  modelType: "gemma",
  fields: { ...sizes, ...rms, ...ownHeads },
  change: (name) => (name.endsWith("norm.weight") ? { kind: "less-one" } : null),
};

const gpt2Matrices = /\.(?:attn_qkv|attn_output|ffn_up|ffn_down)\.weight$/;

/** The architectures by `general.architecture`. */
export const architectures: ReadonlyMap<string, Architecture> = new Map<string, Architecture>([
  [
    "llama",
    {
      ...llamaLike,
      fields: { ...llamaLike.fields, "rope.dimension_count": "head_dim" },
      change: (name) =>
        /\.attn_q\.(?:weight|bias)$/.test(name)
          ? { kind: "unpair", heads: "query" }
          : /\.attn_k\.(?:weight|bias)$/.test(name)
            ? { kind: "unpair", heads: "key" }
            : null,
    },
  ],
  ["qwen2", { ...llamaLike, modelType: "qwen2" }],
  [
    "qwen3",
    {
      ...llamaLike,
      modelType: "qwen3",
      fields: { ...llamaLike.fields, ...ownHeads },
      block: { ...llamaLike.block, ...headNorms },
    },
  ],
  ["gemma", gemma],
  [
    "gemma2",
    {
      ...gemma,
      modelType: "gemma2",
      fields: {
        ...gemma.fields,
        "attention.sliding_window": "sliding_window",
        attn_logit_softcapping: "attn_logit_softcapping",
        final_logit_softcapping: "final_logit_softcapping",
      },
      block: { ...attention, ...gated, ...normsAround },
    },
  ],
  [
    "gemma3",
    {
      ...gemma,
      modelType: "gemma3_text",
      fields: { ...gemma.fields, "attention.sliding_window": "sliding_window" },
      block: { ...attention, ...gated, ...normsAround, ...headNorms },
    },
  ],
  [
    "phi3",
    {
      ...llamaLike,
      modelType: "phi3",
      fields: { ...llamaLike.fields, "attention.sliding_window": "sliding_window" },
      rotary: "partial",
      block: {
        attn_qkv: "self_attn.qkv_proj",
        attn_output: "self_attn.o_proj",
        ffn_up: "mlp.gate_up_proj",
        ffn_down: "mlp.down_proj",
        ...norms,
      },
    },
  ],
  [
    "stablelm",
    {
      ...llamaLike,
      modelType: "stablelm",
      fields: { ...sizes, "attention.layer_norm_epsilon": "layer_norm_eps" },
      rotary: "partial",
    },
  ],
  [
    "starcoder2",
    {
      ...llamaLike,
      modelType: "starcoder2",
      fields: { ...sizes, "attention.layer_norm_epsilon": "norm_epsilon" },
      block: { ...attention, ...norms, ffn_up: "mlp.c_fc", ffn_down: "mlp.c_proj" },
    },
  ],
  [
    "gpt2",
    {
      modelType: "gpt2",
      fields: {
        context_length: "n_positions",
        block_count: "n_layer",
        embedding_length: "n_embd",
        feed_forward_length: "n_inner",
        "attention.head_count": "n_head",
        "attention.layer_norm_epsilon": "layer_norm_epsilon",
        vocab_size: "vocab_size",
      },
      rotary: null,
      block: {
        attn_norm: "ln_1",
        attn_qkv: "attn.c_attn",
        attn_output: "attn.c_proj",
        ffn_norm: "ln_2",
        ffn_up: "mlp.c_fc",
        ffn_down: "mlp.c_proj",
      },
      outside: {
        token_embd: "transformer.wte",
        position_embd: "transformer.wpe",
        output_norm: "transformer.ln_f",
        output: "lm_head",
      },
      layers: "transformer.h.",
      change: (name) => (gpt2Matrices.test(name) ? { kind: "transpose" } : null),
    },
  ],
  [
    "bloom",
    {
      modelType: "bloom",
      fields: {
        block_count: "n_layer",
        embedding_length: "hidden_size",
        "attention.head_count": "n_head",
        "attention.layer_norm_epsilon": "layer_norm_epsilon",
        vocab_size: "vocab_size",
      },
      rotary: null,
      block: {
        attn_norm: "input_layernorm",
        attn_qkv: "self_attention.query_key_value",
        attn_output: "self_attention.dense",
        ffn_norm: "post_attention_layernorm",
        ffn_up: "mlp.dense_h_to_4h",
        ffn_down: "mlp.dense_4h_to_h",
      },
      outside: {
        token_embd: "transformer.word_embeddings",
        token_embd_norm: "transformer.word_embeddings_layernorm",
        output_norm: "transformer.ln_f",
        output: "lm_head",
      },
      layers: "transformer.h.",
      change: (name) => (/\.attn_qkv\.(?:weight|bias)$/.test(name) ? { kind: "interleave" } : null),
    },
  ],
]);

/** What transformers calls a tensor; null: no tensor of this architecture has that name. */
export function nameInTransformers({ block, outside, layers }: Architecture, name: string): string | null {
  const parts = /^(?:blk\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(name);
  const [, layer, short = "", end = ""] = parts ?? [];
  const own = new Map(Object.entries(layer === undefined ? outside : block)).get(short);
  if (own === undefined) return null;
  return layer === undefined ? `${own}.${end}` : `${layers}${layer}.${own}.${end}`;
}
