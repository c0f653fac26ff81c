/** Outputs of kind `table`: which rows and columns they have. Rendering is in `text-table.ts` and `html.ts`. */
import type { Coordinate, Coordinates, NamedResult, Output, ResultCondition } from "../../compiler/ir/protocol.js";
import type { ResultRow } from "../../compiler/ir/results.js";
import { columnArray, hasIntervention, metricsOf, type ColumnName } from "../../compiler/results/columns.js";
import { countOf, describeMean, isSigned, unitOf } from "../../compiler/results/describe.js";
import { conditionAxes, evaluateResult, filterWhere, isAxisCondition } from "../../compiler/results/evaluate.js";
import {
  averagedAxes,
  averageOver,
  coordinateKey,
  pickCoordinates,
  type ResultArray,
  type ResultCell,
} from "../../compiler/results/result-array.js";

/** A column of a table. `signed` columns are differences, whose plus sign is written. */
export interface TableColumn {
  readonly name: string;
  readonly kind: "axis" | "value";
  /** `nats`, `bits`, or null for a plain number or an axis. */
  readonly unit: string | null;
  readonly signed: boolean;
}

/** An entry of a table; null where there is nothing at this place. `reason` belongs to a NaN. */
export interface TableCell {
  readonly value: Coordinate | null;
  readonly reason: string | null;
}

/** A table ready to be shown: every row has one cell per column, in the order of the columns. */
export interface TableData {
  readonly title: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly TableCell[])[];
  /** What was averaged, sorted and left out; null when there is nothing to say. */
  readonly note: string | null;
}

/** An output of kind table. */
export type TableOutput = Extract<Output, { kind: "table" }>;

/**
 * The table of `output`. Without columns of its own it shows value, baseline, impact and relative of every metric.
 * All axes but `prompt` and the fields of prompt files are kept and values are averaged over the rest; when there is
 * no other axis, the prompts are the rows. The expressions of `by` and `where` are averaged in the same way after they
 * are computed; a test of an axis applies before averaging. Sorted descending with NaN last; ties keep their order.
 */
export function buildTable(output: TableOutput, rows: readonly ResultRow[]): TableData {
  const columns = output.columns.length > 0 ? output.columns : defaultColumns(output.experiment, rows);
  const { before, after } = splitCondition(output.where);
  const restrict = (array: ResultArray): ResultArray => filterAxes(array, before);
  const evaluate = (named: NamedResult): ResultArray => restrict(evaluateResult(named.expression, rows));
  const full = columns.map(evaluate);
  const by = output.by === null ? null : evaluate(output.by);

  const keep = rowAxes(full, after === null ? [] : conditionAxes(after));
  const averages = full.map((array) => averageOver(array, keep));
  const mean = describeMean(averagedAxes(full[0] ?? emptyArray, keep));
  const selected = averages.map((array) => (after === null ? array : filterWhere(array, after, rows, restrict)));
  const places = placesOf(selected, keep);
  const possible = after === null ? places.length : placesOf(averages, keep).length;

  const showBy = output.by !== null && by !== null && needsOwnColumn(output.by, columns, mean !== null);
  const sortKeys = by === null ? null : averageOver(by, keep);
  const sorted = sortKeys === null ? places : sortDescending(places, sortKeys);
  const shown = output.top === null ? sorted : sorted.slice(0, output.top);

  const valueArrays = showBy && sortKeys !== null ? [...selected, sortKeys] : selected;
  const valueColumns = showBy ? [...columns, output.by] : columns;
  const lookups = valueArrays.map(lookup);
  return {
    title: output.title,
    columns: [
      ...keep.map((name): TableColumn => ({ name, kind: "axis", unit: null, signed: false })),
      ...valueColumns.map((named): TableColumn => valueColumn(named, rows)),
    ],
    rows: shown.map((place) => [
      ...keep.map((axis): TableCell => ({ value: place[axis] ?? null, reason: null })),
      ...lookups.map((find): TableCell => find(place)),
    ]),
    note: noteOf(mean, output, shown.length, places.length, possible),
  };
}

const emptyArray: ResultArray = { axes: [], cells: [], promptColumns: [] };

function defaultColumns(experiment: string, rows: readonly ResultRow[]): readonly NamedResult[] {
  const names: readonly ColumnName[] = hasIntervention(rows, experiment)
    ? ["value", "baseline", "impact", "relative"]
    : ["value"];
  return metricsOf(rows, experiment).flatMap((metric) =>
    names
      .filter((column) => columnArray(rows, experiment, metric, column).cells.length > 0)
      .map((column): NamedResult => ({
        label: column === "value" ? metric : `${metric}.${column}`,
        expression: { kind: "column", experiment, metric, column },
      })),
  );
}

function valueColumn(named: NamedResult, rows: readonly ResultRow[]): TableColumn {
  return {
    name: named.label,
    kind: "value",
    unit: unitOf(named.expression, rows),
    signed: isSigned(named.expression),
  };
}

/** Tests of axes apply before averaging, because the axis may not survive it; comparisons apply after. */
function splitCondition(condition: ResultCondition | null): {
  readonly before: readonly ResultCondition[];
  readonly after: ResultCondition | null;
} {
  if (condition === null) return { before: [], after: null };
  const parts = condition.kind === "and" ? condition.operands : [condition];
  const after = parts.filter((part) => !isAxisCondition(part));
  return {
    before: parts.filter(isAxisCondition),
    after: after.length === 0 ? null : { kind: "and", operands: after },
  };
}

function filterAxes(array: ResultArray, conditions: readonly ResultCondition[]): ResultArray {
  // An array that lacks the axis altogether is the same for every value of it, so the test does not concern it.
  return conditions
    .filter((condition) => conditionAxes(condition).every((axis) => array.axes.includes(axis)))
    .reduce((filtered, condition) => filterWhere(filtered, condition, []), array);
}

/** Axes of the rows: all but prompts and what describes them; with nothing left, the prompts themselves. */
function rowAxes(arrays: readonly ResultArray[], needed: readonly string[]): readonly string[] {
  const axes = [...new Set(arrays.flatMap((array) => array.axes))];
  const described = new Set(arrays.flatMap((array) => array.promptColumns));
  const kept = axes.filter((axis) => needed.includes(axis) || (axis !== "prompt" && !described.has(axis)));
  return kept.length > 0 ? kept : axes;
}

/**
 * Distinct places of all arrays. An array whose axes are all axes of another one adds no places of its own: it is
 * repeated along the other's axes.
 */
function placesOf(arrays: readonly ResultArray[], keep: readonly string[]): readonly Coordinates[] {
  const within = (a: ResultArray, b: ResultArray): boolean => a.axes.every((axis) => b.axes.includes(axis));
  const widest = arrays.filter((a) => !arrays.some((b) => within(a, b) && !within(b, a)));
  const places = new Map<string, Coordinates>();
  for (const cell of widest.flatMap((array) => array.cells)) {
    const key = coordinateKey(cell.coordinates, keep);
    if (!places.has(key)) places.set(key, pickCoordinates(cell.coordinates, keep));
  }
  return [...places.values()];
}

function lookup(array: ResultArray): (place: Coordinates) => TableCell {
  const index = new Map(
    array.cells.map((cell): [string, ResultCell] => [coordinateKey(cell.coordinates, array.axes), cell]),
  );
  return (place) => {
    const cell = index.get(coordinateKey(place, array.axes));
    return { value: cell?.value ?? null, reason: cell?.reason ?? null };
  };
}

function sortDescending(places: readonly Coordinates[], keys: ResultArray): readonly Coordinates[] {
  const find = lookup(keys);
  const keyed = places.map((place) => ({ place, key: Number(find(place).value ?? NaN) }));
  keyed.sort((a, b) => {
    if (Number.isNaN(a.key) || Number.isNaN(b.key)) return Number(Number.isNaN(a.key)) - Number(Number.isNaN(b.key));
    return b.key > a.key ? 1 : b.key < a.key ? -1 : 0;
  });
  return keyed.map(({ place }) => place);
}

/**
 * Whether the reader needs to see what the rows are sorted by. A displayed column needs no second one, and neither does
 * its absolute value, except after averaging: the mean of absolute values is not the absolute value of the mean.
 */
function needsOwnColumn(by: NamedResult, columns: readonly NamedResult[], averaged: boolean): boolean {
  const texts = columns.map((column) => JSON.stringify(column.expression));
  if (texts.includes(JSON.stringify(by.expression))) return false;
  const isAbsolute = by.expression.kind === "call" && by.expression.operation === "abs";
  if (!isAbsolute || averaged) return true;
  return !texts.includes(JSON.stringify(by.expression.argument));
}

function noteOf(
  mean: string | null,
  output: TableOutput,
  shown: number,
  places: number,
  possible: number,
): string | null {
  const sorting = output.by === null ? null : `sorted by ${output.by.label}, largest first`;
  const cut = shown < places ? `${shown} of ${countOf(places, "row")}` : null;
  const left = possible - places;
  const hidden = left > 0 ? `${countOf(left, "row")} left out by the condition` : null;
  const parts = [mean, cut, sorting, hidden].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join("; ");
}
