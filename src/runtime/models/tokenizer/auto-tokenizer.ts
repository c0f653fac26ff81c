/**
 * A tokenizer's files as transformers' AutoTokenizer reads them: the class decides what of tokenizer.json counts,
 * tokenizer_config.json adds tokens, and the post-processor says what is put around every text.
 *
 * @source Hugging Face transformers 5.24.0, tokenization_utils_tokenizers.py and tokenization_utils_base.py
 */
import type { Json } from "../../../compiler/base/digest.js";
import { backend, broughtBy, classOf, nameOf, type TokenizerClass } from "./auto-classes.js";
import type { JsonObject } from "../model-json.js";
import { refuse, shown } from "./fields.js";
import { readPostProcessor } from "./post-processor.js";

/** What AutoTokenizer would make of the files. */
export interface AutoRead {
  /** tokenizer.json, with what the class brings and the tokens of tokenizer_config.json. */
  readonly definition: JsonObject;
  readonly className: string;
  /** Texts of special tokens, such as `bos_token`. */
  readonly names: ReadonlyMap<string, string>;
  /** Special tokens before every text in place of the post-processor's; null: as that says. */
  readonly before: readonly string[] | null;
  /** Parts of tokenizer.json that say something else than the class, which counts. */
  readonly replaced: readonly string[];
}

const attributes = [
  "bos_token",
  "eos_token",
  "unk_token",
  "sep_token",
  "pad_token",
  "cls_token",
  "mask_token",
] as const;

/** Reads the files. `model` is config.json, whose kind of model decides on the class where it knows better. */
export function readAsAutoTokenizer(definition: JsonObject, config: JsonObject, model: JsonObject): AutoRead {
  if (config["split_special_tokens"] === true) refuse("`split_special_tokens` in tokenizer_config.json is true");
  if (config["fix_mistral_regex"] === true) refuse("`fix_mistral_regex` in tokenizer_config.json is true");
  const className = classOf(definition, config, model);
  const brought = className === backend ? null : broughtBy(className, config);
  const names = specialNames(config, brought);
  const modelOf = definition["model"];
  let parts: JsonObject = {};
  if (brought !== null) {
    const own = modelOf as JsonObject | undefined;
    const type = own?.["type"] ?? (own?.["merges"] === undefined ? null : "BPE");
    if (type !== "BPE") {
      const cure =
        '`"tokenizer_class": "PreTrainedTokenizerFast"` in tokenizer_config.json takes tokenizer.json as it is';
      refuse(`its class is ${className}, which has a BPE model, and tokenizer.json has ${shown(type)}; ${cure}`);
    }
    const { vocab = null, merges = null } = own ?? {};
    parts = { ...brought.parts, model: { type: "BPE", vocab, merges, ...brought.model } };
  }
  return {
    definition: { ...definition, ...parts, added_tokens: addedTokens(definition, config, brought, names) },
    className,
    names,
    before: brought?.around?.before ?? null,
    replaced: brought === null ? [] : replacedParts(definition, brought),
  };
}

/** What tokenizer.json says otherwise; options that change no ids are left out of the comparison. */
function replacedParts(definition: JsonObject, { parts, around }: TokenizerClass): readonly string[] {
  const plainOf = (value: Json | undefined): string =>
    JSON.stringify(value ?? null, (name, part: Json) => (name === "trim_offsets" ? undefined : part))
      .replaceAll(',"use_regex":true', "")
      .replaceAll(/[{}]/g, "")
      .split(",")
      .sort()
      .join();
  const others = Object.keys(parts).filter((name) => plainOf(definition[name]) !== plainOf(parts[name]));
  const { before, after } = readPostProcessor(around === undefined ? null : definition["post_processor"]);
  const adds = around?.before.length === 0 && before.length + after.length > 0;
  return adds ? [...others, "post_processor"] : others;
}

/** Named special tokens: the seven that all classes have, and others that a class or tokenizer_config.json names. */
function specialNames(config: JsonObject, brought: TokenizerClass | null): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const others = Object.keys(config).filter(
    (name) => name.endsWith("_token") && typeof config[name] === "string" && !name.startsWith("add_"),
  );
  for (const name of [...attributes, ...Object.keys(brought?.names ?? {}), ...others]) {
    const stated = config[name] === undefined ? brought?.names[name] : nameOf(config, name);
    if (stated != null) names.set(name, stated);
  }
  return names;
}

/** One added token as tokenizer.json writes it. Without an id: it gets one. */
type Token = JsonObject;

const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true } as const;

/** All added tokens in the order in which they get ids. */
function addedTokens(
  definition: JsonObject,
  config: JsonObject,
  brought: TokenizerClass | null,
  names: ReadonlyMap<string, string>,
): readonly Json[] {
  const listed = definition["added_tokens"] ?? [];
  if (!Array.isArray(listed)) return refuse("`added_tokens` is no list");
  const inFile = listed as readonly Json[];
  const decoded = decodedTokens(config["added_tokens_decoder"]);
  const idOf = (token: Json): number => Number((token as Token | null)?.["id"]);
  // A class of its own begins without any tokens, and takes those of one list by their ids.
  const tokens: Json[] =
    brought === null ? [...inFile] : decoded.length > 0 ? [...decoded] : [...inFile].sort((a, b) => idOf(a) - idOf(b));
  const contentOf = (token: Json): string => nameOf({ token }, "token") ?? "";
  const known = new Set(tokens.map(contentOf));
  const add = (token: Token): void => {
    tokens.push(token);
    known.add(contentOf(token));
  };
  for (const token of brought === null ? decoded : []) {
    // The options of tokenizer_config.json take the place of those in tokenizer.json.
    const same = inFile.some((other) => sameToken(other as Token, token));
    if (!same) add(token);
  }
  const named = [...names.entries()].map(([name, content]) => namedToken(config[name], content));
  const extra = config["additional_special_tokens"] ?? config["extra_special_tokens"] ?? [];
  const more = (Array.isArray(extra) ? (extra as readonly Json[]) : Object.values(extra)).map((token: Json) =>
    namedToken(token, typeof token === "string" ? token : contentOf(token)),
  );
  for (const token of [...named, ...more]) if (!known.has(contentOf(token))) add(token);
  if (brought?.plainSpecials === true) for (const content of names.values()) add({ content, ...plain });
  return tokens;
}

/** A special token that no list has: by its options where tokenizer_config.json gives them. */
function namedToken(value: Json | undefined, content: string): Token {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { content, ...plain };
  return optionsOf(value as JsonObject, content);
}

function optionsOf(value: JsonObject, content: string): Token {
  const is = (name: string, byDefault: boolean): boolean => (value[name] ?? byDefault) === true;
  return {
    content,
    single_word: is("single_word", false),
    lstrip: is("lstrip", false),
    rstrip: is("rstrip", false),
    normalized: is("normalized", !is("special", false)),
    special: is("special", false) || value["__type"] === "AddedToken",
  };
}

/** `added_tokens_decoder`: tokens by their ids, in the order of these. */
function decodedTokens(value: Json | undefined): readonly Token[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== "object" || Array.isArray(value)) return refuse("`added_tokens_decoder` is no object");
  return Object.entries(value as JsonObject)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([id, token]) => {
      const content = nameOf({ token }, "token") ?? "";
      return { id: Number(id), ...optionsOf(token as JsonObject, content) };
    });
}

function sameToken(a: Token, b: Token): boolean {
  return ["content", "single_word", "lstrip", "rstrip", "normalized", "special"].every((name) => a[name] === b[name]);
}
