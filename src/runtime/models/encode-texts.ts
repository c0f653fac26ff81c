/** Encodings of texts as the compiler asks for them. */
import type { EncodedText, EncodingRequest } from "../../compiler/ir/encodings.js";
import type { Tokenizer } from "./tokenizer.js";

/** Answers a request, text by text. */
export function encodeTexts(tokenizer: Tokenizer, request: EncodingRequest): readonly EncodedText[] {
  return request.texts.map((text) => {
    if (request.as === "continuation") return continuation(tokenizer, text);
    if (request.as === "ids") {
      const ids = JSON.parse(text) as readonly number[];
      return { ids, pieces: tokenizer.pieces(ids) };
    }
    const ids = beginningOf(tokenizer, text, request.limit);
    return { ids, pieces: piecesOf(tokenizer, ids, text) };
  });
}

/** Characters of text for each token that is wanted, to begin with: few texts have more. */
const charactersPerToken = 8;

/**
 * The first `limit` ids of a text (all of them when it is null). Only as much is encoded as that takes, up to a place
 * where no tokenizer joins what stands before and after: between a letter or digit and white space. What is encoded
 * doubles until it suffices, so that the work stays in proportion to the text that is used.
 */
export function beginningOf(tokenizer: Tokenizer, text: string, limit: number | null): readonly number[] {
  if (limit === null) return tokenizer.encode(text, false);
  for (let length = limit * charactersPerToken; length < text.length; length *= 2) {
    const end = safeEnd(text, length);
    if (end === null) continue;
    const ids = tokenizer.encode(text.slice(0, end), false);
    if (ids.length >= limit) return ids.slice(0, limit);
  }
  return tokenizer.encode(text, false).slice(0, limit);
}

/** The last place up to `end`, and after half of it, where a text can be cut; null when there is none. */
function safeEnd(text: string, end: number): number | null {
  for (let at = end; at > end / 2; at--) {
    // Before white space: a run of white space belongs together, and a space to the word after it.
    if (/^\s$/.test(text.charAt(at)) && /^[\p{L}\p{N}]$/u.test(text.charAt(at - 1))) return at;
  }
  return null;
}

/** A text that no other character joins and that ends a word: what continuations are encoded after. */
const before = "\n";

/**
 * A text as what follows another. Tokenizers that put a space before every text would give `Mary` as ` Mary` and
 * ` Mary` with two spaces: their ids are taken behind a line break, where the text stands as it is written.
 */
function continuation(tokenizer: Tokenizer, text: string): EncodedText {
  const alone = tokenizer.encode(text, false);
  const joined = tokenizer.pieces(alone).join("");
  if (!joined.startsWith(" ") || text.startsWith(joined)) return { ids: alone, pieces: tokenizer.pieces(alone) };
  const start = tokenizer.encode(before, false);
  const whole = tokenizer.encode(before + text, false);
  const follows = whole.length > start.length && start.every((id, i) => whole[i] === id);
  const ids = follows ? whole.slice(start.length) : alone;
  return { ids, pieces: tokenizer.pieces(ids) };
}

/** The pieces of a text's ids, without a space that the tokenizer put before the text. */
function piecesOf(tokenizer: Tokenizer, ids: readonly number[], text: string): readonly string[] {
  const pieces = tokenizer.pieces(ids);
  const joined = pieces.join("");
  if (!joined.startsWith(" ") || text.startsWith(joined) || !text.startsWith(joined.slice(1))) return pieces;
  const first = pieces.findIndex((piece) => piece !== "");
  return pieces.map((piece, i) => (i === first ? piece.slice(1) : piece));
}
