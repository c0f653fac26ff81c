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
  // Strings whole, so that brackets in them are not seen.
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[{}[\]]/gs)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token.endsWith(":")) {
      const key = JSON.parse(token.slice(0, -1)) as string;
      const keys = open.at(-1);
      if (keys?.has(key) === true) return key;
      keys?.add(key);
    }
  }
  return null;
}

/** Python writes numbers that JSON does not have. */
function syntaxReason(text: string, error: unknown): string {
  const outside = text.replace(/"(?:[^"\\]|\\.)*"/gs, '""');
  const number = /[:,[]\s*(-?(?:NaN|Infinity))\b/.exec(outside)?.[1];
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
