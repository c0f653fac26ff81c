/** What all models of tokenizers do: they read pieces of texts as tokens. */
import type { Json } from "../../../compiler/base/digest.js";
import { fieldsOf, refuse, shown } from "./fields.js";

/** The tokens of a piece, and which of its UTF-16 units each stands for, by whole characters. */
export interface PieceTokens {
  readonly ids: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

export interface TokenModel {
  readonly vocabulary: ReadonlyMap<string, number>;
  /** Tokens of a piece. An error where the model has none for what stands there, which ends the reading of the text. */
  tokenize(piece: string): PieceTokens;
}

/** Longest token that a vocabulary may have: models try every length up to the longest. */
export const longestToken = 2 ** 14;

/** Longest pieces whose tokens are remembered, and how many. */
const longestKnown = 200;
const mostKnown = 100_000;

/** A model that remembers the tokens of short pieces, which are mostly words. */
export function remembering(tokenize: TokenModel["tokenize"]): TokenModel["tokenize"] {
  let known = new Map<string, PieceTokens>();
  return (piece) => {
    if (piece.length > longestKnown) return tokenize(piece);
    const before = known.get(piece);
    if (before !== undefined) return before;
    const tokens = tokenize(piece);
    if (known.size >= mostKnown) known = new Map();
    known.set(piece, tokens);
    return tokens;
  };
}

/** A vocabulary `{ "token": id, … }`. No two tokens have one id. */
export function readVocabulary(value: Json | undefined, what: string): ReadonlyMap<string, number> {
  const vocabulary = new Map<string, number>();
  const owners = new Map<number, string>();
  for (const [token, id] of Object.entries(fieldsOf(value, `the vocabulary of ${what}`).of)) {
    addToken(vocabulary, owners, token, id);
  }
  return vocabulary;
}

function addToken(vocabulary: Map<string, number>, owners: Map<number, string>, token: string, id: Json): void {
  if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id >= 2 ** 31) {
    refuse(`the id of its token ${shown(token)} is ${shown(id)}, not a whole number from 0 to 2³¹ − 1`);
  }
  if (token.length > longestToken)
    refuse(`it has a token of ${token.length} characters, and at most ${longestToken} are read`);
  if (/\p{Surrogate}/u.test(token)) refuse(`its token ${shown(token)} has half a character`);
  const owner = owners.get(id);
  if (owner !== undefined) refuse(`its tokens ${shown(owner)} and ${shown(token)} have the same id, ${id}`);
  owners.set(id, token);
  vocabulary.set(token, id);
}

/** The one token of a whole piece. */
export function wholePiece(id: number, piece: string): PieceTokens {
  return { ids: [id], starts: [0], ends: [piece.length] };
}
