import type { Span } from "../../compiler/base/span.js";

/** A model as a protocol names it. */
export interface ModelRequest {
  readonly source: string;
  readonly revision: string | null;
  /** A folder of the tokenizer that is named beside the model. */
  readonly tokenizer?: string | null;
  /** Folder of the protocol: relative paths start there. */
  readonly baseFolder: string;
  /** Where the source is written; null without a text. */
  readonly span: Span | null;
}
