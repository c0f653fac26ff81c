/** What a check of a run comes to. */

/** Something that is not as the record says. */
export interface Finding {
  /** What does not agree: `weights of gpt2`, `results.parquet`. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** One part of a check: what was looked at and what did not agree. */
export interface Checked {
  /** What was looked at, with how many: `2 units`; empty where nothing was. */
  readonly looked: readonly string[];
  readonly findings: readonly Finding[];
  /** What a reader must know, which is no disagreement: a sentence without a full stop. */
  readonly notes: readonly string[];
}

/** Several parts as one. */
export function joined(parts: readonly Checked[]): Checked {
  return {
    looked: parts.flatMap(({ looked }) => looked),
    findings: parts.flatMap(({ findings }) => findings),
    notes: parts.flatMap(({ notes }) => notes),
  };
}

/** Nothing looked at, nothing found. */
export const nothingChecked: Checked = { looked: [], findings: [], notes: [] };
