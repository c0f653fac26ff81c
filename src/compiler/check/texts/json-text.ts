/** JSON as files of records have it, and what reading it would lose. */
import { numberFault, smallestNumber } from "../../syntax/literals.js";

/** What is wrong with a text, and in which of its lines. */
export interface JsonFault {
  readonly line: number;
  readonly problem: string;
}

/**
 * A JSON value, or what is wrong with the text. A key that an object has twice is a fault, and so is a text with half of a
 * surrogate pair, and a number that would become another one. Numbers inside objects and lists that lie more than `depth` deep are nobody's values and are let
 * through.
 */
export function parseJson(text: string, depth: number): { readonly value: unknown } | JsonFault {
  try {
    const value: unknown = JSON.parse(text);
    return lossIn(text, depth) ?? { value };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const position = Number(/position (\d+)/.exec(message)?.[1] ?? Number.NaN);
    const before = Number.isNaN(position) ? text.trimEnd() : text.slice(0, position);
    return { line: before.split("\n").length, problem: `not JSON: ${message}` };
  }
}

const jsonTokens = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[{}[\],:]/g;

/** The first thing that parsing loses of a text that is JSON: a number that would be another, or one of two equal keys. */
function lossIn(text: string, depth: number): JsonFault | null {
  const fault = (index: number, problem: string): JsonFault => ({
    line: text.slice(0, index).split("\n").length,
    problem,
  });
  /** Keys of each object that is open; null for a list. */
  const open: (Set<string> | null)[] = [];
  let isKey = false;
  let key = "";
  for (const { 0: token, index } of text.matchAll(jsonTokens)) {
    const keys = open.at(-1) ?? null;
    if (token === "{" || token === "[") {
      open.push(token === "{" ? new Set() : null);
      isKey = token === "{";
    } else if (token === "}" || token === "]") open.pop();
    else if (token === ":") isKey = false;
    else if (token === ",") isKey = keys !== null;
    else if (token.startsWith('"')) {
      // Half of a pair can only be written as an escape; what reads the text further on would put another character there.
      if (/\\u[dD][89abAB]|\\u[dD][c-fC-F]/.test(token) && /\p{Surrogate}/u.test(JSON.parse(token) as string)) {
        return fault(index, "a text has half of a surrogate pair, which is no character");
      }
      if (!isKey || keys === null) continue;
      const name = JSON.parse(token) as string;
      if (keys.has(name)) return fault(index, `an object has the field ${token} twice`);
      keys.add(name);
      key = token;
    } else if (open.length <= depth) {
      const problem = numberProblem(token, keys === null ? "" : key);
      if (problem !== null) return fault(index, problem);
    }
  }
  return null;
}

/** Why a number would be another one; null for one that is kept. */
function numberProblem(token: string, key: string): string | null {
  const fault = numberFault(token, Number(token));
  if (fault === null) return null;
  const shown = token.length > 24 ? `${token.slice(0, 20)}…` : token;
  const why = {
    "too large": `is too large: the largest is ${Number.MAX_VALUE}`,
    "too small": `is too small: the smallest above 0 is ${smallestNumber}`,
    inexact: `would become ${Number(token)}`,
  }[fault];
  return `the number ${shown}${key === "" ? "" : ` of ${key}`} ${why}; in quotes it is kept as text`;
}
