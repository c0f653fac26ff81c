/** The columns of a table: a value in its notation, with what stands beside it, once for each level of the axes across. */
import type { Intervals } from "../../compiler/decide/intervals.js";
import { entryOf } from "../../compiler/base/entry.js";
import type { ColumnNotation } from "../../compiler/ir/outputs.js";
import type { Coordinates, NamedResult } from "../../compiler/ir/protocol.js";
import { isSigned, unitOf } from "../../compiler/results/describe.js";
import type { ResultArray } from "../../compiler/results/result-array.js";
import type { StandardErrors } from "./standard-errors.js";
import { textColumn, valueColumn, type TableCell, type TableColumn } from "./table-data.js";
import { lookup, placesOf } from "./table-places.js";

/** One value of a table with all that is shown of it. */
export interface ShownColumn {
  readonly named: NamedResult;
  /** Means, as they are shown. */
  readonly array: ResultArray;
  readonly notation: ColumnNotation | null;
  readonly intervals: Intervals | null;
  readonly errors: StandardErrors | null;
  /** What a cell is in words, such as the token that an id stands for. */
  readonly inWords: (place: Coordinates, cell: TableCell) => TableCell;
}

/** Columns beside each other, and what they hold at a place of the rows. */
export interface ColumnBlock {
  readonly columns: readonly TableColumn[];
  readonly cellsAt: (place: Coordinates) => readonly TableCell[];
}

/**
 * The columns of one value. Across axes there is one for each level that any of the values has (`levels`); a value without
 * these axes has a single one. `several`: there are other values, from whose columns these are told apart.
 */
export function columnBlock(
  shown: ShownColumn,
  across: readonly string[],
  levels: readonly Coordinates[],
  several: boolean,
): ColumnBlock {
  const { named, array, intervals } = shown;
  const spread = across.filter((axis) => array.axes.includes(axis));
  const places = spread.length === 0 ? [{}] : levels;
  const plain = headingOf(shown);
  const find = lookup(array);
  const parts = places.map((level): ColumnBlock => {
    const column: TableColumn =
      spread.length === 0
        ? plain
        : {
            ...plain,
            name: levelText(level, spread, several || spread.length > 1),
            heading: several ? named.label : spread.join(", "),
            quantity: named.label,
          };
    const quantity = { quantity: column.quantity ?? column.name };
    const ends = ["low", "high"].map((end): TableColumn => {
      const name = several || spread.length > 0 ? `${column.name} ${end}` : end;
      return { ...column, ...quantity, name };
    });
    return {
      columns: intervals === null ? [column] : [{ ...column, ...quantity }, ...ends],
      cellsAt: (row) => {
        const place = { ...row, ...level };
        const cell = shown.inWords(place, find(place));
        const error = cell.value === null ? undefined : shown.errors?.at(place)?.error;
        const own = error === undefined || Number.isNaN(error) ? cell : { ...cell, error };
        const cells = intervals === null ? [own] : [own, ...intervalCells(cell, intervals.at(place))];
        return cells.map((one) => inNotation(one, shown.notation));
      },
    };
  });
  return {
    columns: parts.flatMap(({ columns }) => columns),
    cellsAt: (row) => parts.flatMap(({ cellsAt }) => cellsAt(row)),
  };
}

/** The levels of the axes across, each once: numbers of a single axis ascend, everything else is in the protocol's order. */
export function levelsAcross(arrays: readonly ResultArray[], across: readonly string[]): readonly Coordinates[] {
  if (across.length === 0) return [{}];
  const having = arrays.filter((array) => across.some((axis) => array.axes.includes(axis)));
  const levels = placesOf(having, across);
  const [axis, another] = across;
  if (axis === undefined || another !== undefined) return levels;
  const numbers = levels.map((level) => entryOf(level, axis));
  if (!numbers.every((level) => typeof level === "number")) return levels;
  return [...levels].sort((a, b) => Number(entryOf(a, axis)) - Number(entryOf(b, axis)));
}

/** `drama`, `head 3`, `layer 2, drama`: numbers say what they number where no heading does. */
function levelText(level: Coordinates, axes: readonly string[], withAxis: boolean): string {
  return axes
    .map((axis) => {
      const value = entryOf(level, axis);
      return typeof value === "number" && withAxis ? `${axis} ${value}` : String(value ?? "·");
    })
    .join(", ");
}

function headingOf({ named, array, notation }: ShownColumn): TableColumn {
  if (array.labels !== null) return textColumn(named.label);
  const unit = notation === "percent" ? "%" : notation === "ratio" ? "×" : unitOf(named);
  return valueColumn(named.label, unit, isSigned(named.expression));
}

function inNotation(cell: TableCell, notation: ColumnNotation | null): TableCell {
  if (notation !== "percent" || typeof cell.value !== "number") return cell;
  const error = cell.error === undefined ? {} : { error: cell.error * 100 };
  return { ...cell, value: cell.value * 100, ...error };
}

/** The two ends of an interval, beside the value that they are of. */
function intervalCells({ value, reason }: TableCell, interval: ReturnType<Intervals["at"]>): readonly TableCell[] {
  if (value === null || interval === null) return [value, value].map(() => ({ value: null, reason: null }));
  const why = Number.isNaN(value) ? reason : interval.reason;
  return [interval.low, interval.high].map((end) => ({ value: end, reason: Number.isNaN(end) ? why : null }));
}

/** How many units the means of each row are of: a column where it can stand in one, and words for the note. */
export function countsOf(
  shown: readonly ShownColumn[],
  rows: readonly Coordinates[],
  levels: readonly Coordinates[],
): { readonly block: ColumnBlock | null; readonly words: string | null } {
  const having = shown.filter(({ errors }) => errors !== null);
  const [first] = having;
  if (first?.errors == null) return { block: null, words: null };
  const { unit } = first.errors;
  const counts = (row: Coordinates): readonly number[] =>
    having.flatMap(({ errors }) => levels.flatMap((level) => errors?.at({ ...row, ...level })?.n ?? []));
  const all = rows.flatMap(counts);
  const [least, most] = [all.reduce((a, b) => Math.min(a, b), Infinity), all.reduce((a, b) => Math.max(a, b), 0)];
  const inColumn = rows.every((row) => new Set(counts(row)).size <= 1);
  const range = least === most ? `${most}` : `${least} to ${most}`;
  const words = `± is the standard error of the mean over ${inColumn ? `n` : range} ${unit}s`;
  const block: ColumnBlock = {
    columns: [valueColumn("n", null, false)],
    cellsAt: (row) => [{ value: counts(row)[0] ?? null, reason: null }],
  };
  return { block: inColumn ? block : null, words };
}
