/** Groups of cells, by numbers instead of lists of cells. */
import { columnsOfCells, type CellColumns, type ResultCells } from "./cell-columns.js";
import { coordinateKey } from "./coordinate-key.js";

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

/** {@link groupColumns} of cells of either kind. */
export function groupsOfCells(cells: ResultCells, axes: readonly string[]): CellGroups {
  const columns = columnsOfCells(cells);
  if (columns !== null) return groupColumns(columns, axes);
  const numbers = new Map<string, number>();
  const first: number[] = [];
  const groupOf = new Int32Array(cells.length);
  cells.forEach(({ coordinates }, i) => {
    const key = coordinateKey(coordinates, axes);
    const number = numbers.get(key) ?? first.push(i) - 1;
    numbers.set(key, number);
    groupOf[i] = number;
  });
  return { count: first.length, groupOf, first };
}

/** The values of cells, in order. */
export function valuesOfCells(cells: ResultCells): Float64Array {
  return columnsOfCells(cells)?.values ?? Float64Array.from(cells.map(({ value }) => value));
}

/**
 * Pairs of numbers below `count` and below `width` that were not met before. A mark each where that is not too many, as
 * sets of numbers take ten times as long.
 */
export function firstMeetings(count: number, width: number): (a: number, b: number) => boolean {
  const all = count * width;
  if (all > mostMarks) {
    const seen = new Set<number>();
    return (a, b) => {
      const before = seen.size;
      return seen.add(a * width + b).size > before;
    };
  }
  const marks = new Uint8Array(all);
  return (a, b) => {
    const isFirst = marks[a * width + b] === 0;
    marks[a * width + b] = 1;
    return isFirst;
  };
}

const mostMarks = 2 ** 25;

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
