/** Tokens in words, for tables that show them. */
import type { Coordinates } from "../../compiler/ir/protocol.js";
import type { TableCell } from "./table-data.js";

/** A text as a model reads it. */
export interface TokenizedText {
  /** Its tokens in words, in order. */
  readonly pieces: readonly string[];
  /** Position of the first of them in results. */
  readonly first: number;
}

/** What a run knows of the texts behind its results. */
export interface TokenTexts {
  /**
   * The text that a place of an experiment's results belongs to; null where that is not one text (the results are
   * averages over texts) or the texts have no words (random probes).
   */
  readonly textAt: (experiment: string, place: Coordinates) => TokenizedText | null;
  /** The prompt of a place in words; null where that is not one prompt, or it has no words. */
  readonly promptAt: (experiment: string, place: Coordinates) => string | null;
  /** What an id stands for in the model of a place; null where several models read ids differently. */
  readonly tokenAt: (experiment: string, place: Coordinates, id: number) => string | null;
}

/** Whether an axis of measured values runs along the tokens of a text. */
export function isTokenAxis(axis: string): boolean {
  return axis === "position" || axis === "measured_position";
}

/** The text that all of several experiments have at a place; null where they differ: a difference belongs to neither. */
export function sharedText(
  tokens: TokenTexts,
  experiments: readonly string[],
  place: Coordinates,
): TokenizedText | null {
  const texts = experiments.map((experiment) => tokens.textAt(experiment, place));
  const [first] = texts;
  return first !== undefined && first !== null && texts.every((text) => text?.pieces === first.pieces) ? first : null;
}

/** The prompt that all of several experiments have at a place; null where they differ. */
export function sharedPrompt(tokens: TokenTexts, experiments: readonly string[], place: Coordinates): string | null {
  const prompts = new Set(experiments.map((experiment) => tokens.promptAt(experiment, place)));
  const [only] = prompts;
  return prompts.size === 1 ? (only ?? null) : null;
}

/** Nothing is known: ids stay ids, and tokens are shown without their text. */
export const noTokenTexts: TokenTexts = { textAt: () => null, promptAt: () => null, tokenAt: () => null };

/** The token at a position of a text; null where the text is not known or has no such token. */
export function pieceAt(text: TokenizedText | null, position: unknown): string | null {
  return text?.pieces[Number(position) - text.first] ?? null;
}

/** White space that would disturb a line, as a sign for it. */
export function onOneLine(text: string): string {
  return text
    .replace(/\r?\n/g, "⏎")
    .replace(/\t/g, "⇥")
    .replace(/[\u0000-\u001f\u2028\u2029]/g, "·");
}

/** The token at `position` within `context` tokens of its text, about as many before as after it. */
export function inContext(text: TokenizedText | null, position: unknown, context: number): TableCell {
  const { pieces, first: offset } = text ?? { pieces: [], first: 0 };
  const at = Number(position) - offset;
  const token = pieces[at];
  if (token === undefined) return { value: null, reason: null };
  const wanted = Math.min(context, pieces.length);
  const first = Math.max(0, Math.min(at - Math.floor(wanted / 2), pieces.length - wanted));
  const before = onOneLine(pieces.slice(first, at).join(""));
  const shown = onOneLine(token);
  const after = onOneLine(pieces.slice(at + 1, first + wanted).join(""));
  const lead = first > 0 ? "…" : "";
  const start = lead.length + before.length;
  return {
    value: `${lead}${before}${shown}${after}${first + wanted < pieces.length ? "…" : ""}`,
    reason: null,
    mark: [start, start + shown.length],
  };
}

/** A token and its id: `" Mary" (5335)`. */
export function tokenText(text: string, id: number): string {
  return `${JSON.stringify(text)} (${id})`;
}
