/** Changes that an editor offers for what is wrong at a place. */
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Analysis } from "./analysis.js";
import type { Edit } from "./renaming.js";

export interface Change {
  readonly title: string;
  /** What it is for. */
  readonly diagnostic: Diagnostic;
  readonly edits: readonly Edit[];
  /** Whether it is the only one for its diagnostic: then an editor may apply it unasked for. */
  readonly preferred: boolean;
}

/** The changes for diagnostics that touch a range of the protocol's own text. */
export function changesAt({ source, diagnostics }: Analysis, start: number, end: number): readonly Change[] {
  return diagnostics.flatMap((diagnostic) => {
    const span = diagnostic.primary?.span;
    if (span?.file !== source.path || span.start > end || span.end < start) return [];
    return diagnostic.fixes.map(({ title, edits }) => ({
      title: title.charAt(0).toUpperCase() + title.slice(1),
      diagnostic,
      edits,
      preferred: diagnostic.fixes.length === 1,
    }));
  });
}
