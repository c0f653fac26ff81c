/** Texts as a model's tokenizer reads them, and how the compiler asks the host for them. */

/** A text as tokens, without special tokens around it. */
export interface EncodedText {
  readonly ids: readonly number[];
  /**
   * What each id stands for, in order; together they are the text as it was written, or for ids without a text what they
   * spell. A token that ends inside a character has what it completes: the character belongs to the token that holds its
   * last byte.
   */
  readonly pieces: readonly string[];
  /** Of a conversation: the text that the template makes of it. */
  readonly text?: string;
  /** Why there are no ids: what is wrong with the chat template or the tokenizer. */
  readonly problem?: string;
}

/** Texts that one model's tokenizer should encode. The answers have the order of `texts`. */
export interface EncodingRequest {
  /** Name of the answer in `Facts.tokens`. */
  readonly key: string;
  /** Instance id of a model that has a tokenizer. */
  readonly model: string;
  readonly texts: readonly string[];
  /**
   * `text`: as a text of its own. `continuation`: as what follows another text, without the space that some tokenizers
   * put before every text. `ids`: a JSON list of ids, for their pieces. `chat`: a JSON list of messages, to be put
   * together by the tokenizer's chat template, which then opens the model's own turn unless `chat` is `closed`.
   */
  readonly as: "text" | "continuation" | "ids" | "chat";
  /** Of `chat`: whether the model's own turn is opened at the end. */
  readonly turn?: "opened" | "closed";
  /** How many tokens of each text are wanted at most; null for all. */
  readonly limit: number | null;
}

/** Pieces of texts by `textsKey`: a list for each prompt, aligned with its ids; for each document of a corpus. */
export type TextPieces = ReadonlyMap<string, readonly (readonly string[])[]>;

/** How many UTF-8 bytes and words (runs of what is not Unicode's White_Space) a text has. */
export function textSize(text: string): { readonly bytes: number; readonly words: number } {
  return { bytes: utf8Length(text), words: text.match(/\P{White_Space}+/gu)?.length ?? 0 };
}

/** Length of a text in bytes of UTF-8. */
function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
