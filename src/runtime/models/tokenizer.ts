import type { Json } from "../../compiler/base/digest.js";
import type { TokenizerFacts } from "../../compiler/models/model.js";
import { HubTokenizer } from "./hub-tokenizer.js";
import type { Outcome } from "./safetensors-header.js";

/** Text ↔ token ids of one model. */
export interface Tokenizer {
  readonly facts: TokenizerFacts;
  /** The Jinja template that makes a text of a conversation, or why there is none. */
  readonly chatTemplate: Outcome<string>;
  /** Texts of special tokens by the names that templates call them by, such as `bos_token`. */
  readonly specialTexts: Readonly<Record<string, string>>;
  /**
   * Ids of a text; with `bos`, BOS comes first, once, even when the text itself spells it out. Lone surrogates become
   * U+FFFD first (the tokenizers differ on them). An empty text has no ids of its own. `bos` defaults to the model's
   * own convention and needs `facts.bosTokenId`.
   */
  encode(text: string, bos?: boolean): readonly number[];
  /** Text of ids, special tokens included. */
  decode(ids: readonly number[]): string;
  /** One token as a reader wants to see it: ` the`, `\n`; U+FFFD for bytes that are no whole character. */
  decodeToken(id: number): string;
  /**
   * What each of the ids of a text stands for; together they are the text, with the space that some tokenizers put
   * before it. A character of several tokens belongs to the last of them, and the others have nothing.
   */
  pieces(ids: readonly number[]): readonly string[];
  /**
   * UTF-8 bytes that a token stands for; 0 for special tokens, null where the tokenizer's kind gives no reliable
   * answer. With a tokenizer that puts a space before every text, the first token counts that space too.
   */
  byteLength(id: number): number | null;
}

type JsonObject = Readonly<Record<string, Json>>;

/** How a vocabulary spells bytes. */
type Spelling = "byte-level" | "sentence-piece" | "unknown";

/**
 * A tokenizer from tokenizer.json and tokenizer_config.json, parsed. What cannot be used is a reason. `digestOf` hashes a
 * JSON value, by whatever the host hashes fastest with.
 */
export function createTokenizer(
  definition: JsonObject,
  config: JsonObject,
  digestOf: (value: Json) => string,
): Outcome<Tokenizer> {
  // Taken first: the library may change what it is given.
  const digest = digestOf([definition, config]);
  let inner: HubTokenizer;
  let vocabulary: Map<string, number>;
  try {
    inner = new HubTokenizer(definition, config);
    vocabulary = inner.get_vocab(true);
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
  if (vocabulary.size === 0) return { ok: false, reason: "its vocabulary is empty" };
  const added = inner.get_added_tokens_decoder();
  const special = new Set([...added.entries()].filter(([, token]) => token.special).map(([id]) => id));
  const template = templateStart(definition);
  const bosToken = tokenText(config["bos_token"]) ?? template;
  const bosTokenId = bosToken === null ? null : (inner.token_to_id(bosToken) ?? vocabulary.get(bosToken) ?? null);
  let size = 0;
  for (const id of vocabulary.values()) size = Math.max(size, id + 1);
  const facts: TokenizerFacts = {
    size,
    bosToken,
    bosTokenId,
    addsBos: bosTokenId !== null && addsBos(config, template),
    specialTokenIds: [...special].sort((a, b) => a - b),
    digest,
  };
  const spelling = spellingOf(definition);

  function tokenBytes(id: number): Uint8Array | null {
    const token = inner.id_to_token(id);
    if (token === undefined) return new Uint8Array();
    if (added.has(id)) return new TextEncoder().encode(added.get(id)?.content ?? token);
    if (spelling === "byte-level") return bytesOfByteLevel(token);
    if (spelling === "sentence-piece") return bytesOfSentencePiece(token);
    return null;
  }

  const tokenizer: Tokenizer = {
    facts,
    chatTemplate: chatTemplateOf(config["chat_template"]),
    specialTexts: Object.fromEntries(
      specialNames.flatMap((name) => {
        const text = tokenText(config[name]);
        return text === null ? [] : [[name, text]];
      }),
    ),
    encode(text, bos = facts.addsBos) {
      // What String.prototype.toWellFormed does, which the language level of this project lacks.
      const wellFormed = text.replace(/\p{Surrogate}/gu, "\uFFFD");
      const ids = wellFormed === "" ? [] : inner.encode(wellFormed, { add_special_tokens: false }).ids;
      if (!bos || facts.bosTokenId === null || ids[0] === facts.bosTokenId) return ids;
      return [facts.bosTokenId, ...ids];
    },
    decode(ids) {
      // The library throws on an empty list.
      if (ids.length === 0) return "";
      return inner.decode([...ids], { skip_special_tokens: false, clean_up_tokenization_spaces: false });
    },
    decodeToken(id) {
      const bytes = tokenBytes(id);
      return bytes === null ? tokenizer.decode([id]) : new TextDecoder().decode(bytes);
    },
    pieces(ids) {
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      return ids.map((id, i) => {
        const bytes = tokenBytes(id);
        if (bytes !== null) return decoder.decode(bytes, { stream: true });
        // A vocabulary of another kind: what the token adds to the one before it.
        const before = ids.slice(Math.max(0, i - 1), i);
        const start = tokenizer.decode(before);
        const both = tokenizer.decode([...before, id]);
        return both.startsWith(start) ? both.slice(start.length) : tokenizer.decode([id]);
      });
    },
    byteLength(id) {
      if (special.has(id)) return 0;
      return tokenBytes(id)?.length ?? null;
    },
  };
  return { ok: true, value: tokenizer };
}

/** Special tokens that templates may name. */
const specialNames = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/** `chat_template` of tokenizer_config.json: a template, or several of which the one called `default` is taken. */
function chatTemplateOf(value: Json | undefined): Outcome<string> {
  if (typeof value === "string") return { ok: true, value };
  if (value === undefined || value === null) {
    return { ok: false, reason: "there is none in tokenizer_config.json, and no chat_template.jinja" };
  }
  if (!Array.isArray(value)) return { ok: false, reason: "`chat_template` in tokenizer_config.json is no text" };
  const named = (value as readonly Json[]).map(asObject).find((one) => one?.["name"] === "default");
  if (named == null) {
    return {
      ok: false,
      reason: "`chat_template` in tokenizer_config.json is a list without one that is called default",
    };
  }
  const template = named["template"];
  return typeof template === "string"
    ? { ok: true, value: template }
    : { ok: false, reason: "the template called default in tokenizer_config.json is no text" };
}

/** Token text in tokenizer_config.json: a string, or an object with `content`. */
function tokenText(value: Json | undefined): string | null {
  if (typeof value === "string") return value;
  const content = asObject(value)?.["content"];
  return typeof content === "string" ? content : null;
}

function asObject(value: Json | undefined): JsonObject | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

/** Classes whose fast tokenizers add BOS when neither the config nor the post-processor says anything. */
const addsBosByDefault = new Set(["LlamaTokenizer", "LlamaTokenizerFast", "CodeLlamaTokenizer", "GemmaTokenizer"]);

/**
 * Whether texts start with BOS: tokenizer_config.json's `add_bos_token` when it is there, else whether the
 * post-processor puts the token first (as Llama 3's does), else the habit of the tokenizer's class.
 */
function addsBos(config: JsonObject, template: string | null): boolean {
  const stated = config["add_bos_token"];
  if (typeof stated === "boolean") return stated;
  if (template !== null) return template === (tokenText(config["bos_token"]) ?? template);
  return typeof config["tokenizer_class"] === "string" && addsBosByDefault.has(config["tokenizer_class"]);
}

/** The special token that the post-processor puts before a single text; null when it puts none. */
function templateStart(definition: JsonObject): string | null {
  const processor = asObject(definition["post_processor"]);
  const processors = Array.isArray(processor?.["processors"]) ? (processor["processors"] as Json[]) : [processor];
  for (const candidate of processors) {
    const single = asObject(candidate)?.["single"];
    if (!Array.isArray(single)) continue;
    const first = asObject(asObject(single[0] as Json)?.["SpecialToken"]);
    if (typeof first?.["id"] === "string") return first["id"];
  }
  return null;
}

/** Finds out from the decoder how the vocabulary spells bytes. */
function spellingOf(definition: JsonObject): Spelling {
  const decoder = asObject(definition["decoder"]);
  if (decoder === null) return "unknown";
  const steps = Array.isArray(decoder["decoders"]) ? (decoder["decoders"] as Json[]).map(asObject) : [decoder];
  if (steps.some((step) => step?.["type"] === "ByteLevel")) return "byte-level";
  const spaces = steps.some(
    (step) => step?.["type"] === "Metaspace" || (step?.["type"] === "Replace" && JSON.stringify(step).includes("▁")),
  );
  return spaces ? "sentence-piece" : "unknown";
}

/** GPT-2's table: bytes that print as themselves, and the others from U+0100 on. @source openai/gpt-2 src/encoder.py */
const byteOfCharacter: ReadonlyMap<string, number> = (() => {
  const table = new Map<string, number>();
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const prints = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    table.set(String.fromCodePoint(prints ? byte : next++), byte);
  }
  return table;
})();

function bytesOfByteLevel(token: string): Uint8Array | null {
  const bytes = Array.from(token, (character) => byteOfCharacter.get(character));
  return bytes.every((byte) => byte !== undefined) ? Uint8Array.from(bytes) : null;
}

function bytesOfSentencePiece(token: string): Uint8Array {
  const byte = /^<0x([0-9A-F]{2})>$/i.exec(token)?.[1];
  if (byte !== undefined) return Uint8Array.of(Number.parseInt(byte, 16));
  return new TextEncoder().encode(token.replaceAll("▁", " "));
}
