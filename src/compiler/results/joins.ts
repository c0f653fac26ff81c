/** Two arrays of results as one: joined along the axes that both have, repeated along the others. */
import { joinDecided } from "../ir/result-type.js";
import { columnsOfCells, withValues, type CellColumns } from "./cell-columns.js";
import { coordinateKey, pickCoordinates } from "./coordinate-key.js";
import { columnsOf, groupCells, type ResultArray } from "./result-array.js";
import type { CellValue, ResultCell } from "./result-cell.js";

/** What a join left out: places of one side without a partner on the other. */
export interface Unmatched {
  /** Axes that both sides have. */
  readonly shared: readonly string[];
  readonly kept: number;
  readonly left: number;
  readonly right: number;
}

/**
 * Combines two arrays cell by cell: they are joined where the coordinates of all shared axes agree, and repeated along
 * the axes that only the other one has. Columns follow from axes and join nothing: one that differs between the sides
 * is left out. Places that one side lacks are absent from the result; `onUnmatched` is told where nothing
 * is left, or each side has places that the other lacks.
 */
export function joinArrays(
  left: ResultArray,
  right: ResultArray,
  combine: (left: CellValue, right: CellValue) => CellValue,
  onUnmatched: (unmatched: Unmatched) => void = () => undefined,
): ResultArray {
  const together = joinedColumns(left, right, combine);
  if (together !== null) return together;
  const [leftColumns, rightColumns] = [columnsOf(left), columnsOf(right)];
  const both = left.axes.filter((axis) => right.axes.includes(axis));
  const inBoth = both.filter((axis) => leftColumns.has(axis) && rightColumns.has(axis));
  const shared = both.filter((axis) => !inBoth.includes(axis));
  const index = groupCells(right.cells, shared);
  const cells: ResultCell[] = [];
  const differing = new Set<string>();
  const used = new Set<string>();
  let unpaired = 0;
  for (const one of left.cells) {
    const key = coordinateKey(one.coordinates, shared);
    const partners = index.get(key);
    if (partners === undefined) {
      unpaired++;
      continue;
    }
    used.add(key);
    for (const other of partners) {
      for (const column of inBoth) {
        if (String(one.coordinates[column]) !== String(other.coordinates[column])) differing.add(column);
      }
      cells.push({ coordinates: { ...other.coordinates, ...one.coordinates }, ...combine(one, other) });
    }
  }
  let alone = 0;
  for (const [key, group] of index) if (!used.has(key)) alone += group.length;
  // Where one side has all that the other has, the join selects from the larger one, as it was written to.
  const isSubset = cells.length > 0 && (unpaired === 0 || alone === 0);
  if (unpaired + alone > 0 && !isSubset) onUnmatched({ shared, kept: cells.length, left: unpaired, right: alone });
  const axes = [...left.axes, ...right.axes.filter((axis) => !both.includes(axis))].filter((a) => !differing.has(a));
  return {
    axes,
    cells:
      differing.size === 0
        ? cells
        : cells.map((cell) => ({ ...cell, coordinates: pickCoordinates(cell.coordinates, axes) })),
    decided: joinDecided(placed(left), placed(right)).filter(({ name }) => !differing.has(name)),
    ragged: [...new Set([...left.ragged, ...right.ragged])],
    labels: null,
  };
}

/**
 * {@link joinArrays} where every place meets exactly one of the other side: columns of one metric, or a number. Null
 * anywhere else.
 */
function joinedColumns(
  left: ResultArray,
  right: ResultArray,
  combine: (left: CellValue, right: CellValue) => CellValue,
): ResultArray | null {
  const [one, other] = [columnsOfCells(left.cells), columnsOfCells(right.cells)];
  const valueAt = (array: ResultArray, columns: CellColumns | null): ((index: number) => CellValue) | null => {
    if (columns !== null) return (i) => ({ value: columns.values[i] ?? NaN, reason: columns.reasonAt(i) });
    const only = array.cells.length === 1 && array.axes.length === 0 ? array.cells.at(0) : undefined;
    return only === undefined ? null : () => only;
  };
  const whole = one ?? other;
  const [a, b] = [valueAt(left, one), valueAt(right, other)];
  if (whole === null || whole.length === 0 || a === null || b === null) return null;
  if (one !== null && other !== null && one.places !== other.places) return null;
  return {
    axes: [...left.axes, ...right.axes.filter((axis) => !left.axes.includes(axis))],
    cells: withValues(whole, (_value, i) => combine(a(i), b(i))),
    decided: joinDecided(placed(left), placed(right)),
    ragged: [...new Set([...left.ragged, ...right.ragged])],
    labels: null,
  };
}

function placed({ axes, decided }: ResultArray): Parameters<typeof joinDecided>[0] {
  return { has: (name) => axes.includes(name), decided };
}
