/**
 * Texts as token ids, as Hugging Face's tokenizers library reads them: added tokens are found, what is between them is
 * normalized and split, and the model reads the pieces.
 *
 * @source Hugging Face tokenizers 0.23, which the fixtures in test/fixtures/tokenizers come from
 */
import type { Json } from "../../../compiler/base/digest.js";
import { readAddedTokens, sectionsOf, type AddedToken } from "./added-tokens.js";
import { bpe, bpeFields } from "./bpe.js";
import { once } from "./character-sets.js";
import type { JsonObject } from "../model-json.js";
import { fieldsOf, refuse, shown, type Fields } from "./fields.js";
import type { TokenModel } from "./model.js";
import { readNormalizer } from "./normalizers.js";
import { hasKnownPatterns } from "./patterns.js";
import { readPreTokenizer } from "./pre-tokenizers.js";
import { unigram, unigramFields } from "./unigram.js";
import { wordLevel, wordPiece } from "./word-models.js";

/** The ids of a text, and where in the text the characters are that each stands for, in UTF-16 units. */
export interface Encoding {
  readonly ids: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** A tokenizer without what is put around texts. */
export interface Encoder {
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly added: readonly AddedToken[];
  /** Ids of a text of whole characters. Throws an error with a reason where the model has no token for what stands there. */
  encode(text: string): Encoding;
}

const parts = [
  "version",
  "truncation",
  "padding",
  "added_tokens",
  "normalizer",
  "pre_tokenizer",
  "post_processor",
  "decoder",
  "model",
] as const;

/** An encoder from tokenizer.json. Throws an error with the reason where it has something that is not known here. */
export function readEncoder(definition: JsonObject): Encoder {
  fieldsOf(definition, "tokenizer.json", parts);
  const version = definition["version"] ?? "1.0";
  if (version !== "1.0") refuse(`its version is ${shown(version)}`);
  const model = readModel(definition["model"]);
  const added = readAddedTokens(definition["added_tokens"], model.vocabulary);
  const normalizer = readNormalizer(definition["normalizer"]);
  const sections = once(() => sectionsOf(added, normalizer));
  // Added tokens are normalized here, unless a regex that may not end would do it.
  if (hasKnownPatterns(definition)) sections();
  const preTokenize = readPreTokenizer(definition["pre_tokenizer"]);
  return {
    vocabulary: model.vocabulary,
    added,
    encode(text) {
      const ids: number[] = [];
      const starts: number[] = [];
      const ends: number[] = [];
      for (const section of sections()(text)) {
        const whole = section.text;
        if (section.id !== null) {
          ids.push(section.id);
          starts.push(whole.starts[0] ?? 0);
          ends.push(whole.ends.at(-1) ?? 0);
          continue;
        }
        const { text: split, cuts } = preTokenize({ text: whole, cuts: [0, whole.text.length] });
        for (let i = 0; i < cuts.length; i += 2) {
          const from = cuts[i] ?? 0;
          const tokens = model.tokenize(split.text.slice(from, cuts[i + 1]));
          for (let j = 0; j < tokens.ids.length; j++) {
            ids.push(tokens.ids[j] ?? 0);
            starts.push(split.starts[from + (tokens.starts[j] ?? 0)] ?? 0);
            ends.push(split.ends[from + (tokens.ends[j] ?? 0) - 1] ?? 0);
          }
        }
      }
      return { ids, starts, ends };
    },
  };
}

const models: ReadonlyMap<string, (fields: Fields) => TokenModel> = new Map([
  ["BPE", bpe],
  ["Unigram", unigram],
  ["WordLevel", wordLevel],
  ["WordPiece", wordPiece],
]);

const modelFields: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["BPE", bpeFields],
  ["Unigram", unigramFields],
  ["WordLevel", ["vocab", "unk_token"]],
  ["WordPiece", ["vocab", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word"]],
]);

function readModel(value: Json | undefined): TokenModel {
  const { of } = fieldsOf(value, "`model`");
  const type = of["type"] ?? untypedModel(of);
  const name = typeof type === "string" ? type : "";
  const read = models.get(name) ?? refuse(`its model is of the type ${shown(type)}`);
  return read(fieldsOf(value, `the model ${name}`, modelFields.get(name)));
}

/** Older files do not name the type: the fields tell. @source tokenizers 0.23, models/mod.rs: ModelUntagged */
function untypedModel(of: JsonObject): string {
  if (of["merges"] !== undefined) return "BPE";
  if (of["max_input_chars_per_word"] !== undefined) return "WordPiece";
  return Array.isArray(of["vocab"]) ? "Unigram" : "WordLevel";
}
