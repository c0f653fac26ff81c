/** Texts that Vega or SVG takes for something else wherever they stand in a specification, also as a name or a level. */
import { printableCharacter } from "../../compiler/base/printable.js";

/**
 * Vega 6 looks strings of its expressions up in plain objects, so that a group called `constructor` becomes a variable; it
 * refuses such names as titles of tooltips, and finds nothing under `__proto__`.
 */
export const reservedWords: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  "if",
  "then",
]);

/** Characters that no XML can hold, and therefore no SVG. */
const notInXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Cs}]/gu;
/** Marks of direction: text behind them would be read in another order, also that of other names. */
const directions = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * The same specification with a blank behind each text that is one of these words, which nobody sees and nothing takes for
 * the word. A text that is such a word with blanks gets one too, so that different texts stay different. What SVG cannot
 * hold is written as an escape. Keys stay as they are: names of fields are not such words to begin with.
 */
export function safeSpecification<T>(spec: T): T {
  return replaced(spec) as T;
}

function textFor(text: string): string {
  if (reservedWords.has(text.replace(/ +$/, ""))) return `${text} `;
  const shown = (character: string): string => printableCharacter(character, "");
  return text.replace(notInXml, shown).replace(directions, shown);
}

function replaced(value: unknown): unknown {
  if (typeof value === "string") return textFor(value);
  if (Array.isArray(value)) return value.map(replaced);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaced(inner)]));
}
