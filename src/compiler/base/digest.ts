import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** A JSON value: what every value between stages is made of. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Text form of a JSON value with sorted keys and no white space, so that equal values have equal text. Numbers that
 * JSON cannot hold (NaN, infinities) are rejected: they would silently become `null`. Keys whose value is `undefined`
 * are left out, as JSON.stringify does.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new RangeError(`canonicalJson: ${value} is not a JSON number`);
    // JSON knows -0, and only JSON.stringify forgets it.
    return Object.is(value, -0) ? "-0" : JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    let text = "";
    for (const item of value as readonly unknown[]) text += `${text === "" ? "" : ","}${canonicalJson(item)}`;
    return `[${text}]`;
  }
  if (typeof value === "object") {
    // Loops instead of chains of arrays: checking asks for the text of every node of every expression.
    const record = value as Readonly<Record<string, unknown>>;
    let text = "";
    for (const key of Object.keys(record).sort()) {
      const part = record[key];
      if (part !== undefined) text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(part)}`;
    }
    return `{${text}}`;
  }
  throw new TypeError(`canonicalJson: a ${typeof value} is not JSON`);
}

/** SHA-256 of a text in UTF-8, in hexadecimal. */
export type TextHash = (text: string) => string;

let hashOfText: TextHash = (text) => bytesToHex(sha256(utf8ToBytes(text)));

/**
 * Has a host compute SHA-256 by its own means, which are several times as fast: the names of a large sweep's units are
 * digests of tens of megabytes. What comes out is the same for every text, or `hash` is no SHA-256.
 */
export function hashTextsWith(hash: TextHash): void {
  hashOfText = hash;
}

/** SHA-256 of the canonical JSON text, in hexadecimal. */
export function digestOf(value: unknown): string {
  return digestOfText(canonicalJson(value));
}

/** {@link digestOf} of a value whose canonical JSON text is at hand. */
export function digestOfText(text: string): string {
  return hashOfText(text);
}
