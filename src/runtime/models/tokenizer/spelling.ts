/** What tokens stand for by themselves, without a text: the bytes that a vocabulary spells. */
import type { Json } from "../../../compiler/base/digest.js";
import { bytesOfCharacters } from "./byte-characters.js";
import type { JsonObject } from "../model-json.js";

/** Bytes of a token; null where the kind of vocabulary gives no reliable answer. */
export type Spelling = (token: string) => Uint8Array | null;

const encoder = new TextEncoder();

/** How a vocabulary spells bytes, by the decoder of tokenizer.json or else by its pre-tokenizer. */
export function spellingOf(definition: JsonObject): Spelling {
  const decoders = stepsOf(definition["decoder"] ?? null, "decoders");
  const steps = decoders.length > 0 ? decoders : stepsOf(definition["pre_tokenizer"] ?? null, "pretokenizers");
  const named = (type: string): JsonObject | undefined => steps.find((step) => step["type"] === type);
  if (named("ByteLevel") !== undefined) return bytesOfCharacters;
  const wordPiece = named("WordPiece");
  if (wordPiece !== undefined) return (token) => encoder.encode(withoutPrefix(token, wordPiece["prefix"]));
  const suffix = named("BPEDecoder")?.["suffix"];
  if (typeof suffix === "string") return (token) => encoder.encode(token.replaceAll(suffix, " "));
  const spaces = steps.some((step) => step["type"] === "Metaspace" || JSON.stringify(step).includes("▁"));
  const bytes = ((definition["model"] ?? {}) as JsonObject)["byte_fallback"] === true;
  if (!spaces && !bytes) return () => null;
  return (token) => {
    const byte = /^<0x([0-9A-F]{2})>$/i.exec(token)?.[1];
    if (byte !== undefined) return Uint8Array.of(Number.parseInt(byte, 16));
    return encoder.encode(token.replaceAll("▁", " "));
  };
}

/** A word begins with a space, and the prefix of a word's later parts is left out. */
function withoutPrefix(token: string, prefix: Json | undefined): string {
  const start = typeof prefix === "string" ? prefix : "##";
  return token.startsWith(start) ? token.slice(start.length) : ` ${token}`;
}

/** The steps of a component that may be a sequence. */
function stepsOf(value: Json, inside: string): readonly JsonObject[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const { [inside]: steps } = value as JsonObject;
  return Array.isArray(steps) ? (steps as readonly JsonObject[]) : [value as JsonObject];
}
