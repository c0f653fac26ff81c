/** What the text of a literal means: numbers, places, strings. Pure functions of the text. */
import { unitOfLetter } from "../base/place-units.js";
import type { IndexRange, PlaceLiteral } from "./ast.js";

/** `100k` is 100000; NaN for text that is not a number, which only an error token can have. */
export function numberValue(text: string): number {
  if (!text.endsWith("k")) return Number(text);
  // Moving the exponent rounds once; a product would round the number first and then again.
  const [mantissa = "", exponent = "0"] = text.slice(0, -1).split(/e/i);
  return Number(`${mantissa}e${Number(exponent) + 3}`);
}

/** The smallest number above 0 that keeps all its digits. */
export const smallestNumber = 2 ** -1022;

/** Why a number does not mean what is written: it has no finite value, or another one. */
export type NumberFault = "too large" | "too small" | "inexact";

/**
 * What is wrong with the number that `text` writes in decimal digits, where `value` is what reading it gave; null when
 * nothing is. Whole numbers in digits alone must be exact, because they count and name things; numbers with a point or an
 * exponent are rounded as everywhere.
 */
export function numberFault(text: string, value: number): NumberFault | null {
  if (!Number.isFinite(value)) return "too large";
  if (Math.abs(value) < smallestNumber && /[1-9]/.test(text.replace(/e.*$/i, ""))) return "too small";
  const whole = /^-?(\d+)(k?)$/.exec(text);
  if (whole === null || Number.isSafeInteger(value)) return null;
  const exact = BigInt(whole[1] ?? "0") * (whole[2] === "k" ? 1000n : 1n);
  return exact === BigInt(Math.abs(value)) ? null : "inexact";
}

/** A place's parts from its text, as the token table writes places; every layer when the text is not a place. */
export function placeParts(text: string): Pick<PlaceLiteral, "layers" | "unit" | "units"> {
  const match = /^L(.+?)(?:\.([HNE])(.+))?$/.exec(text);
  const unit = unitOfLetter(match?.[2]) ?? "none";
  return { layers: indexRange(match?.[1] ?? "*"), unit, units: indexRange(match?.[3] ?? "*") };
}

function indexRange(text: string): IndexRange {
  if (text === "*") return { kind: "all" };
  const [first, last] = text.split("..");
  if (text.endsWith("%")) {
    const [from = NaN, to = from] = [first, last].map((end) =>
      end === undefined ? undefined : Number(end.slice(0, -1)),
    );
    return { kind: "depth", first: from, last: to };
  }
  return last === undefined
    ? { kind: "one", index: Number(first) }
    : { kind: "range", first: Number(first), last: Number(last) };
}

/** An escape that a string does not have: its text and its offset in the literal. */
export interface BadEscape {
  readonly text: string;
  readonly offset: number;
}

const escapes: Readonly<Record<string, string>> = { '"': '"', "\\": "\\", n: "\n", t: "\t", r: "\r" };

/**
 * The text that a string literal stands for. Escapes: `\"`, `\\`, `\n`, `\t`, `\r`, `\u00e9`. A bad escape stands for
 * itself and is listed in `bad`. The closing mark may be missing.
 */
export function stringValue(literal: string): { value: string; bad: readonly BadEscape[] } {
  const bad: BadEscape[] = [];
  const closed = /^"(?:[^"\\]|\\.)*"$/.test(literal);
  const inner = literal.slice(1, closed ? -1 : undefined);
  const value = inner.replace(/\\(u[0-9a-fA-F]{4}|[^]|$)/g, (whole, escape: string, offset: number) => {
    if (escape.length === 5) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    const plain = escapes[escape];
    if (plain === undefined) bad.push({ text: whole, offset: offset + 1 });
    return plain ?? whole;
  });
  return { value, bad };
}

/** A string literal for `value`, in the shortest form that the lexer reads back as the same value. */
export function quote(value: string): string {
  return `"${inQuotes(value)}"`;
}

/** {@link quote} without the marks around it. */
export function inQuotes(value: string): string {
  return value.replace(/["\\\n\t\r]/g, (character) => {
    const name = Object.entries(escapes).find(([, plain]) => plain === character)?.[0] ?? character;
    return `\\${name}`;
  });
}
