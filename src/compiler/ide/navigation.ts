/** From names to what they mean: where they are declared, and where else they are named. */
import type { Span } from "../base/span.js";
import type { SymbolKind, SymbolReference } from "../ir/side-table.js";
import { isOwnFile, tableOf, type Analysis } from "./analysis.js";
import { entriesAt, referencesTo } from "./lookup.js";

export interface Definition {
  /** The name at the cursor. */
  readonly origin: Span;
  readonly target: Span;
}

/** Where what is named at an offset is declared; null for words of the language and between names. */
export function definitionAt(analysis: Analysis, offset: number): Definition | null {
  const named = namedAt(analysis, offset);
  return named?.symbol.at == null ? null : { origin: named.span, target: named.symbol.at };
}

/** Every place that names what is named at an offset, in the order of files and lines. */
export function referencesAt(analysis: Analysis, offset: number, withDeclaration: boolean): readonly Span[] {
  const named = namedAt(analysis, offset);
  if (named === null) return [];
  return referencesTo(tableOf(analysis), named.symbol)
    .filter(({ kind }) => withDeclaration || kind !== "definition")
    .map(({ span }) => span);
}

/** What other files can name: what a file that they import declares, and its parts. */
const visibleElsewhere: ReadonlySet<SymbolKind> = new Set<SymbolKind>([
  "model",
  "prompts",
  "corpus",
  "param",
  "metric",
  "parameter",
  "group",
]);

/** What other files may name, too, at an offset: with its file, which they import. Null for everything else. */
export function sharedAt(
  analysis: Analysis,
  offset: number,
): { readonly symbol: SymbolReference; readonly file: string } | null {
  const symbol = namedAt(analysis, offset)?.symbol;
  if (symbol?.at == null || !isOwnFile(symbol.at.file) || !visibleElsewhere.has(symbol.kind)) return null;
  return { symbol, file: symbol.at.file };
}

/** Every place of a protocol that names something, in the order of files and lines. */
export function referencesOf(analysis: Analysis, symbol: SymbolReference): readonly Span[] {
  return referencesTo(tableOf(analysis), symbol).map(({ span }) => span);
}

/** What is named at an offset of the protocol's own text, and where; null between names. */
export function namedAt(
  analysis: Analysis,
  offset: number,
): { readonly symbol: SymbolReference; readonly span: Span } | null {
  for (const { symbol, span } of entriesAt(tableOf(analysis), analysis.source.path, offset)) {
    if (symbol !== null) return { symbol, span };
  }
  return null;
}
