import type { Json } from "../../compiler/base/digest.js";
import type { TokenizerFacts } from "../../compiler/models/model.js";
import { spellsOut } from "../../compiler/models/beginnings.js";
import type { Outcome } from "./outcome.js";
import { readAsAutoTokenizer } from "./tokenizer/auto-tokenizer.js";
import { chatTemplateOf } from "./tokenizer/chat-template.js";
import { readEncoder, type Encoder, type Encoding } from "./tokenizer/encoder.js";
import type { JsonObject } from "./model-json.js";
import { cutsBetweenWords, hasKnownPatterns } from "./tokenizer/patterns.js";
import { piecesOf } from "./tokenizer/pieces.js";
import { readPostProcessor, type Around } from "./tokenizer/post-processor.js";
import { spellingOf } from "./tokenizer/spelling.js";

/** A text's ids, and the part of the text that each stands for. Together the pieces are the text. */
export interface ReadText {
  readonly ids: readonly number[];
  readonly pieces: readonly string[];
}

/** The files that a tokenizer is made from, parsed. */
export interface TokenizerFiles {
  readonly definition: JsonObject;
  readonly config: JsonObject;
  readonly model: JsonObject;
  readonly added: JsonObject;
}

/** Text ↔ token ids of one model. */
export interface Tokenizer {
  readonly facts: TokenizerFacts;
  /** The Jinja template that makes a text of a conversation, or why there is none. */
  readonly chatTemplate: Outcome<string>;
  /** Texts of special tokens by the names that templates call them by, such as `bos_token`. */
  readonly specialTexts: Readonly<Record<string, string>>;
  /**
   * The files, where a regex in them is none of the known ones: it may never end, so texts are read in a thread that can be
   * stopped. Null where all of them are known.
   */
  readonly doubtful: TokenizerFiles | null;
  /** Parts of tokenizer.json that say something else than the class that transformers takes, which counts. */
  readonly replaced: readonly string[];
  /** Whether a text can be cut between a letter and white space, and both parts are read as they are in the whole. */
  readonly cutsBetweenWords: boolean;
  /**
   * A text without special tokens around it. Lone surrogates become U+FFFD first. Throws an error with a reason where the
   * tokenizer has no token for what stands there.
   */
  read(text: string): ReadText;
  /**
   * Ids of a text; with `bos`, what begins texts comes first, once, even when the text itself spells it out. `bos` defaults
   * to what the tokenizer does by itself and needs `facts.bosTokenId` or `facts.before`.
   */
  encode(text: string, bos?: boolean): readonly number[];
  /** One token as a reader wants to see it: ` the`, `\n`; U+FFFD for bytes that are no whole character. */
  decodeToken(id: number): string;
  /**
   * What each of some ids stands for by itself, where there is no text. A character of several tokens belongs to the last of
   * them, and the others have nothing. Spaces that a tokenizer puts before texts are in it.
   */
  pieces(ids: readonly number[]): readonly string[];
  /** UTF-8 bytes that a token stands for; 0 for special tokens, null where its kind of vocabulary gives no reliable answer. */
  byteLength(id: number): number | null;
}

/**
 * A tokenizer from tokenizer.json and tokenizer_config.json, parsed, as transformers' AutoTokenizer reads them; `model` is
 * config.json, and `added` is added_tokens.json. What cannot be used is a reason. `digestOf` hashes a JSON value, by whatever the host hashes fastest with.
 */
export function createTokenizer(
  definition: JsonObject,
  config: JsonObject,
  digestOf: (value: Json) => string,
  model: JsonObject = {},
  added: JsonObject = {},
): Outcome<Tokenizer> {
  try {
    const auto = readAsAutoTokenizer(definition, config, model, added);
    const encoder = readEncoder(auto.definition);
    if (encoder.vocabulary.size === 0) return { ok: false, reason: "its vocabulary is empty" };
    const ids = new Map(encoder.vocabulary);
    for (const { content, id } of encoder.added) ids.set(content, id);
    const around = aroundTexts(auto.before, auto.definition, ids);
    const bosToken = auto.names.get("bos_token") ?? textOf(encoder, around.before[0]);
    const facts: TokenizerFacts = {
      size: idsInFile(encoder, definition),
      bosToken,
      bosTokenId: bosToken === null ? null : (ids.get(bosToken) ?? null),
      addsBos: around.before.length > 0,
      before: around.before,
      after: around.after,
      className: auto.className,
      specialTokenIds: encoder.added
        .filter(({ special }) => special)
        .map(({ id }) => id)
        .sort((a, b) => a - b),
      digest: digestOf([definition, config, ...(Object.keys(added).length > 0 ? [added] : [])]),
    };
    return {
      ok: true,
      value: {
        facts,
        chatTemplate: chatTemplateOf(config["chat_template"]),
        specialTexts: Object.fromEntries(auto.names),
        replaced: auto.replaced,
        doubtful: hasKnownPatterns(auto.definition) ? null : { definition, config, model, added },
        cutsBetweenWords: cutsBetweenWords(auto.definition, ids.keys()),
        ...reading(encoder, facts),
        ...spelled(auto.definition, encoder),
      },
    };
  } catch (error) {
    // What JavaScript says of calls in calls.
    if (error instanceof RangeError) return { ok: false, reason: "its parts are nested too deep" };
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The largest id + 1 of what tokenizer.json lists: a class may add names of its own, which models have no rows for. */
function idsInFile({ vocabulary, added }: Encoder, definition: JsonObject): number {
  const listed = (definition["added_tokens"] ?? []) as readonly JsonObject[];
  const contents = new Set(listed.map(({ content }) => content));
  const own = added.filter(({ content }) => contents.has(content)).map(({ id }) => id);
  return [...vocabulary.values(), ...own].reduce((size, id) => Math.max(size, id + 1), 0);
}

/** What is put around texts: by the class, else by the post-processor. */
function aroundTexts(
  before: readonly string[] | null,
  definition: JsonObject,
  ids: ReadonlyMap<string, number>,
): Around {
  if (before === null) return readPostProcessor(definition["post_processor"]);
  return { before: before.flatMap((token) => ids.get(token) ?? []), after: [] };
}

function textOf({ vocabulary, added }: Encoder, id: number | undefined): string | null {
  if (id === undefined) return null;
  const own = added.find((token) => token.id === id)?.content;
  return own ?? [...vocabulary].find(([, other]) => other === id)?.[0] ?? null;
}

function reading(encoder: Encoder, facts: TokenizerFacts): Pick<Tokenizer, "read" | "encode"> {
  const encode = (text: string): Encoding => {
    // What String.prototype.toWellFormed does, which the language level of this project lacks.
    const whole = text.replace(/\p{Surrogate}/gu, "\uFFFD");
    return whole === "" ? { ids: [], starts: [], ends: [] } : encoder.encode(whole);
  };
  return {
    read(text) {
      const encoding = encode(text);
      return { ids: encoding.ids, pieces: piecesOf(text, encoding) };
    },
    encode(text, bos = facts.addsBos) {
      const encoding = encode(text);
      const { ids } = encoding;
      const own = (facts.before ?? []).length > 0 ? (facts.before ?? []) : [facts.bosTokenId ?? []].flat();
      return bos && !spellsOut(own, { ids, pieces: piecesOf(text, encoding) }, facts) ? [...own, ...ids] : ids;
    },
  };
}

function spelled(
  definition: JsonObject,
  { vocabulary, added }: Encoder,
): Pick<Tokenizer, "decodeToken" | "pieces" | "byteLength"> {
  const spelling = spellingOf(definition);
  const tokens = new Map([...vocabulary].map(([token, id]) => [id, token]));
  const addedTexts = new Map(added.map(({ id, content }) => [id, content]));
  const special = new Set(added.filter((token) => token.special).map(({ id }) => id));
  const bytesOf = (id: number): Uint8Array | null => {
    const own = addedTexts.get(id);
    if (own !== undefined) return new TextEncoder().encode(own);
    const token = tokens.get(id);
    return token === undefined ? new Uint8Array() : spelling(token);
  };
  const shownBytes = (id: number): Uint8Array => bytesOf(id) ?? new TextEncoder().encode(tokens.get(id) ?? "");
  return {
    decodeToken: (id) => new TextDecoder().decode(shownBytes(id)),
    pieces(ids) {
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      return ids.map((id) => decoder.decode(shownBytes(id), { stream: true }));
    },
    byteLength: (id) => (special.has(id) ? 0 : (bytesOf(id)?.length ?? null)),
  };
}
