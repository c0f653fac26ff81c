/** What the text of a literal means: numbers, places, strings. Pure functions of the text. */
import type { IndexRange, PlaceLiteral } from "./ast.js";

/** `100k` is 100000; NaN for text that is not a number, which only an error token can have. */
export function numberValue(text: string): number {
  return text.endsWith("k") ? Number(text.slice(0, -1)) * 1000 : Number(text);
}

/** A place's parts from its text, as the token table writes places; every layer when the text is not a place. */
export function placeParts(text: string): Pick<PlaceLiteral, "layers" | "unit" | "units"> {
  const match = /^L(.+?)(?:\.([HN])(.+))?$/.exec(text);
  const unit = match?.[2] === "H" ? "head" : match?.[2] === "N" ? "neuron" : "none";
  return { layers: indexRange(match?.[1] ?? "*"), unit, units: indexRange(match?.[3] ?? "*") };
}

function indexRange(text: string): IndexRange {
  if (text === "*") return { kind: "all" };
  if (text.endsWith("%")) return { kind: "depth", percent: Number(text.slice(0, -1)) };
  const [first, last] = text.split("..");
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
  const escaped = value.replace(/["\\\n\t\r]/g, (character) => {
    const name = Object.entries(escapes).find(([, plain]) => plain === character)?.[0] ?? character;
    return `\\${name}`;
  });
  return `"${escaped}"`;
}
