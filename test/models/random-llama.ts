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

/** Writes the folder of a Llama with weights drawn evenly from [−0.2, 0.2), always the same ones, without a tokenizer. */
export function writeRandomLlama(folder: string, sizes: LlamaSizes): void {
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
    const own = (name: string, ...shape: number[]): void => {
      tensors[`model.layers.${layer}.${name}.weight`] = tensor(...shape);
    };
    own("input_layernorm", dModel);
    own("post_attention_layernorm", dModel);
    for (const projection of ["q", "k", "v", "o"]) own(`self_attn.${projection}_proj`, dModel, dModel);
    own("mlp.gate_proj", neurons, dModel);
    own("mlp.up_proj", neurons, dModel);
    own("mlp.down_proj", dModel, neurons);
  }
  mkdirSync(folder, { recursive: true });
  const config = {
    model_type: "llama",
    architectures: ["LlamaForCausalLM"],
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
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  writeFileSync(join(folder, "model.safetensors"), writeSafetensors(tensors));
}
