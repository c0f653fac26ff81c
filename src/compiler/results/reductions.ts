/** What makes one value of many. A NaN makes the value NaN, with its reason; only `count` counts around it, and says so. */
import type { Reduction } from "../ir/result-expression.js";
import { median, quantileOfSorted, sorted } from "../statistics/samples.js";
import { columnsOfCells, type ResultCells } from "./cell-columns.js";
import type { CellValue, ResultCell } from "./result-cell.js";

export interface Reducer {
  /** How notes and reasons call it. */
  readonly name: string;
  readonly reduce: (cells: readonly ResultCell[]) => CellValue;
  /** `reduce` of values none of which is NaN, and of which there is one at least; absent where it looks at places. */
  readonly reduceNumbers?: (values: readonly number[]) => CellValue;
  /** What a reader must know of the values that are reduced, all groups together; null for nothing. */
  readonly note: (cells: ResultCells) => string | null;
}

const nothingToSay = (): null => null;

/** A reducer of numbers, none of which is NaN and of which there is at least one. */
function ofNumbers(name: string, compute: (values: readonly number[]) => number): Reducer {
  return {
    name,
    note: nothingToSay,
    reduceNumbers: (values) => sound(compute(values)),
    reduce: (cells) => {
      if (cells.length === 0) return { value: NaN, reason: `${name} over no values` };
      const fault = faultOf(cells);
      return fault === null ? sound(compute(cells.map(({ value }) => value))) : { value: NaN, reason: fault };
    },
  };
}

/** Sums are plain float64 sums in the order of the cells, so equal rows give equal bits. */
function total(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function average(values: readonly number[]): number {
  return total(values) / values.length;
}

function variance(values: readonly number[]): number {
  const mean = average(values);
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return squares / values.length;
}

/** How many values there are. */
const counted: Reducer = {
  name: "count",
  reduce: (cells) => ({ value: cells.filter(({ value }) => !Number.isNaN(value)).length, reason: null }),
  reduceNumbers: (values) => ({ value: values.length, reason: null }),
  note: (cells) => {
    let faulty = 0;
    for (const value of columnsOfCells(cells)?.values ?? cells.map((cell) => cell.value)) {
      faulty += Number(Number.isNaN(value));
    }
    if (faulty === 0) return null;
    return `count: ${faulty} of ${cells.length} values ${faulty === 1 ? "is NaN and is" : "are NaN and are"} not counted`;
  },
};

/** How many conditions hold. One that is undecided could hold or not, so that there is no count. */
const heldTrue: Reducer = {
  name: "count",
  note: nothingToSay,
  reduceNumbers: (values) => ({ value: total(values), reason: null }),
  reduce: (cells) => {
    const fault = faultOf(cells);
    return fault === null
      ? { value: total(cells.map(({ value }) => value)), reason: null }
      : { value: NaN, reason: fault };
  },
};

const reducers: Readonly<Record<Exclude<Reduction, "count">, Reducer>> = {
  mean: ofNumbers("mean", average),
  sum: ofNumbers("sum", total),
  // Loops, because spreading a large sweep into Math.max overflows the stack.
  max: ofNumbers("max", (values) => values.reduce((most, value) => Math.max(most, value), -Infinity)),
  min: ofNumbers("min", (values) => values.reduce((least, value) => Math.min(least, value), Infinity)),
  std: ofNumbers("std", (values) => Math.sqrt(variance(values))),
  var: ofNumbers("var", variance),
  median: ofNumbers("median", median),
};

/** The reducer of an operation; `truth` says whether it is applied to truth values. */
export function reducerOf(operation: Reduction, truth: boolean): Reducer {
  if (operation === "count") return truth ? heldTrue : counted;
  return reducers[operation];
}

/** The value below which the fraction `level` lies, interpolated. @source numpy.quantile, method "linear" */
export function quantileReducer(level: number): Reducer {
  return ofNumbers("quantile", (values) => quantileOfSorted(sorted(values), level));
}

function sound(value: number): CellValue {
  return { value, reason: Number.isNaN(value) ? "arithmetic on infinite values" : null };
}

/** Why values with a NaN among them have no value together; null where none is NaN. */
export function faultOf(cells: readonly ResultCell[]): string | null {
  const faulty = cells.filter(({ value }) => Number.isNaN(value));
  const [first] = faulty;
  if (first === undefined) return null;
  const reason = first.reason ?? "no reason recorded";
  if (cells.length === 1) return reason;
  const others = new Set(faulty.map((cell) => cell.reason)).size - 1;
  const more = others > 0 ? ` (and ${others} other ${others === 1 ? "reason" : "reasons"})` : "";
  return `${faulty.length} of ${cells.length} values ${faulty.length === 1 ? "is" : "are"} NaN: ${reason}${more}`;
}
