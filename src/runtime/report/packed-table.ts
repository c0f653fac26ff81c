/**
 * A table too long for a page's rows, as the page carries it: columns of numbers, compressed. A million rows of eight
 * columns are some ten megabytes and open at once, because the page makes a hundred rows of them at a time.
 */
import { gzipSync } from "node:zlib";
import { printable } from "../../compiler/base/printable.js";
import { isNumericColumn, notationOfColumn, type TableCell, type TableData } from "./table-data.js";
import type { NumberNotation } from "./format.js";

/** Where a row of numbers lies in the bytes after the header, and how they are to be read. */
interface Slice {
  readonly type: "f64" | "i32";
  /** In bytes, a multiple of 8. */
  readonly offset: number;
}

/** A column: `values` are numbers, or places in `texts` (-1: nothing there). */
interface PackedColumn {
  readonly numeric: boolean;
  readonly notation: NumberNotation;
  readonly values: Slice;
  readonly texts: readonly string[] | null;
  /** 1 where there is nothing, though NaN would be something; null where there is always something. */
  readonly absent: Slice | null;
  readonly errors: Slice | null;
  /** Places in the table's reasons, -1 for none. */
  readonly reasons: Slice | null;
  /** What is shown instead of the number: places in `words`, -1 for none. */
  readonly shown: Slice | null;
  readonly words: readonly string[] | null;
  /** The marked part of a text: where it begins and ends; -1 for none. */
  readonly marks: readonly [Slice, Slice] | null;
}

/**
 * The table as base64 of gzip of: the length of the header (uint32, little endian), the header (JSON in UTF-8, filled up to a
 * multiple of 8 bytes with the length in front), the numbers.
 */
export function packTable(table: TableData, reasons: readonly string[]): string {
  const { columns, rows } = table;
  const buffers: ArrayBuffer[] = [];
  let offset = 0;
  const keep = (type: Slice["type"], numbers: Float64Array | Int32Array): Slice => {
    const bytes = numbers.byteLength;
    const padded = new ArrayBuffer(Math.ceil(bytes / 8) * 8);
    new Uint8Array(padded).set(new Uint8Array(numbers.buffer, numbers.byteOffset, bytes));
    buffers.push(padded);
    const slice = { type, offset };
    offset += padded.byteLength;
    return slice;
  };
  const integers = (of: (cell: TableCell | undefined) => number, at: number): Slice =>
    keep(
      "i32",
      Int32Array.from(rows, (row) => of(row[at])),
    );
  const packed = columns.map((_, at): PackedColumn => {
    const any = (has: (cell: TableCell) => boolean): boolean =>
      rows.some((row) => row[at] !== undefined && has(row[at]));
    const numeric = isNumericColumn(table, at);
    const texts = numeric ? null : dictionary();
    const words = any(({ shown }) => shown !== undefined) ? dictionary() : null;
    const numberOf = (cell: TableCell | undefined): number => (typeof cell?.value === "number" ? cell.value : NaN);
    const textAt = (cell: TableCell | undefined): number =>
      cell?.value == null ? -1 : (texts?.place(textWithMark(cell).text) ?? -1);
    const hasMarks = any(({ mark }) => mark !== undefined);
    const reasonAt = new Map(reasons.map((reason, i) => [reason, i]));
    return {
      numeric,
      notation: notationOfColumn(table, at),
      values:
        texts === null
          ? keep(
              "f64",
              Float64Array.from(rows, (row) => numberOf(row[at])),
            )
          : integers(textAt, at),
      texts: texts?.entries ?? null,
      absent: numeric && any(({ value }) => value === null) ? integers((c) => (c?.value == null ? 1 : 0), at) : null,
      errors: any(({ error }) => error !== undefined)
        ? keep(
            "f64",
            Float64Array.from(rows, (row) => row[at]?.error ?? NaN),
          )
        : null,
      reasons: any(({ reason }) => reason !== null)
        ? integers((cell) => (cell?.reason == null ? -1 : (reasonAt.get(cell.reason) ?? -1)), at)
        : null,
      shown:
        words === null
          ? null
          : integers((cell) => (cell?.shown === undefined ? -1 : words.place(printable(cell.shown))), at),
      words: words?.entries ?? null,
      marks: hasMarks
        ? [
            integers((cell) => (cell === undefined ? -1 : textWithMark(cell).start), at),
            integers((cell) => (cell === undefined ? -1 : textWithMark(cell).end), at),
          ]
        : null,
    };
  });
  const json = Buffer.from(JSON.stringify({ rows: rows.length, columns: packed }));
  const head = Buffer.alloc(Math.ceil((4 + json.length) / 8) * 8, 32);
  head.writeUInt32LE(head.length - 4, 0);
  json.copy(head, 4);
  return gzipSync(Buffer.concat([head, ...buffers.map((buffer) => Buffer.from(buffer))])).toString("base64");
}

/** The text of a cell as the page shows it, and where its marked part lies in that. */
function textWithMark({ value, mark }: TableCell): {
  readonly text: string;
  readonly start: number;
  readonly end: number;
} {
  const text = String(value ?? "");
  if (mark === undefined) return { text: printable(text), start: -1, end: -1 };
  const before = printable(text.slice(0, mark[0]));
  const marked = printable(text.slice(mark[0], mark[1]));
  const after = printable(text.slice(mark[1]));
  return { text: before + marked + after, start: before.length, end: before.length + marked.length };
}

/** Texts by the order in which they were met, each once. */
function dictionary(): { readonly entries: readonly string[]; readonly place: (text: string) => number } {
  const entries: string[] = [];
  const places = new Map<string, number>();
  return {
    entries,
    place: (text) => {
      const known = places.get(text);
      if (known !== undefined) return known;
      places.set(text, entries.length);
      return entries.push(text) - 1;
    },
  };
}
