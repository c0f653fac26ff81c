/** Other names: the changes that give one, and whether everything still means what it meant. */
import { tokenize } from "../../../grammar/tokens.js";
import type { Span } from "../base/span.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { SymbolKind, SymbolReference } from "../ir/side-table.js";
import { quote } from "../syntax/literals.js";
import { isWord } from "../syntax/regions.js";
import { isOwnFile, tableOf, textOf, type Analysis } from "./analysis.js";
import { referencesTo } from "./lookup.js";
import { namedAt } from "./navigation.js";

/** A change of texts. */
export interface Edit {
  readonly span: Span;
  readonly replacement: string;
}

/** What a protocol names and can name otherwise without a change of any other kind of file. */
const renameable: ReadonlySet<SymbolKind> = new Set<SymbolKind>([
  "model",
  "prompts",
  "corpus",
  "param",
  "metric",
  "experiment",
  "result",
  "column",
  "local",
  "group",
  "parameter",
  "class",
]);

export interface Renamable {
  readonly symbol: SymbolReference;
  /** The name at the cursor. */
  readonly span: Span;
}

/** Why something cannot be done, as a sentence. */
export interface Refused {
  readonly reason: string;
}

/** What would be renamed at an offset, or why nothing can be. */
export function renamableAt(analysis: Analysis, offset: number): Renamable | Refused {
  const named = namedAt(analysis, offset);
  if (named === null) return { reason: "there is no name here" };
  const { symbol } = named;
  if (symbol.at === null) return { reason: `${symbol.name} is a word of the language` };
  if (!isOwnFile(symbol.at.file)) return { reason: `${symbol.name} is declared in the standard library` };
  if (!renameable.has(symbol.kind)) return { reason: `the name of a ${symbol.kind} cannot be changed here` };
  if (textOf(analysis, symbol.at) !== symbol.name) {
    return { reason: `${symbol.name} has no name of its own: write \`as NAME\` or \`experiment NAME\` first` };
  }
  return named;
}

export type Renaming =
  | { readonly kind: "edits"; readonly symbol: SymbolReference; readonly edits: readonly Edit[] }
  | { readonly kind: "refused"; readonly reason: string };

/** The edits that give what is named at an offset another name, as far as the protocol itself shows whether that can be. */
export function renameAt(analysis: Analysis, offset: number, name: string): Renaming {
  const target = renamableAt(analysis, offset);
  if ("reason" in target) return { kind: "refused", ...target };
  const refused = refusedName(analysis, target.symbol, name);
  if (refused !== null) return { kind: "refused", ...refused };
  const { symbol } = target;
  return { kind: "edits", symbol, edits: renamingEdits(analysis, symbol, name) };
}

/** Why something cannot have a name, from what its own protocol declares; null where nothing is known against it. */
function refusedName({ checked }: Analysis, { name }: SymbolReference, wanted: string): Refused | null {
  if (!isPossibleName(wanted)) return { reason: `${JSON.stringify(wanted)} is no name of the language` };
  const taken = checked.scope.find((declaration) => declaration.name === wanted && isOwnFile(declaration.file));
  if (wanted === name || taken === undefined) return null;
  return { reason: `the protocol already has the ${taken.kind} ${wanted}` };
}

/** The edits that give something another name wherever a protocol names it, in the files that it imports too. */
export function renamingEdits(analysis: Analysis, symbol: SymbolReference, name: string): readonly Edit[] {
  return referencesTo(tableOf(analysis), symbol).flatMap(({ span }) => {
    const written = textOf(analysis, span);
    if (written === symbol.name) return [{ span, replacement: name }];
    // A name in quotes is a level: `group is "poetry"`.
    return written === quote(symbol.name) ? [{ span, replacement: quote(name) }] : [];
  });
}

/**
 * Why a protocol does not mean the same after edits that rename something: `after` is what it is with them. Null where it
 * does: the same pieces name the same things, and nothing new is wrong.
 */
export function changedMeaning(before: Analysis, after: Analysis, edits: readonly Edit[]): Refused | null {
  const mistake = newMistake(before.diagnostics, after.diagnostics);
  if (mistake !== null) return { reason: `then ${mistake.message}` };
  const moved = moving(edits);
  const place = ({ file, start, end }: Span): string => `${file} ${start} ${end}`;
  const pieces = (analysis: Analysis, at: (span: Span) => Span): readonly string[] =>
    tableOf(analysis).entries.map(({ span, kind, symbol }) => {
      const declared = symbol?.at == null ? "" : place(at(symbol.at));
      return `${place(at(span))} ${kind} ${symbol?.kind ?? ""} ${declared}`;
    });
  const were = pieces(before, moved);
  const are = pieces(after, (span) => span);
  const same = were.length === are.length && were.every((piece, i) => piece === are[i]);
  return same ? null : { reason: "then a name would mean something else" };
}

/** A mistake of a kind that there were fewer of before. */
function newMistake(before: readonly Diagnostic[], after: readonly Diagnostic[]): Diagnostic | null {
  const left = new Map<string, number>();
  for (const { code } of before) left.set(code, (left.get(code) ?? 0) + 1);
  for (const diagnostic of after) {
    const count = left.get(diagnostic.code) ?? 0;
    if (count === 0) return diagnostic;
    left.set(diagnostic.code, count - 1);
  }
  return null;
}

/** Where a span stands once edits are made. */
function moving(edits: readonly Edit[]): (span: Span) => Span {
  const byFile = new Map<string, readonly Edit[]>();
  for (const edit of edits) byFile.set(edit.span.file, [...(byFile.get(edit.span.file) ?? []), edit]);
  const shiftedBy = (own: readonly Edit[], isBefore: (edit: Edit) => boolean): number =>
    own.reduce((sum, edit) => {
      return isBefore(edit) ? sum + edit.replacement.length - (edit.span.end - edit.span.start) : sum;
    }, 0);
  return (span) => {
    const own = byFile.get(span.file);
    if (own === undefined) return span;
    return {
      file: span.file,
      start: span.start + shiftedBy(own, (edit) => edit.span.end <= span.start && edit.span.start < span.start),
      end: span.end + shiftedBy(own, (edit) => edit.span.end <= span.end && edit.span.start < span.end),
    };
  };
}

/** A text once edits are made; `edits` are those of its file. */
export function edited(text: string, edits: readonly Edit[]): string {
  const last = [...edits].sort((a, b) => b.span.start - a.span.start);
  return last.reduce((made, { span, replacement }) => {
    return made.slice(0, span.start) + replacement + made.slice(span.end);
  }, text);
}

/** One token that can stand where a name can: no word that begins statements or joins them. */
function isPossibleName(name: string): boolean {
  const { tokens, errors } = tokenize(name);
  const [token, ...more] = tokens;
  if (token === undefined || more.length > 0 || errors.length > 0 || token.image !== name) return false;
  return isWord(token) && (token.tokenType.CATEGORIES ?? []).some((category) => category.name === "Name");
}
