/** Tables ready to be shown: plain data, made by `tables.ts` and `winner-table.ts`, rendered as text and as HTML. */
import type { Coordinate } from "../../compiler/ir/protocol.js";
import { formatIn, notationOf, type NumberNotation } from "./format.js";

/**
 * A column of a table. `signed` columns are differences, whose plus sign is written. Axes stand first and are repeated
 * where a wide table is broken; `text` is what is said in words about a row.
 */
export interface TableColumn {
  readonly name: string;
  readonly kind: "axis" | "value" | "text";
  /** `nats`, `bits`, `token`, or null for a plain number or an axis. */
  readonly unit: string | null;
  readonly signed: boolean;
  /** What stands above it and the columns beside it of the same heading: the axis or the value that they are of. */
  readonly heading?: string;
  /** Columns of one quantity have one notation: the ends of an interval are written like the value. null: the column's own. */
  readonly quantity: string | null;
}

/** An entry of a table; null where there is nothing at this place. */
export interface TableCell {
  readonly value: Coordinate | null;
  /** Why a NaN is one. */
  readonly reason: string | null;
  /** What stands behind ± beside the number: a standard error, in the unit of the value. */
  readonly error?: number;
  /** What is shown instead of the number: the token that an id stands for. */
  readonly shown?: string;
  /** The part of the text that is meant, [start, end) in UTF-16 units: the token within the text around it. */
  readonly mark?: readonly [number, number];
}

/** A table ready to be shown: every row has one cell per column, in the order of the columns. */
export interface TableData {
  readonly title: string;
  /** What the protocol says of it; absent where it says nothing. */
  readonly caption?: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly TableCell[])[];
  /** What was averaged, sorted and left out; null when there is nothing to say. */
  readonly note: string | null;
  /** What a reader must know before trusting it: places left out by a join, means of unlike numbers of values. */
  readonly warnings: readonly string[];
}

/** A column of numbers. */
export function valueColumn(
  name: string,
  unit: string | null,
  signed: boolean,
  quantity: string | null = null,
): TableColumn {
  return { name, kind: "value", unit, signed, quantity };
}

/** A column of coordinates. */
export function axisColumn(name: string): TableColumn {
  return { name, kind: "axis", unit: null, signed: false, quantity: null };
}

/** A column of words. */
export function textColumn(name: string): TableColumn {
  return { name, kind: "text", unit: null, signed: false, quantity: null };
}

/** Whether a column holds numbers only, and stands at the right. */
export function isNumericColumn({ rows }: Pick<TableData, "rows">, at: number): boolean {
  return rows.every((row) => row[at]?.value == null || typeof row[at].value === "number");
}

/** The notation of a column of values: one for all columns of its quantity, and for what stands behind ±. */
export function notationOfColumn({ columns, rows }: Pick<TableData, "columns" | "rows">, at: number): NumberNotation {
  const column = columns[at];
  const own = column?.quantity ?? null;
  const same = own === null ? [] : columns.flatMap(({ quantity }, i) => (quantity === own && i !== at ? [i] : []));
  const numbers = function* (): Generator<number> {
    for (const index of [at, ...same]) {
      for (const row of rows) {
        const cell = row[index];
        if (typeof cell?.value === "number") yield cell.value;
        if (cell?.error !== undefined) yield cell.error;
      }
    }
  };
  return notationOf(numbers(), column?.signed ?? false);
}

/** A number of a column, with its error behind ±; `shown` and words as they are, and `·` where there is nothing. */
export function cellText({ kind }: TableColumn, cell: TableCell | undefined, notation: NumberNotation): string {
  const value = cell?.value ?? null;
  if (cell === undefined || value === null) return "·";
  if (cell.shown !== undefined) return cell.shown;
  if (kind !== "value" || typeof value !== "number") return String(value);
  const number = formatIn(value, notation);
  return cell.error === undefined ? number : `${number} ± ${formatIn(cell.error, { ...notation, signed: false })}`;
}
