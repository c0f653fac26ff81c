/**
 * Values of one column of results in columns: a number each, and codes for their coordinates where these are asked for. A
 * mean over a sweep of a million values makes no object for any of them.
 */
import { remembered } from "../base/remembered.js";
import type { Coordinate, Coordinates } from "../ir/result-expression.js";
import { pickCoordinates } from "./coordinate-key.js";
import type { CellValue, ResultCell } from "./result-cell.js";

/** Cells in order: a list of them, or columns out of which they are made one by one. */
export interface ResultCells extends Iterable<ResultCell> {
  readonly length: number;
  readonly at: (index: number) => ResultCell | undefined;
  readonly map: <T>(make: (cell: ResultCell, index: number) => T) => T[];
  readonly flatMap: <T>(make: (cell: ResultCell, index: number) => T | readonly T[]) => T[];
  readonly filter: (keep: (cell: ResultCell) => boolean) => ResultCell[];
  readonly find: (is: (cell: ResultCell) => boolean) => ResultCell | undefined;
  readonly every: (is: (cell: ResultCell) => boolean) => boolean;
  readonly some: (is: (cell: ResultCell) => boolean) => boolean;
  readonly forEach: (visit: (cell: ResultCell, index: number) => void) => void;
}

/** Coordinates on one axis: of each cell a place among the levels, −1 where it has none. */
export interface AxisCodes {
  /** Those that occur, in the order in which they do; no two have the same text. */
  readonly levels: readonly Coordinate[];
  readonly codes: Int32Array;
}

/** Where cells are: the same object for columns whose cells are at the same places in the same order. */
export interface Places {
  readonly length: number;
  readonly codesOn: (axis: string) => AxisCodes;
  readonly coordinatesAt: (index: number) => Coordinates;
}

export interface CellColumns extends ResultCells {
  readonly places: Places;
  readonly values: Float64Array;
  /** Why the value of a cell is NaN; null for any other. */
  readonly reasonAt: (index: number) => string | null;
}

/** The cells as columns; null where they are a list. */
export function columnsOfCells(cells: ResultCells): CellColumns | null {
  return "places" in cells ? (cells as CellColumns) : null;
}

export function cellColumns(
  places: Places,
  values: Float64Array,
  reasonAt: (index: number) => string | null,
): CellColumns {
  const cellAt = (index: number): ResultCell => ({
    coordinates: places.coordinatesAt(index),
    value: values[index] ?? NaN,
    reason: reasonAt(index),
  });
  function* all(): Generator<ResultCell, undefined> {
    for (let i = 0; i < values.length; i++) yield cellAt(i);
    return undefined;
  }
  const map = <T>(make: (cell: ResultCell, index: number) => T): T[] => {
    const made: T[] = [];
    for (let i = 0; i < values.length; i++) made.push(make(cellAt(i), i));
    return made;
  };
  const find = (is: (cell: ResultCell) => boolean): ResultCell | undefined => {
    for (const cell of all()) if (is(cell)) return cell;
    return undefined;
  };
  return {
    places,
    values,
    reasonAt,
    length: values.length,
    [Symbol.iterator]: all,
    at: (index) => (index < values.length ? cellAt(index) : undefined),
    map,
    flatMap: <T>(make: (cell: ResultCell, index: number) => T | readonly T[]): T[] => map(make).flat() as T[],
    filter(keep) {
      const kept: ResultCell[] = [];
      for (const cell of all()) if (keep(cell)) kept.push(cell);
      return kept;
    },
    find,
    every: (is) => find((cell) => !is(cell)) === undefined,
    some: (is) => find(is) !== undefined,
    forEach(visit) {
      for (let i = 0; i < values.length; i++) visit(cellAt(i), i);
    },
  };
}

/** The same places with other values. */
export function withValues(cells: CellColumns, valueOf: (cell: CellValue, index: number) => CellValue): CellColumns {
  const values = new Float64Array(cells.length);
  const reasons = new Map<number, string>();
  for (let i = 0; i < values.length; i++) {
    const { value, reason } = valueOf({ value: cells.values[i] ?? NaN, reason: cells.reasonAt(i) }, i);
    values[i] = value;
    if (reason !== null) reasons.set(i, reason);
  }
  return cellColumns(cells.places, values, (i) => reasons.get(i) ?? null);
}

/** The cells for which `keep` holds. */
export function keptCells(cells: CellColumns, keep: (index: number) => boolean): CellColumns {
  const kept: number[] = [];
  for (let i = 0; i < cells.length; i++) if (keep(i)) kept.push(i);
  const from = Uint32Array.from(kept);
  const { places } = cells;
  const chosen: Places = {
    length: from.length,
    codesOn: remembered((axis) => {
      const { levels, codes } = places.codesOn(axis);
      return recoded(
        levels,
        Int32Array.from(from, (i) => codes[i] ?? -1),
      );
    }),
    coordinatesAt: (i) => places.coordinatesAt(from[i] ?? 0),
  };
  const values = Float64Array.from(from, (i) => cells.values[i] ?? NaN);
  return cellColumns(chosen, values, (i) => cells.reasonAt(from[i] ?? 0));
}

/** The same cells with the coordinates on `axes` alone. */
export function pickedColumns(cells: CellColumns, axes: readonly string[]): CellColumns {
  const { places, values, reasonAt } = cells;
  const picked: Places = {
    length: places.length,
    codesOn: remembered((axis) =>
      axes.includes(axis) ? places.codesOn(axis) : { levels: [], codes: new Int32Array(places.length).fill(-1) },
    ),
    coordinatesAt: (index) => pickCoordinates(places.coordinatesAt(index), axes),
  };
  return cellColumns(picked, values, reasonAt);
}

/** Codes of those levels alone that occur, in the order in which they do. */
export function recoded(levels: readonly Coordinate[], codes: Int32Array): AxisCodes {
  const fresh = new Int32Array(levels.length).fill(-1);
  const occurring: Coordinate[] = [];
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? -1;
    if (code < 0) continue;
    if ((fresh[code] ?? -1) < 0) {
      const level = levels[code];
      if (level !== undefined) fresh[code] = occurring.push(level) - 1;
    }
    codes[i] = fresh[code] ?? -1;
  }
  return { levels: occurring, codes };
}
