/**
 * The files in which folders of earlier days name special tokens and further tokens. transformers reads them where
 * tokenizer_config.json has no `added_tokens_decoder`.
 *
 * @source Hugging Face transformers 5.24.0, tokenization_utils_base.py
 */
import type { Json } from "../../../compiler/base/digest.js";
import type { JsonObject } from "../model-json.js";
import { nameOf } from "./auto-classes.js";
import { refuse, shown } from "./fields.js";

/** tokenizer_config.json with the names of special_tokens_map.json, which come before its own. */
export function withSpecialTokensMap(config: JsonObject, map: JsonObject): JsonObject {
  if (config["added_tokens_decoder"] !== undefined) return config;
  const merged = new Map<string, Json>(Object.entries(config));
  for (const [name, value] of Object.entries(map)) {
    // The older name of a list was read as the newer one before this file is.
    const isListed = config["additional_special_tokens"] !== undefined || Array.isArray(config["extra_special_tokens"]);
    if (name === "additional_special_tokens" && isListed) continue;
    const own = config[name];
    if (name === "extra_special_tokens" && Array.isArray(value) && Array.isArray(own)) {
      merged.set(name, [...(own as readonly Json[]), ...(value as readonly Json[])]);
    } else merged.set(name, special(value));
  }
  return Object.fromEntries(merged);
}

/** A token with options is special here, whatever they say. */
function special(value: Json): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return { ...(value as JsonObject), special: true };
}

/** What added_tokens.json lists, `{"text": id}`, as entries of `added_tokens`. Those that the config names are special. */
export function tokensOfFile(file: JsonObject, config: JsonObject): readonly JsonObject[] {
  const extra = config["extra_special_tokens"] ?? config["additional_special_tokens"] ?? [];
  const named = Object.keys(config).filter((name) => name.endsWith("_token") && typeof config[name] !== "boolean");
  const specials = new Set([
    ...named.map((name) => nameOf(config, name)),
    ...(Array.isArray(extra) ? (extra as readonly Json[]) : []).map((token) => nameOf({ token }, "token")),
  ]);
  return Object.entries(file).map(([content, id]) => {
    if (typeof id !== "number") return refuse(`the id of ${shown(content)} in added_tokens.json is ${shown(id)}`);
    const isSpecial = specials.has(content);
    return {
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: !isSpecial,
      special: isSpecial,
    };
  });
}
