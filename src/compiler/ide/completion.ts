/** What can be written at a place: words that the grammar takes there, and names that mean something there. */
import { tokenTable, type TokenName } from "../../../grammar/tokens.js";
import type { Span } from "../base/span.js";
import { printableLine } from "../base/printable.js";
import { forms } from "../syntax/forms/index.js";
import type { Analysis } from "./analysis.js";
import type { Candidate } from "./candidate.js";
import { candidatesIn, stringsIn, type PathWish } from "./candidates.js";
import { cursorAt, type Cursor } from "./cursor.js";
import { entryMarkdown, entryOfWord } from "./documentation.js";

/** What an editor draws beside a proposal. */
export type CompletionKind = Candidate["kind"] | "keyword";

export interface Completion {
  readonly label: string;
  readonly kind: CompletionKind;
  /** One line beside it: a type, a unit, a file. */
  readonly detail: string;
  /** Markdown; empty where there is nothing to say. */
  readonly documentation: string;
  /** What is put in place of `Completions.replace`. */
  readonly insert: string;
}

export interface Completions {
  readonly replace: Span;
  /** The most likely first; an editor filters them by what is written. */
  readonly items: readonly Completion[];
  /** Files that the host is to propose beside them; null where no file is meant. */
  readonly paths: PathWish | null;
}

/** Everything that can stand at an offset of the protocol's own text. Nothing inside of comments. */
export function completionsAt(analysis: Analysis, offset: number): Completions {
  const { path, text } = analysis.source;
  const cursor = cursorAt(path, text, offset);
  if (cursor.within === "comment") return { replace: cursor.word, items: [], paths: null };
  if (cursor.within === "string") {
    const { candidates, paths } = stringsIn(analysis, cursor);
    return { replace: cursor.word, items: unique(candidates.map(completionOf)), paths };
  }
  const names = candidatesIn(analysis, cursor).map(completionOf);
  const words = cursor.writesPlace ? [] : wordsAt(analysis, cursor);
  const items = [...names, ...words, ...(cursor.startsLine ? beginnings(analysis) : [])];
  return { replace: cursor.word, items: unique(items), paths: null };
}

function completionOf({ name, kind, detail, documentation, insert }: Candidate): Completion {
  return { label: printableLine(name), kind, detail: printableLine(detail), documentation, insert: insert ?? name };
}

/** Words of the language that the grammar takes there. */
function wordsAt(analysis: Analysis, { next }: Cursor): readonly Completion[] {
  return next.flatMap(({ token }) => {
    const row = tokenTable[token as TokenName] as (typeof tokenTable)[TokenName] | undefined;
    return row?.word != null && typeof row.pattern === "string" ? [wordCompletion(analysis, row.pattern)] : [];
  });
}

function wordCompletion({ documentation }: Analysis, word: string): Completion {
  const entry = entryOfWord(documentation, word);
  return {
    label: word,
    kind: "keyword",
    detail: entry?.form.split("\n")[0] ?? "",
    documentation: entry === null ? "" : entryMarkdown(entry),
    insert: word,
  };
}

/** Words that begin a statement, or an experiment without a name. */
function beginnings(analysis: Analysis): readonly Completion[] {
  const beginning = forms.filter(({ group }) => group !== "Operators" && group !== "Plots");
  return beginning.map(({ name }) => wordCompletion(analysis, name));
}

/** Of several with one label the first, which knows most. */
function unique(items: readonly Completion[]): readonly Completion[] {
  const byLabel = new Map<string, Completion>();
  for (const item of items) if (!byLabel.has(item.label)) byLabel.set(item.label, item);
  return [...byLabel.values()];
}
