/** The JSON of model files, which other programs wrote: what is no JSON, or says two things, is told in words. */
import type { Json } from "../../compiler/base/digest.js";
import type { Outcome } from "./outcome.js";

export type JsonObject = Readonly<Record<string, Json>>;

/** No file of a model nests deeper than some ten levels; what walks through a value may use the stack for each. */
const deepest = 100;

/** The object that a JSON text is. */
export function parseModelJson(text: string): Outcome<JsonObject> {
  if (text.startsWith("\uFEFF")) return { ok: false, reason: "it begins with a byte order mark, which JSON has not" };
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    return { ok: false, reason: syntaxReason(text, error) };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, reason: "it is not an object" };
  }
  if (isDeeperThan(value, deepest)) return { ok: false, reason: `it is nested more than ${deepest} levels deep` };
  return { ok: true, value: value as JsonObject };
}

/** The first key that an object of a JSON text has twice, at any depth; null when there is none. */
export function repeatedKey(text: string): string | null {
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "{") open.push(new Set());
    else if (character === "[") open.push(null);
    else if (character === "}" || character === "]") open.pop();
    if (character !== '"') continue;
    // Strings whole, so that brackets in them are not seen.
    const end = stringEnd(text, at);
    let next = end;
    while (" \n\r\t".includes(text[next] ?? "x")) next++;
    if (text[next] === ":") {
      const key = JSON.parse(text.slice(at, end)) as string;
      const keys = open.at(-1);
      if (keys?.has(key) === true) return key;
      keys?.add(key);
    }
    at = end - 1;
  }
  return null;
}

/** Where the string that begins here ends. A regex would need a place on the stack for every escape in it. */
function stringEnd(text: string, from: number): number {
  for (let quote = text.indexOf('"', from + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let slashes = 0;
    while (text[quote - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return quote + 1;
  }
  return text.length;
}

/** A JSON text without what is in its strings. */
function outsideStrings(text: string): string {
  const parts: string[] = [];
  let from = 0;
  for (let quote = text.indexOf('"'); quote >= 0; quote = text.indexOf('"', from)) {
    parts.push(text.slice(from, quote));
    from = stringEnd(text, quote);
  }
  return [...parts, text.slice(from)].join('""');
}

/** Python writes numbers that JSON does not have. */
function syntaxReason(text: string, error: unknown): string {
  const number = /[:,[]\s*(-?(?:NaN|Infinity))\b/.exec(outsideStrings(text))?.[1];
  if (number !== undefined) return `it holds ${number}, which Python writes and JSON does not have`;
  return error instanceof Error ? error.message : String(error);
}

/** Whether a value has more levels than that; level by level, because the stack would not hold one that has. */
function isDeeperThan(value: Json, most: number): boolean {
  let level: readonly Json[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true;
    level = level.flatMap((item) =>
      typeof item === "object" && item !== null ? (Object.values(item) as readonly Json[]) : [],
    );
  }
  return false;
}
