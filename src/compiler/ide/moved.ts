/**
 * What is known of a text, carried over to the text that a key has made of it. Statements and declarations are those of the
 * new text, which is parsed; what names and expressions mean is that of the text before, at the places where they stand now.
 * Where the words of a statement have changed, nothing is said of them until the text is checked.
 */
import { tokenize } from "../../../grammar/tokens.js";
import type { SourceFile, Span } from "../base/span.js";
import type { Diagnostic, Label } from "../diagnostics/diagnostic.js";
import type { Staged } from "../diagnostics/staged.js";
import type { Declaration, Entry, SymbolReference } from "../ir/side-table.js";
import type { FileSyntax } from "../syntax/ast.js";
import { tableOf, type Analysis } from "./analysis.js";

/** The one change that makes a text of another: `start` to `end` of the one before is `start` to `newEnd` of the other. */
interface TextChange {
  readonly start: number;
  readonly end: number;
  readonly newEnd: number;
}

/** What files declare, before anything is checked: the protocol's own, those that it imports, and the standard library (compile.ts). */
type DeclarationsOf = (
  main: FileSyntax,
  imported: readonly FileSyntax[],
  library: readonly FileSyntax[],
  sourceOf: (span: Span) => string,
) => readonly Declaration[];

export interface Moved {
  readonly analysis: Analysis;
  /** Whether checking the text would say the same: no statement has changed, only what stands between them. */
  readonly isChecked: boolean;
}

/** An analysis of a text before, as one of `source`, which `parsed` is made of. */
export function movedAnalysis(
  before: Analysis,
  source: SourceFile,
  { value: main, diagnostics }: Staged<FileSyntax>,
  declarationsOf: DeclarationsOf,
): Moved {
  const isChecked = diagnostics.length === 0 && sameStatements(before, source, main);
  const place = placing(source, changeBetween(before.source.text, source.text), !isChecked);
  const texts = new Map([...before.texts, [source.path, source.text]]);
  const [, ...others] = before.checked.syntax;
  const { imports } = before.checked;
  const sourceOf = ({ file, start, end }: Span): string => texts.get(file)?.slice(start, end) ?? "";
  const checked = {
    ...before.checked,
    syntax: [main, ...others],
    scope: declarationsOf(main, others.slice(0, imports), others.slice(imports), sourceOf),
    sideTable: { entries: movedEntries(tableOf(before).entries, source, place) },
  };
  const told = isChecked ? before.diagnostics.map((diagnostic) => movedDiagnostic(diagnostic, place)) : [];
  return { analysis: { ...before, source, texts, checked, diagnostics: told }, isChecked };
}

/** Whether the statements of a sound text are those of the one before, word for word, and documented alike. */
function sameStatements({ source, checked }: Analysis, now: SourceFile, main: FileSyntax): boolean {
  const [before] = checked.syntax;
  if (before?.complete !== true || !main.complete || before.statements.length !== main.statements.length) return false;
  return main.statements.every((statement, i) => {
    const other = before.statements[i];
    if (other === statement) return true;
    if (other === undefined || written(source, other.span) !== written(now, statement.span)) return false;
    return documentationOf(other).join("\n") === documentationOf(statement).join("\n");
  });
}

const written = ({ text }: SourceFile, { start, end }: Span): string => text.slice(start, end);

function documentationOf(statement: FileSyntax["statements"][number]): readonly string[] {
  return "documentation" in statement ? statement.documentation : [];
}

function changeBetween(before: string, after: string): TextChange {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let same = 0;
  const ends = [before.length - 1, after.length - 1] as const;
  while (same < most - start && before.charCodeAt(ends[0] - same) === after.charCodeAt(ends[1] - same)) same++;
  return { start, end: before.length - same, newEnd: after.length - same };
}

/** Where a span stands now, and whether words in it have changed; null for one of which a part is gone. */
type Place = (span: Span) => { readonly span: Span; readonly holdsChange: boolean } | null;

function placing({ path, text }: SourceFile, { start, end, newEnd }: TextChange, changesWords: boolean): Place {
  const shift = newEnd - end;
  // A word that is written on is another word.
  const continues = (offset: number): boolean => /^\w\w$/.test(text.slice(offset - 1, offset + 1));
  return (span) => {
    if (span.file !== path) return { span, holdsChange: false };
    if (span.end <= start && !(span.end === start && span.start < start && continues(start))) {
      return { span, holdsChange: false };
    }
    if (span.start >= end && !(span.start === end && span.end > end && continues(newEnd))) {
      return { span: { ...span, start: span.start + shift, end: span.end + shift }, holdsChange: false };
    }
    if (span.start > start || span.end < end || (span.start === start && span.end === end)) return null;
    return { span: { ...span, end: span.end + shift }, holdsChange: changesWords };
  };
}

/** The entries that stand where a token begins: a quotation mark makes a string of what stands behind it. */
function movedEntries(entries: readonly Entry[], { path, text }: SourceFile, place: Place): readonly Entry[] {
  const begins = new Set(tokenize(text).tokens.map(({ startOffset }) => startOffset));
  const moved: Entry[] = [];
  for (const entry of entries) {
    const one = movedEntry(entry, place);
    if (one === null) continue;
    const { file, start } = one.span;
    const isLevel = text[start - 1] === '"' && begins.has(start - 1);
    if (file !== path || isLevel || begins.has(start)) moved.push(one);
  }
  return moved;
}

function movedEntry(entry: Entry, place: Place): Entry | null {
  const placed = place(entry.span);
  if (placed === null) return null;
  const { span, holdsChange } = placed;
  if (holdsChange) return { span, kind: "expression", symbol: null, types: [], places: [] };
  const symbol = entry.symbol === null ? null : movedSymbol(entry.symbol, place);
  // Most entries stand where they stood: nothing is made anew for them.
  return span === entry.span && symbol === entry.symbol ? entry : { ...entry, span, symbol };
}

/** Null where the name that declares it has changed: then it means nothing that is known. */
function movedSymbol(symbol: SymbolReference, place: Place): SymbolReference | null {
  if (symbol.at === null) return symbol;
  const placed = place(symbol.at);
  if (placed === null || placed.holdsChange) return null;
  return placed.span === symbol.at ? symbol : { ...symbol, at: placed.span };
}

function movedDiagnostic(diagnostic: Diagnostic, place: Place): Diagnostic {
  const moved = (span: Span): Span => place(span)?.span ?? span;
  const label = ({ span, text }: Label): Label => ({ span: moved(span), text });
  const { primary, related, fixes } = diagnostic;
  return {
    ...diagnostic,
    primary: primary === null ? null : label(primary),
    related: related.map(label),
    fixes: fixes.map(({ edits, ...fix }) => ({
      ...fix,
      edits: edits.map((edit) => ({ ...edit, span: moved(edit.span) })),
    })),
  };
}
