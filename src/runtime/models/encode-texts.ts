/** Encodings of texts as the compiler asks for them. */
import type { EncodedText, EncodingRequest } from "../../compiler/ir/encodings.js";
import type { ReadText, Tokenizer } from "./tokenizer.js";

/** Answers a request, text by text. */
export function encodeTexts(tokenizer: Tokenizer, request: EncodingRequest): readonly EncodedText[] {
  return request.texts.map((text) => {
    try {
      if (request.as === "continuation") return continuation(tokenizer, text);
      if (request.as === "ids") {
        const ids = JSON.parse(text) as readonly number[];
        return { ids, pieces: tokenizer.pieces(ids) };
      }
      return beginningOf(tokenizer, text, request.limit);
    } catch (error) {
      return { ids: [], pieces: [], problem: error instanceof Error ? error.message : String(error) };
    }
  });
}

/** Characters of text for each token that is wanted, to begin with: few texts have more. */
const charactersPerToken = 8;

/**
 * The first `limit` tokens of a text (all of them when it is null). Where the tokenizer allows it, only as much is read as
 * that takes, up to a place between a letter or digit and white space. What is read doubles until it suffices, so that the
 * work stays in proportion to the text that is used.
 */
export function beginningOf(tokenizer: Tokenizer, text: string, limit: number | null): ReadText {
  if (limit === null) return tokenizer.read(text);
  for (let length = limit * charactersPerToken; tokenizer.cutsBetweenWords && length < text.length; length *= 2) {
    const end = safeEnd(text, length);
    if (end === null) continue;
    const { ids, pieces } = tokenizer.read(text.slice(0, end));
    // The last piece of a part has what no token stands for, up to the part's end: one token more is needed.
    if (ids.length > limit) return { ids: ids.slice(0, limit), pieces: pieces.slice(0, limit) };
  }
  const { ids, pieces } = tokenizer.read(text);
  return { ids: ids.slice(0, limit), pieces: pieces.slice(0, limit) };
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
function continuation(tokenizer: Tokenizer, text: string): ReadText {
  const alone = tokenizer.read(text);
  const spelled = tokenizer.pieces(alone.ids).join("");
  if (!spelled.startsWith(" ") || text.startsWith(spelled)) return alone;
  const start = tokenizer.read(before).ids;
  const whole = tokenizer.read(before + text);
  const follows = whole.ids.length > start.length && start.every((id, i) => whole.ids[i] === id);
  if (!follows) return alone;
  const pieces = whole.pieces.slice(start.length);
  // What stands before the text is in the pieces before.
  return pieces.join("") === text ? { ids: whole.ids.slice(start.length), pieces } : alone;
}
