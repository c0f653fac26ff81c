import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { parquetMetadata, parquetRead, parquetSchema } from "hyparquet";
import { parquetWriteBuffer, type BasicType } from "hyparquet-writer";
import { entryOf } from "../../compiler/base/entry.js";
import type { Coordinate } from "../../compiler/ir/protocol.js";
import { saveFormats, type ResultRow, type SaveFormat } from "../../compiler/ir/results.js";
import { writeFileAtomic } from "./atomic.js";
import { csvField } from "./csv.js";
import { reasonOf, StoreFault } from "./fault.js";

/** Columns that every table of results has, around the axes. */
const fixedColumns = ["experiment", "metric", "unit", "value", "baseline", "impact", "relative", "reason"] as const;

/** Key of the file's metadata that says which columns are axes: a JSON list of [axis, column]. */
const axesKey = "atlasc.axes";

type Cell = string | number | null;

interface AxisColumn {
  readonly axis: string;
  readonly column: string;
}

/**
 * Every axis of any row, in the order in which the rows bring them, with its column. An axis that is named as a fixed
 * column (a prompt file may have a field `value`) gets `axis.` in front.
 */
function axisColumns(rows: readonly ResultRow[]): AxisColumn[] {
  const names = new Set<string>();
  for (const row of rows) for (const axis in row.axes) names.add(axis);
  const fixed: readonly string[] = fixedColumns;
  const columns = new Map<string, AxisColumn>();
  for (const axis of names) {
    let column = fixed.includes(axis) ? `axis.${axis}` : axis;
    while (columns.has(column) || (column !== axis && names.has(column))) column = `axis.${column}`;
    columns.set(column, { axis, column });
  }
  return [...columns.values()];
}

/** The rows as columns of cells: experiment, axes, then the rest. An axis that a row lacks is null there. */
function tableOf(rows: readonly ResultRow[]): { readonly axes: AxisColumn[]; readonly cells: Map<string, Cell[]> } {
  const axes = axisColumns(rows);
  const cells = new Map<string, Cell[]>();
  cells.set(
    "experiment",
    rows.map((row) => row.experiment),
  );
  for (const { axis, column } of axes) {
    cells.set(
      column,
      rows.map((row) => entryOf(row.axes, axis) ?? null),
    );
  }
  for (const column of fixedColumns.slice(1) as Exclude<(typeof fixedColumns)[number], "experiment">[]) {
    cells.set(
      column,
      rows.map((row) => row[column]),
    );
  }
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

function parquetBytes(rows: readonly ResultRow[]): Uint8Array {
  const { axes, cells } = tableOf(rows);
  const columnData = [...cells].map(([name, values]) => {
    const type = columnType(name, values);
    const nullable = name !== "experiment" && name !== "metric" && name !== "unit" && name !== "value";
    return { name, type, nullable, data: values.map((value) => convert(value, type)) };
  });
  const mapping = JSON.stringify(axes.map(({ axis, column }) => [axis, column]));
  return new Uint8Array(
    parquetWriteBuffer({ columnData, kvMetadata: [{ key: axesKey, value: mapping }], createdBy: "atlasc" }),
  );
}

async function writeResultFile(path: string, content: Uint8Array | string): Promise<void> {
  try {
    await writeFileAtomic(path, content);
  } catch (error) {
    throw new StoreFault(`cannot write ${path}: ${reasonOf(error)}`, path, null, error);
  }
}

/**
 * Writes results.parquet: experiment, one nullable column per axis (int32, int64 or double when every coordinate is such
 * a number, else text), metric, unit, value, baseline, impact, relative (doubles, NaN as NaN, null as null), reason.
 * Rows keep their order, which is the order of the sweep, so that equal results are equal files. Rejects with StoreFault.
 */
export async function writeResults(path: string, rows: readonly ResultRow[]): Promise<void> {
  await writeResultFile(path, parquetBytes(rows));
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
  try {
    const bytes = await readFile(path);
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const metadata = parquetMetadata(file);
    const mapping = metadata.key_value_metadata?.find((entry) => entry.key === axesKey)?.value;
    if (mapping === undefined) throw new Error("it was not written by atlasc");
    const axes = JSON.parse(mapping) as [string, string][];
    const places = new Map(parquetSchema(metadata).children.map(({ element }, i) => [element.name, i]));
    let rows: unknown[][] = [];
    // As lists, because objects would lose a column whose name JavaScript's objects have a meaning for.
    await parquetRead({ file, metadata, onComplete: (read) => (rows = read as unknown[][]) });
    return rows.map((row): ResultRow => {
      const cell = (column: string): unknown => row[places.get(column) ?? -1];
      const reason = cell("reason");
      return {
        experiment: String(cell("experiment")),
        axes: Object.fromEntries(
          axes.flatMap(([axis, column]) => {
            const coordinate = coordinateOf(cell(column));
            return coordinate === null ? [] : [[axis, coordinate] as const];
          }),
        ),
        metric: String(cell("metric")),
        unit: cell("unit") as ResultRow["unit"],
        value: Number(cell("value")),
        baseline: numberOrNull(cell("baseline")),
        impact: numberOrNull(cell("impact")),
        relative: numberOrNull(cell("relative")),
        reason: typeof reason === "string" ? reason : null,
      };
    });
  } catch (error) {
    throw new StoreFault(`cannot read ${path}: ${reasonOf(error)}`, path, null, error);
  }
}

/** JSON has no NaN and no infinities: they are written as the texts "NaN", "Infinity" and "-Infinity". */
function jsonCell(value: Cell): Cell {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

function textOf(format: Exclude<SaveFormat, "parquet">, rows: readonly ResultRow[]): string {
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
export async function saveResults(path: string, rows: readonly ResultRow[]): Promise<void> {
  const format = saveFormatOf(path);
  if (format === null) {
    const known = saveFormats.map((name) => `.${name}`).join(", ");
    throw new RangeError(`cannot save ${path}: results are saved as ${known}`);
  }
  await writeResultFile(path, format === "parquet" ? parquetBytes(rows) : textOf(format, rows));
}
