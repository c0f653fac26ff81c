/**
 * Values of one column of results in columns: a number each, and codes for their coordinates where these are asked for. A
 * mean over a sweep of a million values makes no object for any of them.
 */
import type { Coordinate, Coordinates } from "../ir/result-expression.js";
import {
  baselineAt,
  coordinatesAt,
  entryCoordinate,
  impactAt,
  placeOfSlot,
  reasonAt,
  relativeAt,
  walkRows,
  type Labels,
  type RowPlace,
  type StudyRows,
} from "../ir/study-rows.js";
import { pickCoordinates } from "./coordinate-key.js";
import type { CellValue, ResultCell } from "./result-cell.js";

/** The four columns that every metric of an experiment has. */
export type ColumnName = "value" | "baseline" | "impact" | "relative";

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
interface Places {
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
function recoded(levels: readonly Coordinate[], codes: Int32Array): AxisCodes {
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

/** Cells by what they have on some axes, in the order in which these groups appear. */
export interface CellGroups {
  readonly count: number;
  /** Of each cell the number of its group. */
  readonly groupOf: Int32Array;
  /** Of each group its first cell. */
  readonly first: readonly number[];
}

export function groupColumns({ places }: CellColumns, axes: readonly string[]): CellGroups {
  let groupOf = new Int32Array(places.length);
  let first = places.length === 0 ? [] : [0];
  for (const axis of axes) {
    const { levels, codes } = places.codesOn(axis);
    const width = levels.length + 1;
    const numbers = new Map<number, number>();
    const next = new Int32Array(places.length);
    const begins: number[] = [];
    for (let i = 0; i < next.length; i++) {
      const key = (groupOf[i] ?? 0) * width + (codes[i] ?? -1) + 1;
      let number = numbers.get(key);
      if (number === undefined) {
        number = begins.push(i) - 1;
        numbers.set(key, number);
      }
      next[i] = number;
    }
    [groupOf, first] = [next, begins];
  }
  return { count: first.length, groupOf, first };
}

/** The cells of each group, as places in the order of the cells: those of group g lie from `starts[g]` to `starts[g + 1]`. */
export function membersOfGroups({ count, groupOf }: CellGroups): {
  readonly starts: Uint32Array;
  readonly members: Uint32Array;
} {
  const starts = new Uint32Array(count + 1);
  for (const group of groupOf) starts[group + 1] = (starts[group + 1] ?? 0) + 1;
  for (let group = 0; group < count; group++) starts[group + 1] = (starts[group + 1] ?? 0) + (starts[group] ?? 0);
  const next = starts.slice();
  const members = new Uint32Array(groupOf.length);
  groupOf.forEach((group, i) => {
    const at = next[group] ?? 0;
    members[at] = i;
    next[group] = at + 1;
  });
  return { starts, members };
}

/** The places of the rows of one metric in studies. */
export interface MetricPlaces extends Places {
  /** Visits them in order. */
  readonly walk: (visit: (rows: StudyRows, place: RowPlace, index: number) => void) => void;
  readonly rowOf: (index: number) => readonly [StudyRows, RowPlace];
}

interface Stretch {
  readonly rows: StudyRows;
  readonly from: number;
  readonly to: number;
}

/**
 * @param stretches rows of studies, in order.
 * @param without the condition whose rows are left out; null for none.
 */
export function metricPlaces(stretches: readonly Stretch[], metric: string, without: string | null): MetricPlaces {
  const parts = stretches.map(({ rows, from, to }) => {
    const own = rows.measures.map((measure) => measure.metric === metric);
    const isOut = rows.conditions.map(({ label }) => label === without);
    let count = 0;
    const slots = new Uint32Array(to - from);
    walkRows(rows, from, to, ({ slot, condition, measure }) => {
      if (own[measure] === true && isOut[condition] !== true) slots[count++] = slot;
    });
    return { rows, slots: slots.slice(0, count) };
  });
  const length = parts.reduce((sum, { slots }) => sum + slots.length, 0);
  const walk: MetricPlaces["walk"] = (visit) => {
    let index = 0;
    for (const { rows, slots } of parts) {
      const only: StudyRows = { ...rows, slots, length: slots.length };
      walkRows(only, 0, slots.length, (place) => {
        visit(rows, place, index);
        index += 1;
      });
    }
  };
  const rowOf: MetricPlaces["rowOf"] = (index) => {
    let rest = index;
    for (const { rows, slots } of parts) {
      if (rest < slots.length) return [rows, placeOfSlot(rows, slots[rest] ?? 0)];
      rest -= slots.length;
    }
    throw new RangeError(`metricPlaces: there is no cell ${index}`);
  };
  return {
    length,
    walk,
    rowOf,
    codesOn: remembered((axis) => {
      const coder = axisCoder();
      const codes = new Int32Array(length);
      const readers = new Map(parts.map(({ rows }) => [rows, codeReader(rows, axis, coder.code)]));
      walk((rows, place, index) => {
        codes[index] = readers.get(rows)?.(place) ?? -1;
      });
      return recoded(coder.levels, codes);
    }),
    coordinatesAt: (index) => coordinatesAt(...rowOf(index)),
  };
}

/** Numbers coordinates by their texts, as which they agree. */
function axisCoder(): { readonly levels: Coordinate[]; readonly code: (level: Coordinate | undefined) => number } {
  const levels: Coordinate[] = [];
  const known = new Map<string, number>();
  return {
    levels,
    code(level) {
      if (level === undefined) return -1;
      const text = String(level);
      const found = known.get(text) ?? levels.push(level) - 1;
      known.set(text, found);
      return found;
    },
  };
}

/** Reads the code of a row on an axis: of labels with one name the last one counts, as in `labelsAt`. */
function codeReader(
  rows: StudyRows,
  axis: string,
  code: (level: Coordinate | undefined) => number,
): (place: RowPlace) => number {
  const codesOf = (all: readonly Labels[]): Int32Array =>
    Int32Array.from(all, (labels) => code(labels.findLast(([name]) => name === axis)?.[1]));
  const [always = -1] = codesOf([rows.labels]);
  const byText = codesOf(rows.texts);
  const byCondition = codesOf(rows.conditions.map(({ labels }) => labels));
  const byMeasure = codesOf(rows.measures.map(({ labels }) => labels));
  return ({ condition, text, measure, entry }) => {
    const axes = rows.axesOf(text, measure);
    for (let at = 0; at < axes.length; at++) if (axes[at]?.name === axis) return code(entryCoordinate(axes, at, entry));
    for (const found of [byMeasure[measure], byCondition[condition], byText[text]]) {
      if (found !== undefined && found >= 0) return found;
    }
    return always;
  };
}

/** A column of a metric at its places; null where a value is missing somewhere: tokens have no impact. */
export function metricColumn(
  places: MetricPlaces,
  column: ColumnName,
  otherwise: (baseline: number | null) => string,
): CellColumns | null {
  const values = new Float64Array(places.length);
  let missing = 0;
  places.walk((rows, place, index) => {
    const value = columnAt(rows, place, column);
    if (value === null) missing += 1;
    else values[index] = value;
  });
  if (missing > 0) return null;
  return cellColumns(places, values, (index) => {
    if (!Number.isNaN(values[index])) return null;
    const [rows, place] = places.rowOf(index);
    return reasonAt(rows, place) ?? otherwise(baselineAt(rows, place));
  });
}

function columnAt(rows: StudyRows, place: RowPlace, column: ColumnName): number | null {
  switch (column) {
    case "value":
      return rows.values[place.slot] ?? NaN;
    case "baseline":
      return baselineAt(rows, place);
    case "impact":
      return impactAt(rows, place);
    case "relative":
      return relativeAt(rows, place);
  }
}

function remembered<T>(make: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const found = known.get(key) ?? make(key);
    known.set(key, found);
    return found;
  };
}
