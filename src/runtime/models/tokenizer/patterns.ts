/** Regexes in the files of tokenizers: which of them are known, so that they end and that texts can be cut around them. */
import type { Json } from "../../../compiler/base/digest.js";
import type { JsonObject } from "../model-json.js";
import { gpt2Pattern } from "./pre-tokenizers.js";
import { spellingOf } from "./spelling.js";
import { qwenPattern } from "./auto-classes.js";

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const o200kWords = (end: string): string =>
  `[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+${end}|` +
  `[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*${end}`;
const rest = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** Llama 3, and cl100k of OpenAI in one of its forms. */
export const cl100kPattern = qwenPattern.replace("\\p{N}|", "\\p{N}{1,3}|");

/** gpt-oss and Llama 4: o200k of OpenAI. */
export const o200kPattern = `${o200kWords(`${contractions}?`)}|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${rest}`;

/** Mistral's tekken. */
export const tekkenPattern = `${o200kWords("")}|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${rest}`;

/** Patterns of widely used tokenizers. Each takes a time that grows with the text and not with its square. */
const known: ReadonlySet<string> = new Set([
  gpt2Pattern,
  qwenPattern,
  // cl100k in both of its forms.
  cl100kPattern,
  `${contractions}|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+`,
  o200kPattern,
  tekkenPattern,
  // DeepSeek, Falcon, BLOOM.
  "\\p{N}{1,3}",
  "[一-龥\u3040-ゟ゠-ヿ]+",
  "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|" +
    rest,
  "[0-9][0-9][0-9]",
  " ?[^(\\s|[.,!?…。，、।۔،])]+",
  " {2,}",
]);

/** Every regex in the parts that read texts. */
function patternsOf(definition: JsonObject): readonly string[] {
  const found: string[] = [];
  // A stack of its own: files may be nested deeper than calls.
  const left: Json[] = [definition["normalizer"] ?? null, definition["pre_tokenizer"] ?? null];
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (typeof value !== "object" || value === null) continue;
    for (const [name, part] of Object.entries(value as JsonObject)) {
      if (name === "Regex" && typeof part === "string") found.push(part);
      else left.push(part);
    }
  }
  return found;
}

/** Whether all regexes are known ones. Others may never end, and are matched where they can be stopped. */
export function hasKnownPatterns(definition: JsonObject): boolean {
  return patternsOf(definition).every((pattern) => known.has(pattern));
}

/** A letter or digit, or part of one, and white space behind it. */
const reachesOver = /[\p{L}\p{N}\p{M}\uFFFD][\s▁]/u;

/**
 * Whether a text can be cut between a letter and white space, so that both parts are read as they are in the whole: no token
 * reaches over such a place, and nothing before it depends on what comes behind.
 */
export function cutsBetweenWords(definition: JsonObject, tokens: Iterable<string>): boolean {
  const { type } = (definition["model"] ?? {}) as JsonObject;
  if (type !== "BPE" || !hasKnownPatterns(definition)) return false;
  if (JSON.stringify(definition["pre_tokenizer"] ?? null).includes('"FixedLength"')) return false;
  const spelling = spellingOf(definition);
  for (const token of tokens) {
    const bytes = spelling(token);
    if (reachesOver.test(token) || (bytes !== null && reachesOver.test(new TextDecoder().decode(bytes)))) return false;
  }
  return true;
}
