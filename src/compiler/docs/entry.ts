/** What `atlasc doc` shows of one name. */
import type { MetricParameter } from "./metrics.js";

export type EntryKind =
  | "metric"
  | "site"
  | "operation"
  | "function"
  | "quantity"
  | "statement"
  | "clause"
  | "plot"
  | "operator"
  | "place"
  | "axis"
  | "unit"
  | "type"
  | "test"
  | "column"
  | "diagnostic";

/** One thing that a protocol can name, or that atlasc says. */
export interface DocEntry {
  readonly kind: EntryKind;
  /** The heading under which it is listed. */
  readonly group: string;
  readonly name: string;
  /** Where it belongs: the file of a metric; null for what is part of the language. */
  readonly file: string | null;
  /** How it is written, one form a line: of a site with its axes, of a metric its first line; of a diagnostic its message. */
  readonly form: string;
  readonly sentences: string;
  readonly parameters: readonly MetricParameter[];
  /** What is known beside the sentences, in order: shape, unit, source, example … */
  readonly facts: readonly { readonly name: string; readonly text: string }[];
  /** A metric's definition; null for everything else. */
  readonly definition: string | null;
}
