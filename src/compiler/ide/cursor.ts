/** Where a cursor stands in a text that need not parse: the word under it, and the statement before it. */
import type { IToken } from "chevrotain";
import { tokenize } from "../../../grammar/tokens.js";
import { nextTokens, type NextToken } from "../../../grammar/next-tokens.js";
import type { Span } from "../base/span.js";
import { isClauseWord, isStatementWord, isWord, startsLine, statementStarts } from "../syntax/regions.js";

export interface Cursor {
  /** What is written there so far: a word, or a string without its quotes; empty where nothing is. */
  readonly word: Span;
  /** `string` in quotes; `comment` where nothing is completed. */
  readonly within: "code" | "string" | "comment";
  /** Tokens of the statement before the word. */
  readonly before: readonly IToken[];
  /** What the grammar takes there, by the innermost statement that reads as one. */
  readonly next: readonly NextToken[];
  /** Whether a statement can begin there. */
  readonly startsLine: boolean;
  /** Whether the word is a place with a dot, `L5.` or `L5.H1`, behind which heads or neurons stand. */
  readonly writesPlace: boolean;
}

const endOf = (token: IToken): number => token.startOffset + token.image.length;

/** Most tokens of a statement that are looked at: the grammar is walked through all of them. */
const mostTokens = 4000;

export function cursorAt(path: string, text: string, offset: number): Cursor {
  const { tokens, groups } = tokenize(text);
  const span = (start: number, end: number): Span => ({ file: path, start, end });
  const comment = (groups["comments"] ?? []).find((one) => one.startOffset < offset && offset <= endOf(one));
  const nothing = { before: [], next: [], startsLine: false, writesPlace: false };
  if (comment !== undefined) return { word: span(offset, offset), within: "comment", ...nothing };

  const touching = tokens.find((token) => token.startOffset < offset && offset <= endOf(token));
  const quoted = touching !== undefined && isString(touching) && isInside(touching, offset);
  const place = quoted ? null : placeBefore(text, offset);
  const isWritten = touching !== undefined && !quoted && /[\w%]$/.test(text.slice(touching.startOffset, offset));
  const start = quoted ? touching.startOffset + 1 : (place ?? (isWritten ? touching.startOffset : offset));
  const end = quoted
    ? endOfContent(touching)
    : touching !== undefined && (isWritten || place !== null)
      ? wordEnd(touching, offset)
      : offset;
  const earlier = tokens.filter((token) => endOf(token) <= (quoted ? touching.startOffset : start));
  const first = tokens.find((token) => token.startOffset >= start);
  const { before, next } = statementBefore(text, earlier);
  return {
    word: span(start, end),
    within: quoted ? "string" : "code",
    before,
    next,
    startsLine:
      touching === undefined || quoted ? onBlankLine(text, offset) : first !== undefined && startsLine(text, first),
    writesPlace: place !== null,
  };
}

/** Where a place with a dot begins that is written right before the cursor; null where there is none. */
function placeBefore(text: string, offset: number): number | null {
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset);
  const place = /(?<![\w.])L(?:\*|[-\d.%]*[\d%])\.(?:[HNE][-\d.*]*)?$/.exec(line);
  return place === null ? null : offset - place[0].length;
}

function isString({ tokenType }: IToken): boolean {
  return tokenType.name === "StringLiteral" || tokenType.name === "UnterminatedString";
}

function isInside(token: IToken, offset: number): boolean {
  return token.tokenType.name === "UnterminatedString" || offset < endOf(token);
}

function endOfContent(token: IToken): number {
  return endOf(token) - (token.tokenType.name === "StringLiteral" ? 1 : 0);
}

/** The end of the word that is being written; what the cursor stands in the middle of is replaced whole. */
function wordEnd(token: IToken, offset: number): number {
  return isWord(token) || token.tokenType.name === "PlaceLiteral" ? endOf(token) : offset;
}

function onBlankLine(text: string, offset: number): boolean {
  return /(^|[\n\r])[ \t]*$/.test(text.slice(0, offset));
}

/**
 * The tokens of the statement that ends these, and what may follow. A statement with a mistake in it is no beginning of one:
 * then its last clause is looked at by itself.
 */
function statementBefore(text: string, tokens: readonly IToken[]): Pick<Cursor, "before" | "next"> {
  const starts = statementStarts(text, tokens);
  const own = starts.findLast((token) => !isClauseWord(token));
  const from = own === undefined ? 0 : tokens.indexOf(own);
  const clauses = tokens.flatMap((token, i) => (i > from && isStatementWord(token) ? [i] : [])).reverse();
  for (const start of [from, ...clauses]) {
    const before = tokens.slice(start);
    if (before.length === 0 || before.length > mostTokens) continue;
    const next = nextTokens(before);
    if (next.length > 0) return { before, next };
  }
  return { before: [], next: [] };
}
