import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeSafetensors, type MemoryTensor } from "../../src/runtime/models/safetensors.js";
import { seeded } from "../support/random.js";

/** Sizes of a model. */
export interface LlamaSizes {
  readonly vocab: number;
  readonly dModel: number;
  readonly heads: number;
  readonly neurons: number;
  readonly layers: number;
}

/** The expert of a mixture that gives nothing. */
export interface SilentExpert {
  readonly layer: number;
  readonly expert: number;
}

/**
 * Writes the folder of a Mixtral with the weights of {@link writeRandomLlama} and so many experts, of which two see each token. One of
 * them may be silent: its last matrix is 0.
 */
export function writeRandomMixtral(folder: string, sizes: LlamaSizes, experts: number, silent?: SilentExpert): void {
  const mixture = { model_type: "mixtral", num_local_experts: experts, num_experts_per_tok: 2, sliding_window: null };
  write(folder, sizes, mixture, (layer, own, zero) => {
    own("block_sparse_moe.gate", experts, sizes.dModel);
    for (let expert = 0; expert < experts; expert++) {
      const name = `block_sparse_moe.experts.${expert}`;
      own(`${name}.w1`, sizes.neurons, sizes.dModel);
      own(`${name}.w2`, sizes.dModel, sizes.neurons);
      own(`${name}.w3`, sizes.neurons, sizes.dModel);
      if (silent?.layer === layer && silent.expert === expert) zero(`${name}.w2`);
    }
  });
}

/** Writes the folder of a Llama with weights drawn evenly from [−0.2, 0.2), always the same ones, without a tokenizer. */
export function writeRandomLlama(folder: string, sizes: LlamaSizes): void {
  const { dModel, neurons } = sizes;
  write(folder, sizes, { model_type: "llama" }, (_layer, own) => {
    own("mlp.gate_proj", neurons, dModel);
    own("mlp.up_proj", neurons, dModel);
    own("mlp.down_proj", dModel, neurons);
  });
}

type Own = (name: string, ...shape: number[]) => void;

function write(
  folder: string,
  sizes: LlamaSizes,
  fields: Readonly<Record<string, unknown>>,
  addMlp: (layer: number, own: Own, zero: (name: string) => void) => void,
): void {
  const { vocab, dModel, heads, neurons, layers } = sizes;
  const random = seeded(5);
  const tensor = (...shape: number[]): MemoryTensor => {
    const size = shape.reduce((product, d) => product * d, 1);
    return { type: "float32", shape, data: Float32Array.from({ length: size }, () => 0.4 * random.next() - 0.2) };
  };
  const tensors: Record<string, MemoryTensor> = {
    "model.embed_tokens.weight": tensor(vocab, dModel),
    "model.norm.weight": tensor(dModel),
    "lm_head.weight": tensor(vocab, dModel),
  };
  for (let layer = 0; layer < layers; layer++) {
    const full = (name: string): string => `model.layers.${layer}.${name}.weight`;
    const own: Own = (name, ...shape) => {
      tensors[full(name)] = tensor(...shape);
    };
    own("input_layernorm", dModel);
    own("post_attention_layernorm", dModel);
    for (const projection of ["q", "k", "v", "o"]) own(`self_attn.${projection}_proj`, dModel, dModel);
    addMlp(layer, own, (name) => void tensors[full(name)]?.data.fill(0 as never));
  }
  mkdirSync(folder, { recursive: true });
  const config = {
    hidden_act: "silu",
    hidden_size: dModel,
    intermediate_size: neurons,
    max_position_embeddings: 1024,
    num_attention_heads: heads,
    num_hidden_layers: layers,
    num_key_value_heads: heads,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: false,
    vocab_size: vocab,
    ...fields,
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  writeFileSync(join(folder, "model.safetensors"), writeSafetensors(tensors));
}
