import { extname } from "node:path";
import type { BasicType } from "hyparquet-writer";
import { entryOf } from "../../compiler/base/entry.js";
import type { Coordinate } from "../../compiler/ir/protocol.js";
import { saveFormats, type ResultRow, type SavedRow, type SaveFormat } from "../../compiler/ir/results.js";
import { writeFileAtomic } from "./atomic.js";
import { csvField } from "./csv.js";
import { reasonOf, StoreFault } from "./fault.js";
import { pandasMetadata } from "./pandas.js";

/** Key of the file's metadata that names its format. */
const formatKey = "atlasc.format";
const format = "atlasc-results-2";

/** Key of the file's metadata that says which columns are axes and which follow from them: a JSON list of names. */
const axesKey = "atlasc.axes";

type Cell = string | number | null;

/** Every axis and column of any row, in the order in which the rows bring them. */
function axisNames(rows: readonly SavedRow[]): readonly string[] {
  const names = new Set<string>();
  for (const row of rows) for (const axis of Object.keys(row.axes)) names.add(axis);
  return [...names];
}

/** The columns after the axes, by name. */
const closing = {
  prompt_text: (row) => row.promptText,
  token: (row) => row.token,
  metric: (row) => row.metric,
  unit: (row) => row.unit,
  value: (row) => row.value,
  value_text: (row) => row.valueText,
  baseline: (row) => row.baseline,
  impact: (row) => row.impact,
  relative: (row) => row.relative,
  reason: (row) => row.reason,
} satisfies Readonly<Record<string, (row: SavedRow) => Cell>>;

/** The rows as columns of cells: experiment, condition, axes, then the rest. An axis that a row lacks is null there. */
function tableOf(rows: readonly SavedRow[]): { readonly axes: readonly string[]; readonly cells: Map<string, Cell[]> } {
  const axes = axisNames(rows);
  const cells = new Map<string, Cell[]>();
  const add = (name: string, cell: (row: SavedRow) => Cell): void => void cells.set(name, rows.map(cell));
  add("experiment", (row) => row.experiment);
  add("condition", (row) => row.condition);
  for (const axis of axes) add(axis, (row) => entryOf(row.axes, axis) ?? null);
  for (const [name, cell] of Object.entries(closing)) add(name, cell);
  return { axes, cells };
}

/** The narrowest type that holds every cell. Text and numbers together become text. */
function columnType(name: string, values: readonly Cell[]): BasicType {
  if (["value", "baseline", "impact", "relative"].includes(name)) return "DOUBLE";
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

function convert(value: Cell, type: BasicType): Cell | bigint {
  if (value === null) return null;
  if (type === "STRING") return String(value);
  return type === "INT64" ? BigInt(value) : value;
}

const neverNull: ReadonlySet<string> = new Set(["experiment", "metric", "unit", "value"]);

/** Opens the packages for parquet, which a run that finds its results written does not need. */
async function parquetBytes(rows: readonly SavedRow[]): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const { axes, cells } = tableOf(rows);
  const columnData = [...cells].map(([name, values]) => {
    const type = columnType(name, values);
    return { name, type, nullable: !neverNull.has(name), data: values.map((value) => convert(value, type)) };
  });
  const kvMetadata = [
    { key: formatKey, value: format },
    { key: axesKey, value: JSON.stringify(axes) },
    { key: "pandas", value: JSON.stringify(pandasMetadata(columnData)) },
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, kvMetadata, createdBy: "atlasc" }));
}

async function writeResultFile(path: string, content: Uint8Array | string): Promise<void> {
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
export async function writeResults(path: string, rows: readonly SavedRow[]): Promise<void> {
  await writeResultFile(path, await parquetBytes(rows));
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

function textOf(format: Exclude<SaveFormat, "parquet">, rows: readonly SavedRow[]): string {
  const { cells } = tableOf(rows);
  const columns = [...cells.keys()];
  const table = rows.map((_, i) => columns.map((column) => cells.get(column)?.[i] ?? null));
  if (format === "csv") return [columns, ...table].map((row) => `${row.map(csvField).join(",")}\n`).join("");
  const objects = table.map((row) =>
    JSON.stringify(Object.fromEntries(row.map((cell, i) => [columns[i] ?? "", jsonCell(cell)]))),
  );
  return format === "jsonl" ? objects.map((line) => `${line}\n`).join("") : `[\n${objects.join(",\n")}\n]\n`;
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
export async function saveResults(path: string, rows: readonly SavedRow[]): Promise<void> {
  const format = saveFormatOf(path);
  if (format === null) {
    const known = saveFormats.map((name) => `.${name}`).join(", ");
    throw new RangeError(`cannot save ${path}: results are saved as ${known}`);
  }
  await writeResultFile(path, format === "parquet" ? await parquetBytes(rows) : textOf(format, rows));
}
