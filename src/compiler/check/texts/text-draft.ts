/** One text of a prompt set or corpus before it is tokens. */
import type { Span } from "../../base/span.js";
import type { Coordinate, Coordinates } from "../../ir/protocol.js";

/** What a message of a conversation says, and who says it. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

/** What a tokenizer reads, or what it would have made of it: text, ids as they are, or a conversation. */
export type DraftInput =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "ids"; readonly ids: readonly number[] }
  | { readonly kind: "chat"; readonly messages: readonly ChatMessage[] };

/** The parts of a record that are tokens. */
export type TokenPart = "text" | "corrupt" | "answer" | "distractor" | "continuation";

export interface TextDraft {
  /** The text as a reader sees it; the clean one of a pair. Of ids without a tokenizer, and of a conversation, empty. */
  readonly text: string;
  readonly input: DraftInput;
  /** The corrupted text of a pair; null where texts are not pairs. */
  readonly corrupt: DraftInput | null;
  /** What should follow and what should not, as written in the file; null where none is declared. */
  readonly answer: DraftInput | null;
  readonly distractor: DraftInput | null;
  /** What is put behind the text, token by token; null where none is declared. */
  readonly continuation: DraftInput | null;
  readonly group: Coordinate | null;
  /** The other fields of its record, by the file's own names. */
  readonly fields: Coordinates;
  /** The literal in the protocol, or the name of the file: where to point when something is wrong with the text. */
  readonly span: Span;
  /** Where its parts stand, of a record that is written in the protocol. */
  readonly spans: ReadonlyMap<TokenPart, Span>;
}

/** A text that is nothing but itself. */
export function inputDraft(input: DraftInput, group: Coordinate | null, span: Span): TextDraft {
  const text = input.kind === "text" ? input.text : "";
  const none = { corrupt: null, answer: null, distractor: null, continuation: null };
  return { text, input, ...none, group, fields: {}, span, spans: new Map() };
}

/** A text that is nothing but text. */
export function plainDraft(text: string, group: Coordinate | null, span: Span): TextDraft {
  return inputDraft({ kind: "text", text }, group, span);
}

/** Where a part of a text is written. */
export function spanOf(draft: TextDraft, part: TokenPart): Span {
  return draft.spans.get(part) ?? draft.span;
}

/** What an input is called in a request for its encoding: the same for inputs that are encoded alike. */
export function inputKey(input: DraftInput): string {
  switch (input.kind) {
    case "text":
      return input.text;
    case "ids":
      return JSON.stringify(input.ids);
    case "chat":
      return JSON.stringify(input.messages);
  }
}
