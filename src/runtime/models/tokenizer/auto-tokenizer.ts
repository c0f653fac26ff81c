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
import { tokensOfFile } from "./older-files.js";
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

/**
 * Reads the files. `model` is config.json, whose kind of model decides on the class where it knows better; `added` is
 * added_tokens.json.
 */
export function readAsAutoTokenizer(
  definition: JsonObject,
  config: JsonObject,
  model: JsonObject,
  added: JsonObject,
): AutoRead {
  if (config["split_special_tokens"] === true) refuse("`split_special_tokens` in tokenizer_config.json is true");
  if (config["fix_mistral_regex"] === true) refuse("`fix_mistral_regex` in tokenizer_config.json is true");
  const className = classOf(definition, config, model);
  const brought = className === backend ? null : broughtBy(className, config);
  const { names, values, extras } = specialNames(definition, config, brought);
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
    definition: {
      ...definition,
      ...parts,
      added_tokens: addedTokens(definition, config, brought, values, extras, added),
    },
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

/** Special tokens by their names, in the order in which those that are missing get ids, and such as have no name. */
interface Specials {
  readonly names: ReadonlyMap<string, string>;
  /** The names again, as the config writes them: a text, or an object with options. */
  readonly values: ReadonlyMap<string, Json>;
  readonly extras: readonly Json[];
}

/** The seven names that all classes have, and others that a class or tokenizer_config.json gives. */
function specialNames(definition: JsonObject, config: JsonObject, brought: TokenizerClass | null): Specials {
  const values = new Map<string, Json>();
  const { extra_special_tokens: stated, additional_special_tokens: older } = config;
  // An empty list or object gives way to the older name; one with tokens does not.
  const isStated = typeof stated === "object" && stated !== null && Object.keys(stated).length > 0;
  const byName = isStated && !Array.isArray(stated) ? Object.entries(stated as JsonObject) : [];
  const extras = isStated && Array.isArray(stated) ? stated : Array.isArray(older) ? older : [];
  const others = Object.keys(config).filter(
    (name) => name.endsWith("_token") && typeof config[name] !== "boolean" && !name.startsWith("add_"),
  );
  for (const name of [...attributes, ...Object.keys(brought?.names ?? {}), ...others]) {
    const value = config[name] === undefined ? brought?.names[name] : config[name];
    if (value != null) values.set(name, value);
  }
  const padding = definition["padding"] as JsonObject | null | undefined;
  if (config["pad_token"] === undefined && (brought === null || brought.padsByFile === true)) {
    const name = padding == null ? null : nameOf(padding, "pad_token");
    if (name !== null) values.set("pad_token", name);
  }
  for (const [name, value] of byName) values.set(name, value);
  const order = [...attributes, ...values.keys()].filter((name) => values.has(name));
  const sorted = new Map(order.map((name) => [name, values.get(name) ?? null]));
  const names = new Map(order.map((name) => [name, nameOf(Object.fromEntries(sorted), name) ?? ""]));
  return { names, values: sorted, extras };
}

/** One added token as tokenizer.json writes it. Without an id: it gets one. */
type Token = JsonObject;

const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true } as const;

/** All added tokens in the order in which they get ids. */
function addedTokens(
  definition: JsonObject,
  config: JsonObject,
  brought: TokenizerClass | null,
  names: ReadonlyMap<string, Json>,
  extras: readonly Json[],
  added: JsonObject,
): readonly Json[] {
  const listed = definition["added_tokens"] ?? [];
  if (!Array.isArray(listed)) return refuse("`added_tokens` is no list");
  const inFile = listed as readonly Json[];
  const idOf = (token: Json): number => Number((token as Token | null)?.["id"]);
  const older = config["added_tokens_decoder"] === undefined ? tokensOfFile(added, config) : [];
  // By their ids, for which tokenizer.json has the last word.
  const byId = new Map<number, Token>([...older, ...(inFile as readonly Token[])].map((token) => [idOf(token), token]));
  const sorted = [...byId.values()].sort((a, b) => idOf(a) - idOf(b));
  const decoded = older.length > 0 ? sorted : decodedTokens(config["added_tokens_decoder"]);
  // A class of its own begins without any tokens, and takes those of one list by their ids.
  const tokens: Json[] = brought === null ? [...inFile] : decoded.length > 0 ? [...decoded] : [...sorted];
  const contentOf = (token: Json): string => nameOf({ token }, "token") ?? "";
  const listedFirst = new Set(tokens.map(contentOf));
  const known = new Set(listedFirst);
  const add = (token: Token): void => {
    tokens.push(token);
    known.add(contentOf(token));
  };
  for (const token of brought === null ? decoded : []) {
    // The options of tokenizer_config.json take the place of those in tokenizer.json.
    const same = inFile.some((other) => sameToken(other as Token, token));
    if (!same) add(token);
  }
  const specials = [...names.values(), ...extras];
  // One that is named twice, as a text and with options, is added twice: the last one counts.
  const formOf = (value: Json): string => `${typeof value} ${contentOf(value)}`;
  const missing = new Map(
    specials.filter((value) => !known.has(contentOf(value))).map((value) => [formOf(value), value]),
  );
  for (const value of missing.values()) add(namedToken(value));
  if (brought?.addsSpecials === "plainly") for (const value of specials) add({ content: contentOf(value), ...plain });
  if (brought?.addsSpecials === "as stated") {
    // A token that a list has keeps its options where the config names it, and not where the class does.
    const kept = [...names].filter(([name, value]) => config[name] === undefined || !listedFirst.has(contentOf(value)));
    for (const value of [...kept.map(([, own]) => own), ...extras]) add(namedToken(value));
  }
  return tokens;
}

/** A special token that no list has: by its options where tokenizer_config.json gives them. */
function namedToken(value: Json): Token {
  const content = nameOf({ token: value }, "token") ?? "";
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
