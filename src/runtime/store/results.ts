import { extname } from "node:path";
import type { BasicType } from "hyparquet-writer";
import type { Coordinate } from "../../compiler/ir/protocol.js";
import { saveFormats, type ResultRow, type SaveFormat } from "../../compiler/ir/results.js";
import { writeFileAtomic, type FileContent } from "./atomic.js";
import { csvField } from "./csv.js";
import { reasonOf, StoreFault } from "./fault.js";
import { pandasMetadata } from "./pandas.js";
import { columnNames, type Cell, type SavedTable } from "./saved-table.js";

/** Key of the file's metadata that names its format. */
const formatKey = "atlasc.format";
const format = "atlasc-results-2";

/** Key of the file's metadata that says which columns are axes and which follow from them: a JSON list of names. */
const axesKey = "atlasc.axes";

/** The narrowest type that holds every coordinate. Text and numbers together become text. */
function axisType(values: Iterable<Cell>): BasicType {
  let type: BasicType | null = null;
  for (const value of values) {
    if (value === null) continue;
    if (typeof value === "string") return "STRING";
    if (!Number.isSafeInteger(value)) type = "DOUBLE";
    else if (value !== (value | 0) && type !== "DOUBLE") type = "INT64";
    else type ??= "INT32";
  }
  return type ?? "STRING";
}

const numberColumns: ReadonlySet<string> = new Set(["value", "baseline", "impact", "relative"]);

function convert(value: Cell, type: BasicType): Cell | bigint {
  if (value === null) return null;
  if (type === "STRING") return String(value);
  return type === "INT64" ? BigInt(value) : value;
}

const neverNull: ReadonlySet<string> = new Set(["experiment", "metric", "unit", "value"]);

/** Rows of the groups of a file: a first small one, then large ones. */
const groupRows = [1000, 100_000] as const;

/**
 * A parquet file in pieces, a group of rows each: no more is in memory than one. Opens the packages for parquet, which a run
 * that finds its results written does not need.
 */
async function* parquetBytes(table: SavedTable): AsyncGenerator<Uint8Array> {
  const { ByteWriter, ParquetWriter, schemaFromColumnData } = await import("hyparquet-writer");
  const axes = new Set(table.axes);
  const columns = columnNames(table.axes).map((name) => {
    const type: BasicType = numberColumns.has(name)
      ? "DOUBLE"
      : axes.has(name)
        ? axisType(table.coordinatesOn(name))
        : "STRING";
    return { name, type, nullable: !neverNull.has(name) };
  });
  const kvMetadata = [
    { key: formatKey, value: format },
    { key: axesKey, value: JSON.stringify(table.axes) },
    { key: "pandas", value: JSON.stringify(pandasMetadata(columns)) },
  ];
  const writer = new ByteWriter();
  const schema = schemaFromColumnData({ columnData: columns.map((column) => ({ ...column, data: [] })) });
  const file = new ParquetWriter({ writer, schema, kvMetadata, createdBy: "atlasc" });
  const written = (): Uint8Array => {
    const bytes = writer.getBytes().slice();
    writer.index = 0;
    return bytes;
  };
  for (let from = 0; from < table.length;) {
    const rowGroupSize = Math.min(from === 0 ? groupRows[0] : groupRows[1], table.length - from);
    const cells = table.cells(from, from + rowGroupSize);
    const columnData = columns.map(({ name, type }, c) => {
      const own = cells[c] ?? [];
      // Numbers and texts are as they are to be written, but for what an axis has of both.
      const data = axes.has(name) && type !== "INT32" ? own.map((value) => convert(value, type)) : own;
      return { name, data };
    });
    await file.write({ columnData, rowGroupSize });
    from += rowGroupSize;
    yield written();
  }
  await file.finish();
  yield written();
}

async function writeResultFile(path: string, content: FileContent): Promise<void> {
  try {
    await writeFileAtomic(path, content);
  } catch (error) {
    throw new StoreFault(`cannot write ${path}: ${reasonOf(error)}`, path, null, error);
  }
}

/**
 * Writes results.parquet: experiment, condition, one nullable column for each axis and each column that follows from
 * axes (int32, int64 or double when every coordinate is such a number, else text), the words of the text, metric, unit,
 * value, baseline, impact, relative (doubles, NaN as NaN, null as null), reason. Rows keep their order, which is the
 * order of the sweep, so that equal results are equal files. Rejects with StoreFault.
 */
export async function writeResults(path: string, table: SavedTable): Promise<void> {
  await writeResultFile(path, () => parquetBytes(table));
}

function coordinateOf(value: unknown): Coordinate | null {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" || typeof value === "number" ? value : null;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

/** Reads results.parquet back, in the order written. Rejects with StoreFault when it is missing or damaged. */
export async function readResults(path: string): Promise<ResultRow[]> {
  const rows: ResultRow[] = [];
  for await (const chunk of resultChunks(path)) for (const row of chunk) rows.push(row);
  return rows;
}

/**
 * The rows of results.parquet, in the order written, a group of the file's rows at a time: for files that are not to be held
 * in memory as a whole. Rejects with StoreFault when it is missing or damaged.
 */
export async function* resultChunks(path: string): AsyncGenerator<readonly ResultRow[]> {
  try {
    const { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetSchema } = await import("hyparquet");
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const said = (key: string): string | undefined =>
      metadata.key_value_metadata?.find((entry) => entry.key === key)?.value;
    const names = said(axesKey);
    if (names === undefined) throw new Error("it was not written by atlasc");
    const written = said(formatKey) ?? "atlasc-results-1";
    if (written !== format) {
      throw new Error(
        `its format is ${written}, and this version reads ${format}: run the protocol again to rewrite it`,
      );
    }
    const axes = JSON.parse(names) as string[];
    const places = new Map(parquetSchema(metadata).children.map(({ element }, i) => [element.name, i]));
    let rowStart = 0;
    for (const { num_rows: count } of metadata.row_groups) {
      const rowEnd = rowStart + Number(count);
      let rows: unknown[][] = [];
      // As lists, because objects would lose a column whose name JavaScript's objects have a meaning for.
      await parquetRead({ file, metadata, rowStart, rowEnd, onComplete: (read) => (rows = read as unknown[][]) });
      yield rows.map((row) => resultRow(row, axes, places));
      rowStart = rowEnd;
    }
  } catch (error) {
    throw new StoreFault(`cannot read ${path}: ${reasonOf(error)}`, path, null, error);
  }
}

function resultRow(row: readonly unknown[], axes: readonly string[], places: ReadonlyMap<string, number>): ResultRow {
  const cell = (column: string): unknown => row[places.get(column) ?? -1];
  const text = (column: string): string | null => {
    const found = cell(column);
    return typeof found === "string" ? found : null;
  };
  return {
    experiment: String(cell("experiment")),
    condition: text("condition") ?? "",
    axes: Object.fromEntries(
      axes.flatMap((axis) => {
        const coordinate = coordinateOf(cell(axis));
        return coordinate === null ? [] : [[axis, coordinate] as const];
      }),
    ),
    metric: String(cell("metric")),
    unit: cell("unit") as ResultRow["unit"],
    value: Number(cell("value")),
    baseline: numberOrNull(cell("baseline")),
    impact: numberOrNull(cell("impact")),
    relative: numberOrNull(cell("relative")),
    reason: text("reason"),
  };
}

/** JSON has no NaN and no infinities: they are written as the texts "NaN", "Infinity" and "-Infinity". */
function jsonCell(value: Cell): Cell {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** Rows that become text at once. */
const textRows = 2000;

function* textOf(format: Exclude<SaveFormat, "parquet">, table: SavedTable): Generator<string> {
  const columns = columnNames(table.axes);
  if (format === "csv") yield `${columns.map(csvField).join(",")}\n`;
  if (format === "json") yield "[\n";
  for (let from = 0; from < table.length; from += textRows) {
    const to = Math.min(from + textRows, table.length);
    const cells = table.cells(from, to);
    let text = "";
    for (let i = 0; i < to - from; i++) {
      const row = cells.map((column) => column[i] ?? null);
      if (format === "csv") text += `${row.map(csvField).join(",")}\n`;
      else {
        const line = JSON.stringify(Object.fromEntries(row.map((cell, c) => [columns[c] ?? "", jsonCell(cell)])));
        const isLast = from + i === table.length - 1;
        text += format === "jsonl" || isLast ? `${line}\n` : `${line},\n`;
      }
    }
    yield text;
  }
  if (format === "json") yield table.length === 0 ? "\n]\n" : "]\n";
}

/** The format that a path's suffix asks for, or null for a suffix that is not among `saveFormats`. */
export function saveFormatOf(path: string): SaveFormat | null {
  const suffix = extname(path).slice(1).toLowerCase();
  return saveFormats.find((format) => format === suffix) ?? null;
}

/**
 * Saves results in the format of the suffix (.csv, .jsonl, .json, .parquet), atomically, columns as in results.parquet.
 * Rejects with RangeError for another suffix, with StoreFault when the file cannot be written.
 */
export async function saveResults(path: string, table: SavedTable): Promise<void> {
  const format = saveFormatOf(path);
  if (format === null) {
    const known = saveFormats.map((name) => `.${name}`).join(", ");
    throw new RangeError(`cannot save ${path}: results are saved as ${known}`);
  }
  if (format === "parquet") await writeResults(path, table);
  else await writeResultFile(path, () => textOf(format, table));
}
