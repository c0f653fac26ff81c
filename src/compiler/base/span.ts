/** A piece of source text: UTF-16 offsets into the file at `file`, end excluded. */
export interface Span {
  /** Path as the user wrote it (or `@stdlib/…`): the key under which the host supplied the text. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** A source text and the name that diagnostics give it. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A position that a person reads: both numbers count from 1; columns count UTF-16 units. */
export interface LineColumn {
  readonly line: number;
  readonly column: number;
}

/** Offsets at which each line of `text` begins. */
export function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) === 10) starts.push(i + 1);
  return starts;
}

/** Line and column of `offset`, by binary search in {@link lineStarts}. */
export function lineColumn(starts: readonly number[], offset: number): LineColumn {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}

/** The smallest span that covers both. */
export function joinSpans(a: Span, b: Span): Span {
  return { file: a.file, start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
}
