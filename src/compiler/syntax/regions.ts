/** Where statements start in a text that may not parse: by the look of its lines, not by the grammar. */
import type { IToken } from "chevrotain";
import { tokenMatcher } from "../../../grammar/chevrotain.js";
import { AnyWord, tokenTable, wordsWithRole, type TokenRow } from "../../../grammar/tokens.js";
import { nearestNames } from "../base/suggest.js";
import { clauseWords } from "./forms/index.js";

const rows: Readonly<Record<string, TokenRow>> = tokenTable;
const statementWords = wordsWithRole("statement", "axis");

/** True for a word that begins a statement or a clause of an experiment. */
export function isStatementWord(token: IToken): boolean {
  const word = rows[token.tokenType.name]?.word;
  return word === "statement" || word === "axis";
}

/** True for a word that begins a clause of an experiment (or an unnamed experiment). */
export function isClauseWord(token: IToken): boolean {
  return isStatementWord(token) && clauseWords.has(token.image);
}

/** The word that begins the statement which a token begins, or seems to have been meant to begin; null when none does. */
export function meantStatement(token: IToken): string | null {
  const { image } = token;
  if (isStatementWord(token)) return image;
  if (!isWord(token)) return null;
  const begun = image.length >= 3 ? statementWords.find((word) => word.startsWith(image)) : undefined;
  return begun ?? nearestNames(image, statementWords)[0] ?? null;
}

/** True for every word, whatever its role. */
export function isWord(token: IToken): boolean {
  return tokenMatcher(token, AnyWord);
}

/** True when nothing but white space stands before the token on its line. */
export function startsLine(text: string, token: IToken): boolean {
  return indentation(text, token.startOffset) !== null;
}

/** Columns before `offset` on its line; null when there is more than white space. */
export function indentation(text: string, offset: number): number | null {
  let start = offset;
  while (start > 0 && /[ \t\ufeff\u00a0]/.test(text.charAt(start - 1))) start--;
  return start === 0 || /[\n\r]/.test(text.charAt(start - 1)) ? offset - start : null;
}

/**
 * Tokens that seem to start a statement: statement words at the start of a line. A clause word starts one only when it
 * is not indented deeper than the statement above it, to which it otherwise belongs.
 */
export function statementStarts(text: string, tokens: readonly IToken[]): readonly IToken[] {
  let column = 0;
  return tokens.filter((token) => {
    if (!isStatementWord(token)) return false;
    const indent = indentation(text, token.startOffset);
    if (indent === null || (isClauseWord(token) && indent > column)) return false;
    column = indent;
    return true;
  });
}

/**
 * A function from an offset to the number of the statement there. The place right behind a statement's last token
 * belongs to it, and so does everything up to the next start.
 */
export function statementRegions(text: string, tokens: readonly IToken[]): (offset: number) => number {
  const starts = statementStarts(text, tokens).map((token) => token.startOffset);
  return (offset) => countBelow(starts, offset + 1);
}

/** How many of some ascending numbers are below `limit`, by binary search. */
export function countBelow(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
