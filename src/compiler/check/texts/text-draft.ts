/** One text of a prompt set or corpus before it is tokens. */
import type { Span } from "../../base/span.js";
import type { Coordinate, Coordinates } from "../../ir/protocol.js";

export interface TextDraft {
  /** The text; the clean one of a pair. */
  readonly text: string;
  /** The corrupted text of a pair; null where texts are not pairs. */
  readonly corrupt: string | null;
  /** What should follow and what should not, as written in the file; null where none is declared. */
  readonly answer: string | null;
  readonly distractor: string | null;
  readonly group: Coordinate | null;
  /** The other fields of its record, by the file's own names. */
  readonly fields: Coordinates;
  /** The literal in the protocol, or the name of the file: where to point when something is wrong with the text. */
  readonly span: Span;
}

/** A text that is nothing but text. */
export function plainDraft(text: string, group: Coordinate | null, span: Span): TextDraft {
  return { text, corrupt: null, answer: null, distractor: null, group, fields: {}, span };
}
