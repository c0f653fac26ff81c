/**
 * A text that does not parse as a whole, taken apart: statements that are sound by themselves, and broken pieces. What
 * stands behind an error is guesswork for one parser over the whole text; here every statement is parsed by itself, and
 * where one ends that cannot be parsed is seen from the look of the lines.
 */
import type { IToken } from "chevrotain";
import { tokenEnd } from "./build-tree.js";
import { clauseWords, leadingForms, wordsIn } from "./forms/index.js";
import { parsePlaced, type ParseMemory, type PlacedStatement, type PlacedTree } from "./parse-memory.js";
import { indentation, isClauseWord, isStatementWord, meantStatement } from "./regions.js";

/** One statement, or what seems to be one. */
export type Piece =
  | { readonly kind: "sound"; readonly tree: PlacedTree; readonly tokens: readonly IToken[] }
  | { readonly kind: "broken"; readonly tokens: readonly IToken[] };

/** A text as the splitting sees it. */
interface Lines {
  readonly memory: ParseMemory;
  readonly text: string;
  readonly tokens: readonly IToken[];
  /** Columns before each token when it is the first of its line; null when it is not. */
  readonly columns: readonly (number | null)[];
  /** Whether an empty line stands before each token. */
  readonly afterBlank: readonly boolean[];
}

/** The pieces of `tokens` in order. */
export function splitPieces(memory: ParseMemory, text: string, tokens: readonly IToken[]): readonly Piece[] {
  const lines: Lines = {
    memory,
    text,
    tokens,
    columns: tokens.map((token) => indentation(text, token.startOffset)),
    afterBlank: tokens.map((token, i) => {
      const before = tokens[i - 1];
      return before !== undefined && /\n[ \t\r]*\n/.test(text.slice(tokenEnd(before), token.startOffset));
    }),
  };
  const pieces: Piece[] = [];
  for (let at = 0, before = 0; at < tokens.length;) {
    const sound = soundAt(lines, at);
    const end = sound === null ? endOfBroken(lines, at) : at + sound.length;
    if (sound === null && at > 0 && isContinuation(lines, before, at)) {
      pieces.pop();
      at = before;
    }
    const own = tokens.slice(at, end);
    pieces.push(sound === null ? { kind: "broken", tokens: own } : { kind: "sound", tree: sound, tokens: own });
    before = at;
    at = end;
  }
  return pieces;
}

/**
 * True when what is broken at a token stands on the line of the piece before it, or is indented: then it can be a part of that
 * one, cut off by a word too much (`measure kl save, loss`).
 */
function isContinuation(lines: Lines, before: number, at: number): boolean {
  return !isOutdented(lines, at, columnOf(lines, before) + 1);
}

/** How often a statement may reach over what looks like the start of another: `let` at the start of a line does. */
const longestReach = 3;

/** The statement that begins at a token, with what belongs to it; null when it cannot be parsed. */
function soundAt(lines: Lines, at: number): PlacedStatement | null {
  const { memory, text, tokens } = lines;
  const first = tokens[at];
  if (first === undefined || !isStatementWord(first)) return null;
  const column = columnOf(lines, at);
  let end = at;
  for (let reach = 0; reach < longestReach && end < tokens.length; reach++) {
    end = nextStart(lines, end, column);
    const statement = parsePlaced(memory, text, tokens.slice(at, end));
    const { length, error } = statement;
    if (error === null) {
      const next = tokens[at + length];
      // What follows on the line, or is indented, was meant to belong to the statement.
      const stray = next !== undefined && !isStatementWord(next) && !startsPiece(lines, at + length, column);
      return stray ? beforeAnUnknownStatement(lines, at, at + length) : statement;
    }
    if (error.at !== null) return beforeAnUnknownStatement(lines, at, at + error.at);
  }
  return null;
}

/**
 * The statement without what stands on the line of a misspelt statement, which reads as more of it (`measure R_V ⏎ plto line of
 * x`). Only where its own lines are indented: otherwise a line below is a clause of it as likely as a statement.
 */
function beforeAnUnknownStatement(lines: Lines, at: number, wrong: number): PlacedStatement | null {
  const column = columnOf(lines, at);
  for (let i = at + 1; i <= wrong && i < lines.tokens.length; i++) {
    const token = lines.tokens[i];
    if (token === undefined) continue;
    if (isStatementWord(token) && isOutdented(lines, i, column)) return null;
    if (isStatementWord(token) || !startsPiece(lines, i, column)) continue;
    const statement = parsePlaced(lines.memory, lines.text, lines.tokens.slice(at, i));
    return statement.error === null && statement.length === i - at ? statement : null;
  }
  return null;
}

/** True for the first token of a line that is not indented deeper than `column`. */
function isOutdented({ columns }: Lines, at: number, column: number): boolean {
  const own = columns[at] ?? null;
  return own !== null && own <= column;
}

/**
 * True for what can be the beginning of a misspelt statement: anything that closes nothing, not indented; one space is what
 * the first word leaves when it is lost.
 */
function startsPiece(lines: Lines, at: number, column: number): boolean {
  const token = lines.tokens[at];
  return token !== undefined && isOutdented(lines, at, column + 1) && !/^[)\]},]/.test(token.image);
}

/** Columns before the line on which a token stands. */
function columnOf({ columns }: Lines, at: number): number {
  for (let i = at; i >= 0; i--) {
    const column = columns[i] ?? null;
    if (column !== null) return column;
  }
  return 0;
}

/** The next token behind `at` that begins a statement, and no clause, on a line not indented deeper than `column`. */
function nextStart(lines: Lines, at: number, column: number): number {
  const { tokens } = lines;
  for (let i = at + 1; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined || !isStatementWord(token) || isClauseWord(token)) continue;
    if (isOutdented(lines, i, column)) return i;
  }
  return tokens.length;
}

/** Statements that have `on` or `with` among their own words, and not as clauses. */
const wordsWithOptions: ReadonlySet<string> = new Set(
  [...leadingForms.values()]
    .filter(({ group, name }) => group === "Statements" && name !== "experiment")
    .filter(({ lines }) => ["on", "with"].some((word) => wordsIn(lines).has(word)))
    .map(({ name }) => name),
);

/**
 * Where a statement ends that cannot be parsed: before the next start, or before an unnamed experiment. A clause may as
 * well belong to the broken statement: it begins an experiment only behind an empty line, or behind what has no clauses,
 * or has them indented.
 */
function endOfBroken(lines: Lines, at: number): number {
  const { tokens, columns } = lines;
  const column = columnOf(lines, at);
  const end = nextStart(lines, at, column);
  const first = tokens[at];
  if (first === undefined) return end;
  const meant = meantStatement(first);
  const known = isStatementWord(first);
  let separate = meant === null || (meant !== "experiment" && !clauseWords.has(meant));
  for (let i = at + 1; i < end; i++) {
    const token = tokens[i];
    if (token === undefined) continue;
    const own = columns[i] ?? null;
    if (meant === "experiment" && own !== null && own > column) separate = true;
    if (isClauseWord(token) && isOutdented(lines, i, column)) {
      const isOption = token.image === "on" || token.image === "with";
      if (isOption && (meant === null || wordsWithOptions.has(meant))) separate = false;
      if (separate || lines.afterBlank[i] === true) return i;
    }
    // One misspelt statement below another.
    if (!known && !isClauseWord(token) && startsPiece(lines, i, column)) return i;
  }
  return end;
}
