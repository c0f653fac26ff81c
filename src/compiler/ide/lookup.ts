/** Questions about a side table: what stands at a place, where it is declared, and where else it is named. */
import type { Span } from "../base/span.js";
import type { Entry, SideTable, SymbolReference } from "../ir/side-table.js";

/** The entries whose span holds `offset`, the innermost first. A place right behind a span belongs to it, as a cursor does. */
export function entriesAt({ entries }: SideTable, file: string, offset: number): readonly Entry[] {
  const around: Entry[] = [];
  // Entries are sorted by start, those that start together by falling length: the last one that holds the offset is the innermost.
  for (let i = firstOf(entries, file); i < entries.length; i++) {
    const entry = entries[i];
    if (entry?.span.file !== file || entry.span.start > offset) break;
    if (entry.span.end >= offset) around.unshift(entry);
  }
  return around;
}

/** The index of a file's first entry, by binary search. */
function firstOf(entries: readonly Entry[], file: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.span.file ?? "") < file) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What the name at a place means; null where there is no name, or one that means nothing. */
export function symbolAt(table: SideTable, file: string, offset: number): SymbolReference | null {
  return entriesAt(table, file, offset).find((entry) => entry.symbol !== null)?.symbol ?? null;
}

/** Where a symbol is declared: the name that declares it, as far as it has one. Null for words of the language. */
export function definitionOf({ at }: SymbolReference): Span | null {
  return at;
}

export function sameSymbol(a: SymbolReference, b: SymbolReference): boolean {
  const samePlace = a.at?.file === b.at?.file && a.at?.start === b.at?.start && a.at?.end === b.at?.end;
  return a.kind === b.kind && a.name === b.name && samePlace;
}

/** Every entry that names a symbol, its definition among them, in the order of the table. */
export function referencesTo({ entries }: SideTable, symbol: SymbolReference): readonly Entry[] {
  return entries.filter((entry) => entry.symbol !== null && sameSymbol(entry.symbol, symbol));
}
