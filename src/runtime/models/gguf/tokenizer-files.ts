/**
 * tokenizer.json and tokenizer_config.json of a GGUF file, as transformers' loader makes a tokenizer of the metadata: a
 * byte-level vocabulary as GPT-2 has it (`gpt2`), or one of SentencePiece with its merges or their scores (`llama`).
 *
 * @source transformers 5.24.0, integrations/gguf/gguf_tokenizer_mapping.py and tokenization_utils_base.py (generate_merges)
 */
import type { Json } from "../../../compiler/base/digest.js";
import type { JsonObject } from "../model-json.js";
import { spelledInBytes } from "../tokenizer/byte-characters.js";
import { refuse } from "../tokenizer/fields.js";
import { qwenPattern } from "../tokenizer/auto-classes.js";
import { cl100kPattern, o200kPattern, tekkenPattern } from "../tokenizer/patterns.js";
import { shownName, type Metadata, type MetadataItem } from "./header.js";

/** The files of a tokenizer, and what the loader does otherwise than the metadata says. */
export interface TokenizerFilesOfGguf {
  readonly definition: JsonObject;
  readonly config: JsonObject;
  readonly remarks: readonly string[];
}

const key = (name: string): string => `tokenizer.ggml.${name}`;

/** The ids of special tokens, and what transformers calls them. */
const specials = { bos_token: "bos", eos_token: "eos", unk_token: "unknown", pad_token: "padding" } as const;

/** Keys that are used here, or are those of other programs: what generates text, fills in or asks for other formats. */
export const tokenizerKeys: ReadonlySet<string> = new Set([
  "tokenizer.chat_template",
  ...[
    "model",
    "pre",
    "tokens",
    "scores",
    "token_type",
    "merges",
    "add_space_prefix",
    "add_bos_token",
    "add_eos_token",
  ].map(key),
  ...Object.values(specials).map((name) => key(`${name}_token_id`)),
  ...["eot", "eom", "seperator", "separator", "cls", "mask", "prefix", "suffix", "middle"].map((name) =>
    key(`${name}_token_id`),
  ),
  ...["fim_pre", "fim_suf", "fim_mid", "fim_pad", "fim_rep", "fim_sep"].map((name) => key(`${name}_token_id`)),
  ...["token_type_count", "add_sep_token", "remove_extra_whitespaces"].map(key),
  "tokenizer.huggingface.json",
]);

/** How byte-level vocabularies cut texts, by `tokenizer.ggml.pre`. Others are cut as GPT-2 does it. */
const patterns: ReadonlyMap<string, string> = new Map(
  Object.entries({
    [cl100kPattern]:
      "llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano dbrx smaug-bpe".split(" "),
    [tekkenPattern]: ["tekken"],
    [qwenPattern]: ["qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez"],
    [o200kPattern]: ["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"],
  }).flatMap(([pattern, names]) => names.map((name) => [name, pattern])),
);

/** Names that llama.cpp, too, cuts as GPT-2 does it. */
const cutAsGpt2: ReadonlySet<string> = new Set(["gpt-2", "phi-2", "mpt", "olmo", "jais", "gigachat"]);

/** The tokenizer of the metadata; null where there is none. One that is not read is refused. */
export function tokenizerFilesOf(metadata: Metadata): TokenizerFilesOfGguf | null {
  const kind = metadata.get(key("model")) ?? "no_vocab";
  if (kind === "no_vocab" || kind === "none") return null;
  const tokens = strings(metadata, "tokens") ?? refuse("its metadata has a tokenizer without tokens");
  const architecture = String(metadata.get("general.architecture"));
  const remarks: string[] = [];
  const parts =
    kind === "gpt2"
      ? byteLevel(metadata, tokens, remarks)
      : kind === "llama"
        ? sentencePiece(metadata, tokens, architecture, remarks)
        : refuse(`its tokenizer is of the kind ${shownName(String(kind))}, and gpt2 and llama are read`);
  const added = addedTokens(metadata, tokens, parts.vocabulary, parts.ownSpecials, kind === "gpt2");
  const config = configOfTokenizer(metadata, tokens, kind === "llama");
  return {
    definition: {
      ...parts.definition,
      added_tokens: added,
      post_processor: template(config, parts.vocabulary, added),
      model: { type: "BPE", ...parts.model, vocab: Object.fromEntries(parts.vocabulary), merges: parts.merges },
    },
    config,
    remarks,
  };
}

interface Parts {
  readonly definition: JsonObject;
  readonly model: JsonObject;
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly merges: Json[];
  /** Special tokens that the class has whatever the file says; they get ids where the vocabulary lacks them. */
  readonly ownSpecials: readonly string[];
}

function byteLevel(metadata: Metadata, tokens: readonly string[], remarks: string[]): Parts {
  const pre = metadata.get(key("pre"));
  const pattern = typeof pre === "string" ? patterns.get(pre) : undefined;
  if (pattern === undefined && !(typeof pre === "string" && cutAsGpt2.has(pre))) {
    const named =
      pre === undefined ? "does not say how texts are cut into words" : `cuts texts as ${shownName(String(pre))}`;
    remarks.push(`its tokenizer ${named}: transformers and atlasc cut them as GPT-2 does, and other programs may not`);
  }
  const whole = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: pattern === undefined };
  const split = { type: "Split", pattern: { Regex: pattern ?? "" }, behavior: "Isolated", invert: false };
  const merges = strings(metadata, "merges") ?? refuse("its metadata has a byte-level tokenizer without merges");
  return {
    definition: {
      normalizer: null,
      pre_tokenizer: pattern === undefined ? whole : { type: "Sequence", pretokenizers: [split, whole] },
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    },
    model: { unk_token: null, fuse_unk: false, byte_fallback: false },
    vocabulary: new Map(tokens.map((token, id) => [spelledInBytes(token), id])),
    merges: merges.map((merge) => merge.split(" ")),
    ownSpecials: ["<|endoftext|>"],
  };
}

const replaceSpaces = { type: "Replace", pattern: { String: " " }, content: "▁" };

function sentencePiece(metadata: Metadata, listed: readonly string[], architecture: string, remarks: string[]): Parts {
  const isGemma = /^gemma[23]?$/.test(architecture);
  // Gemma's tokens of several spaces are spelled with spaces, and its merges follow the order of the tokens.
  const tokens = isGemma
    ? listed.map((token) =>
        /^\s*$/u.test(token) && token.includes(" ") ? "▁".repeat(Array.from(token).length) : token,
      )
    : listed;
  const vocabulary = new Map(tokens.map((token, id) => [token, id]));
  const scores = isGemma ? tokens.map((_, id) => -id) : numbers(metadata, "scores");
  const merges = strings(metadata, "merges")?.map((merge) => merge.split(" "));
  if (merges === undefined && scores === null) refuse("its metadata has a tokenizer with neither merges nor scores");
  if (!isGemma && metadata.get(key("add_space_prefix")) === false) {
    remarks.push(
      "its tokenizer puts no space before texts: transformers and atlasc put one there, as LLaMA's tokenizer does",
    );
  }
  const strip = isGemma ? [] : [{ type: "Strip", content: " ", start: 1, stop: 0 }];
  const bytes = [
    { type: "Replace", pattern: { String: "▁" }, content: " " },
    { type: "ByteFallback" },
    { type: "Fuse" },
  ];
  const metaspace = { type: "Metaspace", replacement: "▁", prepend_scheme: "first", split: false };
  const cut = isGemma
    ? {
        normalizer: replaceSpaces,
        pre_tokenizer: { type: "Split", pattern: { String: " " }, behavior: "MergedWithPrevious", invert: false },
      }
    : architecture === "phi3"
      ? {
          normalizer: { type: "Sequence", normalizers: [{ type: "Prepend", prepend: "▁" }, replaceSpaces] },
          pre_tokenizer: null,
        }
      : { normalizer: null, pre_tokenizer: metaspace };
  return {
    definition: { ...cut, decoder: { type: "Sequence", decoders: [...bytes, ...strip] } },
    model: { unk_token: isGemma ? "<unk>" : null, fuse_unk: true, byte_fallback: true },
    vocabulary,
    merges: merges ?? impliedMerges(tokens, vocabulary, scores ?? []),
    ownSpecials: isGemma ? ["<bos>", "<eos>", "<unk>", "<pad>", "<mask>"] : ["<s>", "</s>", "<unk>"],
  };
}

/** The merges that a vocabulary implies: every cut of a token into two others, the best token first. */
function impliedMerges(
  tokens: readonly string[],
  vocabulary: ReadonlyMap<string, number>,
  scores: readonly number[],
): Json[] {
  const scoreOf = new Map(tokens.map((token, i) => [token, scores[i] ?? 0]));
  const merges: { sides: [string, string]; score: number; left: number; right: number }[] = [];
  for (const [token, score] of scoreOf) {
    const characters = Array.from(token);
    const cuts: { sides: [string, string]; score: number; left: number; right: number; ids: [number, number] }[] = [];
    for (let i = 1, at = 0; i < characters.length; i++) {
      at += characters[i - 1]?.length ?? 0;
      const sides: [string, string] = [token.slice(0, at), token.slice(at)];
      const [a, b] = [vocabulary.get(sides[0]), vocabulary.get(sides[1])];
      if (a === undefined || b === undefined) continue;
      cuts.push({ sides, score, left: i, right: characters.length - i, ids: [a, b] });
    }
    merges.push(...cuts.sort((x, y) => x.ids[0] - y.ids[0] || x.ids[1] - y.ids[1]));
  }
  return merges.sort((x, y) => y.score - x.score || y.left - x.left || y.right - x.right).map(({ sides }) => sides);
}

const control = 3;
const userDefined = 4;

/** Tokens that are found whole in a text: those of the class, then what the file marks as control or as the user's. */
function addedTokens(
  metadata: Metadata,
  tokens: readonly string[],
  vocabulary: ReadonlyMap<string, number>,
  ownSpecials: readonly string[],
  isByteLevel: boolean,
): Json[] {
  const added = new Map<string, Json>();
  let next = vocabulary.size;
  const add = (content: string, special: boolean): void => {
    if (added.has(content)) return;
    const id = vocabulary.get(content) ?? next++;
    added.set(content, { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special });
  };
  for (const content of ownSpecials) add(content, true);
  const kinds = numbers(metadata, "token_type") ?? [];
  for (const [i, token] of tokens.entries()) {
    // In a byte-level vocabulary, a control token with other characters is a mistake of the file's maker.
    if (kinds[i] === control && (!isByteLevel || spelledInBytes(token) === token)) add(token, true);
  }
  for (const [i, token] of tokens.entries()) if (kinds[i] === userDefined && vocabulary.has(token)) add(token, false);
  return [...added.values()];
}

/** tokenizer_config.json: special tokens by name, and whether texts begin and end with them. */
function configOfTokenizer(metadata: Metadata, tokens: readonly string[], isSentencePiece: boolean): JsonObject {
  const flag = (name: string, byDefault: boolean): boolean => {
    const value = metadata.get(key(name)) ?? byDefault;
    return typeof value === "boolean" ? value : refuse(`its ${key(name)} is ${String(value)}`);
  };
  const named = Object.entries(specials).map(([name, short]) => {
    const id = metadata.get(key(`${short}_token_id`));
    if (id === undefined) return [name, null] as const;
    const token = typeof id === "number" ? tokens[id] : undefined;
    return [
      name,
      token ?? refuse(`its ${short}_token_id is ${String(id)}, and it has ${tokens.length} tokens`),
    ] as const;
  });
  const chat = metadata.get("tokenizer.chat_template");
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    ...Object.fromEntries(named),
    // llama.cpp puts BOS before the texts of SentencePiece unless the file says otherwise.
    add_bos_token: flag("add_bos_token", isSentencePiece),
    add_eos_token: flag("add_eos_token", false),
    ...(typeof chat === "string" ? { chat_template: chat } : {}),
  };
}

/** What is put around every text. */
function template(config: JsonObject, vocabulary: ReadonlyMap<string, number>, added: readonly Json[]): JsonObject {
  const ids = new Map([
    ...vocabulary,
    ...added.map((token) => [(token as JsonObject)["content"], (token as JsonObject)["id"]] as [string, number]),
  ]);
  const wanted = (name: "bos" | "eos"): readonly string[] => {
    const token = config[`${name}_token`];
    return config[`add_${name}_token`] === true && typeof token === "string" ? [token] : [];
  };
  const around = (tokens: readonly string[]): Json[] => tokens.map((id) => ({ SpecialToken: { id, type_id: 0 } }));
  const used = [...wanted("bos"), ...wanted("eos")];
  const text = { Sequence: { id: "A", type_id: 0 } };
  return {
    type: "TemplateProcessing",
    single: [...around(wanted("bos")), text, ...around(wanted("eos"))],
    pair: [text, { Sequence: { id: "B", type_id: 1 } }],
    special_tokens: Object.fromEntries(used.map((id) => [id, { id, ids: [ids.get(id) ?? 0], tokens: [id] }])),
  };
}

function listOf(metadata: Metadata, name: string, type: "string" | "number"): readonly MetadataItem[] | null {
  const value = metadata.get(key(name));
  if (value === undefined) return null;
  if (typeof value === "object" && value.every((item) => typeof item === type)) return value;
  return refuse(`its ${key(name)} is no list of ${type}s`);
}

const strings = (metadata: Metadata, name: string): readonly string[] | null =>
  listOf(metadata, name, "string") as readonly string[] | null;
const numbers = (metadata: Metadata, name: string): readonly number[] | null =>
  listOf(metadata, name, "number") as readonly number[] | null;
