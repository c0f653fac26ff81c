/** The columns of one metric, out of the columns in which the rows of studies are. */
import { remembered, rememberedIn } from "../base/remembered.js";
import type { Coordinate } from "../ir/result-expression.js";
import {
  baselineAt,
  coordinateReader,
  coordinatesAt,
  impactAt,
  placeOfSlot,
  reasonAt,
  relativeAt,
  walkRows,
  type RowPlace,
  type StudyRows,
} from "../ir/study-rows.js";
import { cellColumns, recoded, type CellColumns, type Places } from "./cell-columns.js";

/** The four columns that every metric of an experiment has. */
export type ColumnName = "value" | "baseline" | "impact" | "relative";

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
      const readers = new Map(parts.map(({ rows }) => [rows, coordinateReader(rows, axis, coder.code, -1)]));
      walk((rows, place, index) => {
        codes[index] = readers.get(rows)?.(place) ?? -1;
      });
      return recoded(coder.levels, codes);
    }),
    coordinatesAt: (index) => coordinatesAt(...rowOf(index)),
  };
}

/** Numbers coordinates by their texts, as which they agree. */
function axisCoder(): { readonly levels: Coordinate[]; readonly code: (level: Coordinate) => number } {
  const levels: Coordinate[] = [];
  const known = new Map<string, number>();
  return { levels, code: (level) => rememberedIn(known, String(level), () => levels.push(level) - 1) };
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
