/**
 * config.json of a GGUF file. A key of its metadata is used, or known to change nothing, or refused; one that is none of
 * these stands in the config under its own name, where the warning about fields that nothing reads (A8031) finds it.
 */
import type { Json } from "../../../compiler/base/digest.js";
import type { JsonObject } from "../model-json.js";
import { refuse } from "../tokenizer/fields.js";
import { architectures, type Architecture } from "./architectures.js";
import { shownName, type GgufHeader, type MetadataValue } from "./header.js";
import { tokenizerKeys } from "./tokenizer-files.js";

/** The architecture of a file; one that is not read is refused. */
export function architectureOf({ metadata }: GgufHeader): Architecture {
  const name = metadata.get("general.architecture");
  if (typeof name !== "string") return refuse("its metadata has no general.architecture");
  const architecture = architectures.get(name);
  if (architecture !== undefined) return architecture;
  return refuse(`its architecture is ${shownName(name)}, and ${[...architectures.keys()].join(", ")} are read`);
}

/**
 * The config that a file's metadata amounts to. `factors` are what its angles of rotation are divided by, from the tensor
 * `rope_freqs.weight`; null: it has none.
 */
export function configOf(header: GgufHeader, factors: readonly number[] | null): JsonObject {
  const { metadata, tensors } = header;
  const architecture = architectureOf(header);
  const prefix = `${String(metadata.get("general.architecture"))}.`;
  const names = new Set(tensors.map(({ name }) => name));
  const tokens = metadata.get("tokenizer.ggml.tokens");
  const config = new Map<string, Json>([
    ["model_type", architecture.modelType],
    ["tie_word_embeddings", !names.has("output.weight")],
  ]);
  if (Array.isArray(tokens)) config.set("vocab_size", tokens.length);
  const fields = new Map(Object.entries(architecture.fields));
  const own = new Map<string, MetadataValue>();
  for (const [key, value] of metadata) {
    const short = key.startsWith(prefix) ? key.slice(prefix.length) : null;
    const field = short === null ? undefined : fields.get(short);
    if (typeof value === "number" && !Number.isFinite(value)) refuse(`the value of ${shownName(key)} is ${value}`);
    if (key === "split.count" && Number(value) > 1) {
      refuse(`it is one of ${Number(value)} files of a model; llama.cpp's gguf-split --merge makes one of them`);
    }
    if (field !== undefined) config.set(field, toJson(value));
    else if (short !== null) own.set(short, value);
    else if (!isHarmless(key)) config.set(key, toJson(value));
  }
  for (const [field, value] of impliedFields(architecture, own, names, config)) config.set(field, value);
  for (const [field, value] of stretching(own, factors, config)) config.set(field, value);
  // What is left tells nothing that is read.
  for (const [key, value] of own) config.set(prefix + key, toJson(value));
  return Object.fromEntries(config);
}

function toJson(value: MetadataValue): Json {
  return typeof value === "object" ? [...value] : value;
}

/** Keys outside the architecture's own that cannot change what the model computes. */
function isHarmless(key: string): boolean {
  return /^(?:general\.|quantize\.|split\.(?:no|count|tensors\.count)$)/.test(key) || tokenizerKeys.has(key);
}

type Fields = Iterable<readonly [field: string, value: Json]>;

/** Takes a key away once it is known to say what the config says already, or that there is nothing. */
function settle(own: Map<string, MetadataValue>, key: string, expected: Json | undefined): void {
  if (own.get(key) === expected) own.delete(key);
}

/** Fields that several keys and the tensors tell together. */
function impliedFields(
  { modelType, rotary }: Architecture,
  own: Map<string, MetadataValue>,
  names: ReadonlySet<string>,
  config: ReadonlyMap<string, Json>,
): Fields {
  const fields = new Map<string, Json>();
  const numberOf = (field: string): number => Number(config.get(field) ?? NaN);
  const head = numberOf("head_dim") || numberOf("hidden_size") / numberOf("num_attention_heads");
  // Heads that read and write in other widths are built nowhere here.
  for (const key of ["attention.key_length", "attention.value_length"]) {
    settle(own, key, head);
    if (own.has(key)) refuse(`its ${key} is ${String(own.get(key))}, and its heads are ${head} wide`);
  }
  const rotated = own.get("rope.dimension_count");
  if (rotary === "whole" && rotated !== undefined && rotated !== head) {
    refuse(`its rope.dimension_count is ${String(rotated)}, and its heads are ${head} wide`);
  }
  if (rotary === "partial" && typeof rotated === "number" && rotated !== head) {
    fields.set("partial_rotary_factor", rotated / head);
  }
  if (modelType === "stablelm" && rotated === head) fields.set("partial_rotary_factor", 1);
  own.delete("rope.dimension_count");
  if (modelType === "stablelm") {
    fields.set("use_qkv_bias", names.has("blk.0.attn_q.bias"));
    fields.set("use_parallel_residual", !names.has("blk.0.ffn_norm.weight"));
    settle(own, "use_parallel_residual", !names.has("blk.0.ffn_norm.weight"));
  }
  if (modelType === "starcoder2") fields.set("use_bias", names.has("blk.0.attn_q.bias"));
  if (modelType === "bloom") {
    settle(own, "feed_forward_length", 4 * numberOf("hidden_size"));
    settle(own, "attention.head_count_kv", numberOf("n_head"));
    // Distances have no end in BLOOM.
    own.delete("context_length");
  }
  if (modelType === "gpt2") settle(own, "attention.head_count_kv", numberOf("n_head"));
  const layers = numberOf("num_hidden_layers");
  if ((modelType === "gemma2" && layers === 46) || (modelType === "gemma3_text" && layers === 62)) {
    // The models with 27 billion weights scale their scores otherwise, and nothing in the file says so.
    fields.set("query_pre_attn_scalar", numberOf("hidden_size") / numberOf("num_attention_heads"));
  }
  const window = own.get("attention.sliding_window");
  if (typeof window === "number" && (window === 0 || window >= numberOf("max_position_embeddings"))) {
    own.delete("attention.sliding_window");
  }
  settle(own, "attention.causal", true);
  settle(own, "expert_count", 0);
  settle(own, "expert_used_count", 0);
  for (const key of ["expert_count", "attention.causal", "attention.sliding_window"]) {
    if (own.has(key)) refuse(`its ${key} is ${String(own.get(key))}, which is not read in this architecture`);
  }
  return fields;
}

/** How angles of rotation are stretched for long texts. */
function stretching(
  own: Map<string, MetadataValue>,
  factors: readonly number[] | null,
  config: ReadonlyMap<string, Json>,
): Fields {
  const type = own.get("rope.scaling.type") ?? "none";
  const factor = own.get("rope.scaling.factor") ?? 1;
  // llama.cpp's own training, which changes nothing by itself.
  own.delete("rope.scaling.finetuned");
  if (type !== "none" && type !== "linear")
    refuse(`its rope.scaling.type is ${shownName(String(type))}, which is not read`);
  own.delete("rope.scaling.type");
  if (typeof factor !== "number" || (type === "none" && factor !== 1)) {
    return refuse(`its rope.scaling.factor is ${String(factor)}, and its rope.scaling.type ${type}`);
  }
  own.delete("rope.scaling.factor");
  if (type === "linear" && factor !== 1) {
    if (factors !== null) refuse("its angles of rotation are stretched in two ways");
    return [["rope_scaling", { rope_type: "linear", factor }]];
  }
  if (factors === null) return [];
  // One factor for each pair, however long a text is: what longrope does with two equal lists.
  const settings = { short_factor: [...factors], long_factor: [...factors], attention_factor: 1 };
  const original = config.get("max_position_embeddings") ?? null;
  return [["rope_scaling", { rope_type: "longrope", ...settings, original_max_position_embeddings: original }]];
}
