/**
 * Which of transformers' classes AutoTokenizer takes for a folder, and what the class makes of tokenizer.json. Most classes
 * of today's models take only the vocabulary from it, and bring their own normalizer and pre-tokenizer.
 *
 * @source Hugging Face transformers 5.24.0, models/auto/tokenization_auto.py and models/…/tokenization_….py
 */
import type { Json } from "../../../compiler/base/digest.js";
import type { JsonObject } from "../model-json.js";
import { shown, refuse } from "./fields.js";

/** What a class brings; what it leaves out comes from tokenizer.json. */
export interface TokenizerClass {
  /** Parts of tokenizer.json, and the settings of its model. */
  readonly parts: JsonObject;
  readonly model: JsonObject;
  /** Special tokens that have these texts when nobody says otherwise. */
  readonly names: Readonly<Record<string, string>>;
  /** Special tokens around every text, whatever tokenizer.json says; absent: as it says. */
  readonly around?: { readonly before: readonly string[] };
  /** The class adds all special tokens once more: without options, or with those that were stated for them. */
  readonly addsSpecials?: "plainly" | "as stated";
  /** What tokenizer.json says of padding names `pad_token`, of which the class says nothing. */
  readonly padsByFile?: boolean;
}

/** The class that needs nothing of its own: everything is in tokenizer.json. */
export const backend = "TokenizersBackend";

/** Classes of kinds of models. The others have none of their own. */
const classOfModel: ReadonlyMap<string, string> = new Map(
  Object.entries({
    CodeLlamaTokenizer: ["code_llama"],
    GPT2Tokenizer: ["codegen", "gpt2", "gpt_neo", "gptj", "opt", "phi", "starcoder2"],
    CohereTokenizer: ["cohere", "cohere2"],
    GPTNeoXTokenizer: ["falcon_mamba", "gpt_neox", "mpt", "olmo", "olmoe"],
    GemmaTokenizer: [
      "gemma",
      "gemma2",
      "gemma3",
      "gemma3_text",
      "gemma3n",
      "gemma3n_text",
      "recurrent_gemma",
      "t5gemma",
    ],
    Qwen2Tokenizer: ["qwen2", "qwen2_moe", "qwen2_vl", "qwen3", "qwen3_moe", "qwen3_next"],
    XGLMTokenizer: ["xglm"],
    [backend]: [
      ...["flex_olmo", "gpt_bigcode", "granite", "granitemoe", "granitemoehybrid", "granitemoeshared", "ministral"],
      ...["mistral", "mixtral", "olmo2", "olmo3", "olmo_hybrid", "persimmon", "phi3", "phimoe", "stablelm", "nemotron"],
      ...["internlm2", "internlm3", "minicpm3", "jamba", "arctic", "minimax_m2"],
    ],
  }).flatMap(([name, models]) => models.map((model) => [model, name])),
);

/** Kinds of models whose files name a class that is wrong: their own class counts. */
const namedWrongly: ReadonlySet<string> = new Set([
  ...["arctic", "internlm2", "internlm3", "jamba", "minicpm3", "minimax_m2", "nemotron", "phi3", "phimoe", "qwen2"],
]);

/** Classes of transformers that make tokenizers which are not known here. */
const unknownClasses: ReadonlySet<string> = new Set(
  `Albert Bart Barthez Bert BigBird Blenderbot CLIP Camembert DPRContextEncoder DPRQuestionEncoder DPRReader Deberta DebertaV2
   DistilBert Esmc Funnel Herbert LED Lasr LayoutLMv2 LayoutLMv3 LayoutXLM Luke Lxmert MBart50 MBart MLuke MPNet MarkupLM
   MobileBert Mvp Nllb Nougat OpenAIGPT Pegasus Qwen3_5 Reformer RemBert RoFormer Roberta SeamlessM4T Siglip2 Splinter
   SqueezeBert T5 Udop Whisper XGLM XLMRoberta XLNet Bartpho BertGeneration GPTSw3 PLBart Siglip SpeechT5 BertJapanese Bertweet
   BioGpt BlenderbotSmall ByT5 CTRL Canine Clvp CpmAnt Cpm Dia Esm FSMT Flaubert GPTNeoXJapanese M2M100 Marian Mgpstr MyT5
   Perceiver Phobert ProphetNet RoCBert Speech2Text Tapas Vits Wav2Vec2CTC XLM ConvBert FNet Parakeet`
    .split(/\s+/)
    .map((name) => `${name}Tokenizer`),
);

const generic: ReadonlySet<string> = new Set([backend, "PreTrainedTokenizer", "PythonBackend"]);

const short = (name: string): string => name.replace(/Fast$/, "");

/** The class that AutoTokenizer takes, without `Fast`. */
export function classOf(definition: JsonObject, config: JsonObject, model: JsonObject): string {
  const textOf = (value: Json | undefined): string | null => (typeof value === "string" && value !== "" ? value : null);
  const named = textOf(config["tokenizer_class"]) ?? textOf(model["tokenizer_class"]);
  const modelType = textOf(model["model_type"]) ?? "";
  const own = classOfModel.get(modelType) ?? null;
  if (named === null) return known(own ?? backend);
  if (short(named) === "LlamaTokenizer" && !namedWrongly.has(modelType) && isByteLevel(definition)) return backend;
  if (own !== null && own !== short(named)) {
    if (own === backend) return backend;
    return known(namedWrongly.has(modelType) ? own : short(named));
  }
  return known(short(named));
}

/** Names that transformers does not know are those of the general class. */
function known(name: string): string {
  if (generic.has(name)) return backend;
  if (unknownClasses.has(name))
    refuse(`transformers makes a tokenizer of its own for the class ${name}, which is not known here`);
  return classes.has(name) ? name : backend;
}

/** Whether tokenizer.json has this word anywhere, which is how transformers looks for it. */
function isByteLevel(definition: JsonObject): boolean {
  return JSON.stringify(definition).includes('"ByteLevel"');
}

const endOfText = "<|endoftext|>";
const gpt2Names = { bos_token: endOfText, eos_token: endOfText, unk_token: endOfText };
const llamaNames = { bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>" };
const noAffixes = { unk_token: null, fuse_unk: false, byte_fallback: false };

function byteLevel(prefix: boolean): JsonObject {
  return { type: "ByteLevel", add_prefix_space: prefix, trim_offsets: true, use_regex: true };
}

function metaspace(prependScheme: string): JsonObject {
  return { type: "Metaspace", replacement: "▁", prepend_scheme: prependScheme, split: false };
}

function sequence(...pretokenizers: readonly JsonObject[]): JsonObject {
  return { type: "Sequence", pretokenizers };
}

/** Qwen's pattern of words. */
export const qwenPattern =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** Each class by what tokenizer_config.json says. */
const classes: ReadonlyMap<string, (config: JsonObject) => TokenizerClass> = new Map([
  ["GPT2Tokenizer", gpt2],
  ["CodeGenTokenizer", gpt2],
  [
    "GPTNeoXTokenizer",
    (config) => ({
      ...gpt2(config),
      parts: { normalizer: { type: "NFC" }, pre_tokenizer: byteLevel(config["add_prefix_space"] === true) },
      names: { ...gpt2Names, pad_token: "<|padding|>" },
      around: { before: [] },
    }),
  ],
  [
    "Qwen2Tokenizer",
    (config) => ({
      parts: {
        normalizer: { type: "NFC" },
        pre_tokenizer: sequence(
          { type: "Split", pattern: { Regex: qwenPattern }, behavior: "Isolated", invert: false },
          { ...byteLevel(config["add_prefix_space"] === true), use_regex: false },
        ),
      },
      model: noAffixes,
      names: { eos_token: endOfText, unk_token: endOfText, pad_token: endOfText },
      addsSpecials: "plainly",
    }),
  ],
  [
    "CohereTokenizer",
    (config) => ({
      parts: {
        normalizer: { type: "NFC" },
        pre_tokenizer: sequence(
          { type: "Digits", individual_digits: true },
          byteLevel(config["add_prefix_space"] === true),
        ),
      },
      model: noAffixes,
      names: {
        bos_token: "<BOS_TOKEN>",
        eos_token: "<|END_OF_TURN_TOKEN|>",
        unk_token: "<UNK>",
        sep_token: "<SEP>",
        pad_token: "<PAD>",
        cls_token: "<CLS>",
        mask_token: "<MASK_TOKEN>",
      },
      addsSpecials: "as stated",
    }),
  ],
  [
    "LlamaTokenizer",
    (config) => {
      const prefixes = (config["add_prefix_space"] ?? true) === true;
      const scheme = !prefixes ? "never" : config["legacy"] === true ? "always" : "first";
      return {
        parts: { normalizer: null, pre_tokenizer: metaspace(scheme) },
        model: { unk_token: null, fuse_unk: true, byte_fallback: true },
        names: llamaNames,
        padsByFile: true,
      };
    },
  ],
  [
    "CodeLlamaTokenizer",
    (config) => ({
      parts: {
        normalizer: null,
        pre_tokenizer: metaspace((config["add_prefix_space"] ?? true) === true ? "first" : "never"),
      },
      model: { unk_token: nameOf(config, "unk_token") ?? "<unk>", fuse_unk: true, byte_fallback: true },
      names: {
        ...llamaNames,
        prefix_token: "▁<PRE>",
        middle_token: "▁<MID>",
        suffix_token: "▁<SUF>",
        eot_token: "▁<EOT>",
        fill_token: "<FILL_ME>",
      },
      padsByFile: true,
      around: { before: config["bos_token"] === undefined ? ["<s>"] : [nameOf(config, "bos_token") ?? []].flat() },
    }),
  ],
  [
    "GemmaTokenizer",
    (config) => ({
      parts: {
        normalizer: { type: "Replace", pattern: { String: " " }, content: "▁" },
        pre_tokenizer: { type: "Split", pattern: { String: " " }, behavior: "MergedWithPrevious", invert: false },
      },
      model: { unk_token: nameOf(config, "unk_token") ?? "<unk>", fuse_unk: true, byte_fallback: true },
      names: { bos_token: "<bos>", eos_token: "<eos>", unk_token: "<unk>", pad_token: "<pad>", mask_token: "<mask>" },
    }),
  ],
]);

function gpt2(config: JsonObject): TokenizerClass {
  return {
    parts: { normalizer: null, pre_tokenizer: byteLevel(config["add_prefix_space"] === true) },
    model: noAffixes,
    names: gpt2Names,
  };
}

/** What a class brings; null for the general one. */
export function broughtBy(name: string, config: JsonObject): TokenizerClass | null {
  return classes.get(name)?.(config) ?? null;
}

/** A special token of tokenizer_config.json: a text, or an object with `content`. */
export function nameOf(config: JsonObject, name: string): string | null {
  const value = config[name];
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value;
  const content = typeof value === "object" && !Array.isArray(value) ? (value as JsonObject)["content"] : undefined;
  return typeof content === "string" ? content : refuse(`\`${name}\` in tokenizer_config.json is ${shown(value)}`);
}
