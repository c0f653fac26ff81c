/** Facts of models of any depth and width, for checking protocols that name large ones: sizes without weights. */
import type { ModelFacts, TensorEntry } from "../../src/compiler/models/model.js";

export interface ModelSizes {
  readonly layers: number;
  readonly heads: number;
  readonly positions: number;
}

/** Names of the sizes in the configs of the two families whose fixtures are stretched. */
const fields = {
  gpt2: { width: "n_embd", layers: "n_layer", heads: "n_head", positions: "n_positions" },
  gpt_neox: {
    width: "hidden_size",
    layers: "num_hidden_layers",
    heads: "num_attention_heads",
    positions: "max_position_embeddings",
  },
} as const;

/**
 * The small model `facts` made deeper and wider: the tensors of its first layer stand for those of every layer, and
 * every axis as long as the model is wide (or three times that, or as long as its longest text) is stretched. The model
 * cannot run, because there are no such weights; its sizes and sites are those of a real one.
 */
export function stretched(facts: ModelFacts, { layers, heads, positions }: ModelSizes): ModelFacts {
  const names = facts.config["model_type"] === "gpt2" ? fields.gpt2 : fields.gpt_neox;
  const width = Number(facts.config[names.width]);
  const wide = (width / Number(facts.config[names.heads])) * heads;
  const sizes = new Map([
    [width, wide],
    [3 * width, 3 * wide],
    [Number(facts.config[names.positions]), positions],
  ]);
  const tensors: Record<string, TensorEntry> = {};
  for (const [name, entry] of Object.entries(facts.tensors)) {
    const [, before, layer, after] = /^(.*?\.)(\d+)(\..*)$/.exec(name) ?? [];
    const shape = entry.shape.map((size) => sizes.get(size) ?? size);
    const length = (entry.length / product(entry.shape)) * product(shape);
    const copies = layer === undefined ? [name] : layer === "0" ? range(layers, before, after) : [];
    for (const copy of copies) tensors[copy] = { ...entry, shape, length };
  }
  const config = {
    ...facts.config,
    [names.width]: wide,
    [names.layers]: layers,
    [names.heads]: heads,
    [names.positions]: positions,
    // Given or not, the neurons stay as many as they are: no protocol names one beyond them.
    ...(facts.config["model_type"] === "gpt2" ? { n_inner: facts.config["n_inner"] ?? 4 * width } : {}),
  };
  return { ...facts, config, tensors };
}

function range(layers: number, before = "", after = ""): readonly string[] {
  return Array.from({ length: layers }, (_, layer) => `${before}${layer}${after}`);
}

function product(shape: readonly number[]): number {
  return shape.reduce((all, size) => all * size, 1);
}
