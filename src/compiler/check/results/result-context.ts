/** What checking expressions over results knows. */
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Span } from "../../base/span.js";
import type { Expression } from "../../syntax/ast.js";
import type { Notes } from "../notes.js";
import type { ExperimentShape, ResultScope } from "./result-scope.js";

/** How much of a statement has been checked. */
export interface ResultWork {
  /** How often a `let` was unfolded, how deep the expression at hand is nested, and the deepest one so far. */
  unfolded: number;
  depth: number;
  deepest: number;
  /** The expressions that were checked, where their types are noted; else null. */
  readonly visited: Set<Expression> | null;
}

/** The work of a statement that nothing has been checked of. */
export function startWork(notes: Notes | null): ResultWork {
  return { unfolded: 0, depth: 0, deepest: 0, visited: notes?.collecting === true ? new Set() : null };
}

export interface ResultContext {
  readonly results: ResultScope;
  /** The experiment that bare column names mean (`by abs(impact)` in `table sweep …`); null where none is. */
  readonly subject: ExperimentShape | null;
  readonly report: (d: Diagnostic) => void;
  /** `let` names being unfolded, to refuse one that uses itself. */
  readonly unfolding: readonly string[];
  readonly work: ResultWork;
  readonly sourceOf: (span: Span) => string;
  /** Told what expressions are; null where nobody will ask. */
  readonly notes: Notes | null;
}
