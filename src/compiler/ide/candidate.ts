/** What all proposals are made of: declarations, words, entries of the reference. */
import type { Declaration, SymbolKind } from "../ir/side-table.js";
import type { DocEntry, EntryKind } from "../docs/entry.js";
import type { Analysis } from "./analysis.js";
import type { Cursor } from "./cursor.js";
import { declarationLine, declarationMarkdown, entryMarkdown } from "./documentation.js";

/** Something with a name that can stand at the cursor. */
export interface Candidate {
  readonly name: string;
  readonly kind: SymbolKind | "place" | "level";
  readonly detail: string;
  /** Markdown. */
  readonly documentation: string;
  /** What is written where that is not the name: `as `, a string without its quotes. */
  readonly insert?: string;
}

/** What can stand at a cursor. */
export type Find = (analysis: Analysis, cursor: Cursor) => readonly Candidate[];

/** Declarations of these kinds. */
export function declared(...kinds: readonly Declaration["kind"][]): Find {
  return ({ checked }) => checked.scope.filter(({ kind }) => kinds.includes(kind)).map(declaredCandidate);
}

function declaredCandidate(declaration: Declaration): Candidate {
  return {
    name: declaration.name,
    kind: declaration.kind,
    detail: declarationLine(declaration),
    documentation: declarationMarkdown(declaration),
  };
}

/** Words of a list. */
export function words(names: readonly string[], kind: Candidate["kind"]): Find {
  return () => names.map((name) => ({ name, kind, detail: kind, documentation: "" }));
}

/** Entries of the reference of these kinds. */
export function entries(kinds: readonly EntryKind[], kind: Candidate["kind"]): Find {
  return ({ documentation }) =>
    [...documentation.values()]
      .flat()
      .filter((entry) => kinds.includes(entry.kind))
      .map((entry) => entryCandidate(entry, kind));
}

export function entryCandidate(entry: DocEntry, kind: Candidate["kind"]): Candidate {
  const [detail = ""] = entry.form.split("\n");
  return { name: entry.name, kind, detail, documentation: entryMarkdown(entry) };
}

/** The Markdown of an entry; empty where there is none. */
export function entryText(entry: DocEntry | undefined): string {
  return entry === undefined ? "" : entryMarkdown(entry);
}
