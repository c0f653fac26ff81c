import type { Span } from "../base/span.js";
import type { Code, Severity } from "./catalogue.js";

/** A place in the source and what to say there (shown beside the carets). */
export interface Label {
  readonly span: Span;
  readonly text: string;
}

/** A text edit that an editor can apply. */
export interface Fix {
  readonly title: string;
  readonly edits: readonly { readonly span: Span; readonly replacement: string }[];
}

/**
 * One thing to tell the user. `message` is the catalogue's text for `code` with its parameters filled in; `expected`
 * and `found` are the two facts that clash, shown one under the other; `primary` is null only for faults that have no
 * place in any source text (a command-line option, say).
 */
export interface Diagnostic {
  readonly code: Code;
  readonly severity: Severity;
  readonly message: string;
  readonly primary: Label | null;
  readonly related: readonly Label[];
  readonly expected?: string;
  readonly found?: string;
  readonly hint?: string;
  readonly fixes: readonly Fix[];
}
