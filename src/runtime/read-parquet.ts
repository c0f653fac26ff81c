/** Parquet files of texts: their rows as JSON Lines, which is how the compiler reads records. */
import { open, type FileHandle } from "node:fs/promises";
import {
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { FileFact } from "../compiler/base/file-fact.js";
import { readableColumns, timeParsers, type ReadableColumns } from "./parquet-cells.js";
import { reasonOf } from "./store/fault.js";
import { sizeText } from "./read-text.js";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Where in the rows reading is: for messages. */
interface Place {
  row: number;
}

/**
 * The rows of a parquet file, one JSON object a line, of at most `most` bytes of text. Whole numbers that float64 cannot
 * hold are texts, and so are decimals of more than 15 digits, dates, times and infinite numbers; NaN is null; bytes that are no text are `{bytes: N}`. What
 * cannot be read is a problem.
 */
export async function readParquetFile(path: string, most: number): Promise<FileFact> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    return await readParquet(bufferOf(file, size), { most });
  } finally {
    await file.close();
  }
}

function bufferOf(file: FileHandle, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const from = start < 0 ? byteLength + start : start;
      const bytes = new Uint8Array(Math.max(0, end - from));
      let done = 0;
      while (done < bytes.length) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
        if (bytesRead === 0) throw new Error(`the file ends at byte ${from + done}`);
        done += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

/** How much of a parquet file is read. */
export interface ParquetPart {
  /** Bytes of text at most. */
  readonly most: number;
  /** Rows from the first on; all when nothing is said. */
  readonly rows?: number;
}

/** {@link readParquetFile} of bytes, wherever they are. */
export async function readParquet(file: AsyncBuffer, { most, rows = Infinity }: ParquetPart): Promise<FileFact> {
  const place: Place = { row: 0 };
  try {
    if (file.byteLength > most) return tooLarge(file.byteLength, most);
    const metadata = await parquetMetadataAsync(file);
    const twice = columnTwice(metadata);
    if (twice !== null) return { problem: `it has two columns called "${twice}"` };
    const columns = readableColumns(metadata);
    if ("problem" in columns) return columns;
    const count = Math.min(Number(metadata.num_rows), rows);
    return await linesOf(file, columns, count, most, place);
  } catch (error) {
    const near = place.row === 0 ? "" : ` (after row ${place.row})`;
    return { problem: `it cannot be read as parquet: ${reasonOf(error)}${near}` };
  }
}

function tooLarge(size: number, most: number): FileFact {
  return {
    problem: `it has ${sizeText(size)}, and at most ${sizeText(most)} are read`,
    advice: "take a part of it, or divide it into several files",
  };
}

/** Rows that are read at once. */
const chunk = 4_096;

async function linesOf(
  file: AsyncBuffer,
  { metadata, cells }: ReadableColumns,
  count: number,
  most: number,
  place: Place,
): Promise<FileFact> {
  const parts: string[] = [];
  let size = 0;
  for (; place.row < count; place.row = Math.min(count, place.row + chunk)) {
    const rows = await parquetReadObjects({
      file,
      metadata,
      compressors: boundedCompressors(most),
      utf8: false,
      parsers: { ...timeParsers, stringFromBytes: textOfBytes },
      rowStart: place.row,
      rowEnd: Math.min(count, place.row + chunk),
    });
    for (const row of rows) {
      // A text that is stored once may be that of every row.
      const text = `${JSON.stringify(cells(row), jsonValue)}\n`;
      size += text.length;
      if (size > most) return tooLarge(size, most);
      parts.push(text);
    }
  }
  return { text: parts.join("") };
}

/** Decompression that refuses a page of more than `most` bytes before it takes the memory. */
function boundedCompressors(most: number): Compressors {
  const bounded = Object.entries(compressors).map(([codec, decompress]): [string, typeof decompress] => [
    codec,
    (input, length) => {
      if (length > most)
        throw new Error(`a page of it has ${sizeText(length)}, and at most ${sizeText(most)} are read`);
      return decompress(input, length);
    },
  ]);
  return Object.fromEntries(bounded);
}

/** The first name that two columns have; null when all differ. */
function columnTwice(metadata: FileMetaData): string | null {
  const seen = new Set<string>();
  for (const { element } of parquetSchema(metadata).children) {
    if (seen.has(element.name)) return element.name;
    seen.add(element.name);
  }
  return null;
}

function textOfBytes(bytes: Uint8Array | undefined): string {
  // (A null in a column of texts has no bytes; its type does not say so.)
  if (bytes === undefined) return undefined as unknown as string;
  try {
    return strict.decode(bytes);
  } catch {
    throw new Error("a text in it is not UTF-8");
  }
}

/** A cell as JSON has it: for JSON.stringify, which has made texts of dates. */
function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return Number.isNaN(value) ? null : String(value);
  if (!(value instanceof Uint8Array)) return value;
  if (value.length === 0) return null;
  // Old writers do not say which bytes are texts.
  try {
    return strict.decode(value);
  } catch {
    return { bytes: value.length };
  }
}
