/** Tables ready to be shown: plain data, made by `tables.ts` and `winner-table.ts`, rendered as text and as HTML. */
import type { Coordinate } from "../../compiler/ir/protocol.js";

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
  /** Columns of one quantity have one notation: the ends of an interval are written like the value. null: the column's own. */
  readonly quantity: string | null;
}

/** An entry of a table; null where there is nothing at this place. */
export interface TableCell {
  readonly value: Coordinate | null;
  /** Why a NaN is one. */
  readonly reason: string | null;
  /** What is shown instead of the number: the token that an id stands for. */
  readonly shown?: string;
  /** The part of the text that is meant, [start, end) in UTF-16 units: the token within the text around it. */
  readonly mark?: readonly [number, number];
}

/** A table ready to be shown: every row has one cell per column, in the order of the columns. */
export interface TableData {
  readonly title: string;
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

/** The cells of a column and of those that share its notation, the column's own first. */
export function cellsInNotation(
  { columns, rows }: Pick<TableData, "columns" | "rows">,
  at: number,
): readonly TableCell[] {
  const own = columns[at]?.quantity ?? null;
  const others = own === null ? [] : columns.flatMap(({ quantity }, i) => (quantity === own && i !== at ? [i] : []));
  return [at, ...others].flatMap((column) => rows.map((row) => row[column] ?? { value: null, reason: null }));
}
