/** Texts that differ in length, where their values are put together place by place. */
import { type CellColumns } from "./cell-columns.js";
import { firstMeetings, groupColumns, membersOfGroups, type CellGroups } from "./cell-groups.js";
import { coordinateKey } from "./coordinate-key.js";
import type { ResultCell } from "./result-cell.js";

/**
 * Says when values of texts of different length are put together place by place: later places are of fewer texts.
 * `groups` are the values by what they have on `axes`, of which `ragged` run along texts.
 */
export function unevenText(
  operation: string,
  ragged: readonly string[],
  axes: readonly string[],
  dropped: readonly string[],
  groups: ReadonlyMap<string, readonly ResultCell[]>,
): string | null {
  if (ragged.length === 0) return null;
  const steady = axes.filter((axis) => !ragged.includes(axis));
  // How many values a place could have: texts that have any value at the same other coordinates.
  const possible = new Map<string, Set<string>>();
  for (const cells of groups.values()) {
    const key = coordinateKey(cells[0]?.coordinates ?? {}, steady);
    const seen = possible.get(key) ?? new Set();
    possible.set(key, seen);
    for (const { coordinates } of cells) seen.add(coordinateKey(coordinates, dropped));
  }
  const counts = [...groups.values()].map((cells) => ({
    count: cells.length,
    possible: possible.get(coordinateKey(cells[0]?.coordinates ?? {}, steady))?.size ?? 0,
  }));
  return unevenSentence(operation, ragged, counts);
}

/** {@link unevenText} of cells in columns, whose groups by `axes` are `groups`. */
export function unevenColumns(
  operation: string,
  ragged: readonly string[],
  axes: readonly string[],
  dropped: readonly string[],
  cells: CellColumns,
  groups: CellGroups,
): string | null {
  if (ragged.length === 0) return null;
  const steady = groupColumns(
    cells,
    axes.filter((axis) => !ragged.includes(axis)),
  );
  const gone = groupColumns(cells, dropped);
  const possible = new Uint32Array(steady.count);
  const isFirst = firstMeetings(steady.count, gone.count);
  steady.groupOf.forEach((group, i) => {
    if (isFirst(group, gone.groupOf[i] ?? 0)) possible[group] = (possible[group] ?? 0) + 1;
  });
  const { starts } = membersOfGroups(groups);
  return unevenSentence(
    operation,
    ragged,
    groups.first.map((first, group) => ({
      count: (starts[group + 1] ?? 0) - (starts[group] ?? 0),
      possible: possible[steady.groupOf[first] ?? 0] ?? 0,
    })),
  );
}

/** @param groups how many values each has, and how many it could have. */
function unevenSentence(
  operation: string,
  ragged: readonly string[],
  groups: readonly { readonly count: number; readonly possible: number }[],
): string | null {
  if (groups.every(({ count, possible }) => count >= possible)) return null;
  let least = Infinity;
  let most = 0;
  for (const { count } of groups) {
    least = Math.min(least, count);
    most = Math.max(most, count);
  }
  if (least === most) {
    return `texts differ in length: along ${ragged.join(", ")}, the ${operation} of each place is of some of the texts only`;
  }
  const places = ragged.join(", ");
  return `texts differ in length: along ${places}, the ${operation} is of ${least} to ${most} values a place`;
}
