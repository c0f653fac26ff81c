/** The part of a text that each of its tokens stands for. */
import type { Encoding } from "./encoder.js";

/**
 * A text in pieces, one for each token; together they are the text. A character of several tokens belongs to the last of
 * them, and the others have nothing. What no token stands for belongs to the token before it, as a mark that was joined to
 * its letter does, but white space to the token behind it.
 */
export function piecesOf(text: string, { ids, starts, ends }: Encoding): readonly string[] {
  const pieces: string[] = [];
  let from = 0;
  for (let i = 0; i < ids.length; i++) {
    let to = i + 1 < ids.length ? Math.max(from, starts[i + 1] ?? 0) : text.length;
    const gap = Math.max(from, ends[i] ?? 0);
    if (i + 1 < ids.length && gap < to && text.slice(gap, to).trim() === "") to = gap;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}
