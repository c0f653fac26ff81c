/**
 * Statements that were parsed before, by their text. What a statement parses to is decided by its own words and the few behind
 * it, wherever it stands: an editor, which parses a text after every key, parses only what has changed. Nothing is remembered
 * that parsing anew would not give, so that a memory changes the time and never the answer.
 */
import type { CstNode, IToken } from "chevrotain";
import { parseStatement } from "../../../grammar/parser.js";
import type { Statement } from "./ast.js";
import { isRealToken, tokenEnd } from "./build-tree.js";

/** A tree whose tokens have the offsets of the place where it was parsed first: it stands `shift` characters behind that. */
export interface PlacedTree {
  readonly tree: CstNode;
  readonly shift: number;
  /** What was built of the tree before, for whoever builds it again at the same place. */
  readonly memo: BuiltMemo;
}

export interface BuiltMemo {
  built: { readonly shift: number; readonly documentation: string; readonly statement: Statement } | null;
}

/** A statement by itself, read from some tokens. */
export interface PlacedStatement extends PlacedTree {
  /** How many of the tokens it took. */
  readonly length: number;
  /** Null where there is no error; else at which of the tokens, which is null at their end. */
  readonly error: { readonly at: number | null } | null;
}

interface Known extends Omit<PlacedStatement, "shift"> {
  readonly start: number;
}

/** Of one file: what the last text of it was made of. */
export interface ParseMemory {
  /** Statements of the text before this one. */
  before: ReadonlyMap<string, Known>;
  /** Those of this text so far. */
  now: Map<string, Known>;
}

export function createParseMemory(): ParseMemory {
  return { before: new Map(), now: new Map() };
}

/** Forgets what the last text did not have. */
export function beginText(memory: ParseMemory): void {
  memory.before = memory.now;
  memory.now = new Map();
}

/** Parses the statement that some tokens of a text begin with. Never throws. */
export function parsePlaced(memory: ParseMemory, text: string, tokens: readonly IToken[]): PlacedStatement {
  const start = tokens[0]?.startOffset ?? 0;
  const last = tokens.at(-1);
  // What stands behind a text can make another token of its last characters.
  const key = `${last?.tokenType.name ?? ""} ${tokens.length} ${text.slice(start, last === undefined ? start : tokenEnd(last))}`;
  const known = memory.now.get(key) ?? memory.before.get(key) ?? parseFirst(tokens, start);
  memory.now.set(key, known);
  return { ...known, shift: start - known.start };
}

function parseFirst(tokens: readonly IToken[], start: number): Known {
  const { tree, length, error } = parseStatement(tokens);
  const wrong = error !== null && isRealToken(error.token) ? tokens.indexOf(error.token) : -1;
  return {
    tree,
    length,
    error: error === null ? null : { at: wrong < 0 ? null : wrong },
    start,
    memo: { built: null },
  };
}

/** Tokens behind a statement that can decide how it is read: the grammar looks three ahead. */
const lookahead = 4;

/** How often a statement may reach over what looks like the start of another before everything behind it is looked at. */
const longestReach = 3;

/** A token that looks like the start of a statement: its index, and how far it is indented. */
export interface LikelyStart {
  readonly at: number;
  readonly column: number;
}

/**
 * The statements that stand at the beginning of a text, as far as all is well, and how many tokens they are. `starts` only save
 * time: parsing all tokens at once would give the same, because the grammar has no memory from one statement to the next.
 */
export function leadingStatements(
  memory: ParseMemory,
  text: string,
  tokens: readonly IToken[],
  starts: readonly LikelyStart[],
): { readonly statements: readonly PlacedTree[]; readonly length: number } {
  const statements: PlacedTree[] = [];
  let at = 0;
  let next = 0;
  while (at < tokens.length) {
    while ((starts[next]?.at ?? Infinity) < at) next++;
    const statement = statementAt(memory, text, tokens, at, likelyEnds(starts, next, at));
    if (statement === null) break;
    statements.push(statement);
    at += statement.length;
  }
  return { statements, length: at };
}

/** Where the statement at `at` may end: before the next ones that are not indented deeper than itself. */
function likelyEnds(starts: readonly LikelyStart[], next: number, at: number): readonly number[] {
  const own = starts[next];
  const column = own?.at === at ? own.column : Infinity;
  const ends: number[] = [];
  for (let i = next; i < starts.length && ends.length < longestReach; i++) {
    const start = starts[i];
    if (start !== undefined && start.at > at && start.column <= column) ends.push(start.at);
  }
  return ends;
}

function statementAt(
  memory: ParseMemory,
  text: string,
  tokens: readonly IToken[],
  at: number,
  ends: readonly number[],
): PlacedStatement | null {
  for (const end of [...ends, tokens.length]) {
    const own = tokens.slice(at, end + lookahead);
    const isAll = at + own.length >= tokens.length;
    const statement = parsePlaced(memory, text, own);
    if (statement.error === null && statement.length > 0 && (isAll || statement.length + lookahead <= own.length))
      return statement;
    if (isAll) return null;
  }
  return null;
}
