/**
 * Named-axis arrays of results. They are sparse and tidy: a cell is a value together with its coordinates, so a sweep
 * over part of the heads needs no padding. Coordinates are the same when their text is the same (`3` and `"3"` agree),
 * because columns read from files arrive as text.
 */
import { entryOf } from "../base/entry.js";
import { placeLabel } from "../ir/place-axes.js";
import type { Coordinate, Coordinates } from "../ir/protocol.js";
import { alsoRemoved, joinDecided, type DecidedAxis } from "../ir/result-type.js";
import { reducerOf, type Reducer } from "./reductions.js";
import type { CellValue, ResultCell } from "./result-cell.js";

export type { ResultCell } from "./result-cell.js";

/** Values over named axes; no two cells have the same coordinates. Cells keep the order of the rows they come from. */
export interface ResultArray {
  /** Axes and columns. */
  readonly axes: readonly string[];
  readonly cells: readonly ResultCell[];
  /** Those of `axes` that follow from others: columns, and the group of a prompt. */
  readonly decided: readonly DecidedAxis[];
  /** Those of `axes` that run along texts, which may differ in length. */
  readonly ragged: readonly string[];
  /** What values are the numbers of, from 0: names of an axis's entries. Null where values are numbers by themselves. */
  readonly labels: readonly string[] | null;
}

/** The columns among the axes of an array, such as the fields of prompts. */
export function columnsOf({ decided }: ResultArray): ReadonlySet<string> {
  return new Set(decided.filter(({ isColumn }) => isColumn).map(({ name }) => name));
}

/** An array without cells. */
export const emptyArray: ResultArray = { axes: [], cells: [], decided: [], ragged: [], labels: null };

/** How many levels of an averaged axis went into one mean; the two ends differ when means have unequal counts. */
export interface AveragedAxis {
  readonly axis: string;
  readonly least: number;
  readonly most: number;
}

/** An array of one number without axes. */
export function scalar(value: number): ResultArray {
  return { ...emptyArray, cells: [{ coordinates: {}, value, reason: null }] };
}

/** A text that is equal for cells that agree on `axes`; a missing coordinate agrees only with a missing one. */
export function coordinateKey(coordinates: Coordinates, axes: readonly string[]): string {
  let key = "";
  for (const axis of axes) {
    const coordinate = entryOf(coordinates, axis);
    // The length in front keeps ("ab", "c") apart from ("a", "bc") whatever characters the coordinates hold.
    if (coordinate === undefined) key += "-;";
    else {
      const text = String(coordinate);
      key += `${text.length}:${text};`;
    }
  }
  return key;
}

/** The part of `coordinates` that lies on `axes`. */
export function pickCoordinates(coordinates: Coordinates, axes: readonly string[]): Coordinates {
  const picked: [string, Coordinate][] = [];
  for (const axis of axes) {
    const coordinate = entryOf(coordinates, axis);
    if (coordinate !== undefined) picked.push([axis, coordinate]);
  }
  return Object.fromEntries(picked);
}

/** Cells that agree on `axes`, in the order in which their first member appears. */
export function groupCells(
  cells: readonly ResultCell[],
  axes: readonly string[],
): ReadonlyMap<string, readonly ResultCell[]> {
  const groups = new Map<string, ResultCell[]>();
  for (const cell of cells) {
    const key = coordinateKey(cell.coordinates, axes);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [cell]);
    else group.push(cell);
  }
  return groups;
}

/**
 * Distinct coordinates of `axis`: ascending when all are numbers, otherwise in order of appearance, which is the order
 * in which the protocol lists them.
 */
export function levelsOf(array: ResultArray, axis: string): readonly Coordinate[] {
  const levels = new Map<string, Coordinate>();
  for (const cell of array.cells) {
    const coordinate = entryOf(cell.coordinates, axis);
    if (coordinate !== undefined && !levels.has(String(coordinate))) levels.set(String(coordinate), coordinate);
  }
  const found = [...levels.values()];
  return found.every((level) => typeof level === "number") ? found.sort((a, b) => a - b) : found;
}

/** What is left of an array's axes when some are reduced. */
export interface Remaining {
  /** The axes that are gone, columns that depend on them among them. */
  readonly dropped: readonly string[];
  readonly axes: readonly string[];
  readonly decided: readonly DecidedAxis[];
  readonly ragged: readonly string[];
}

/** What stays when the axes of `over` (null: all) are reduced: a column goes with any axis that decides it. */
export function remainingAxes(array: ResultArray, over: readonly string[] | null): Remaining {
  const named = new Set(over ?? array.axes);
  const columns = array.decided.filter(({ isColumn }) => isColumn);
  const dropped = new Set([...named, ...alsoRemoved(columns, named)]);
  const axes = array.axes.filter((axis) => !dropped.has(axis));
  return {
    dropped: [...dropped],
    axes,
    decided: array.decided.filter(({ name }) => !dropped.has(name)),
    ragged: array.ragged.filter((axis) => axes.includes(axis)),
  };
}

/**
 * Reduces over `over` (null: over every axis, which leaves one cell). A NaN makes the result NaN and its reason is kept:
 * dropping it silently would turn a failed measurement into a biased mean. A reduction over nothing is NaN as well, but for
 * a count.
 */
export function reduceOver(
  array: ResultArray,
  { name, reduce, note }: Reducer,
  over: readonly string[] | null,
  onNote: (sentence: string) => void = () => undefined,
): ResultArray {
  const { dropped, axes, decided, ragged } = remainingAxes(array, over);
  const groups = groupCells(array.cells, axes);
  for (const sentence of [unevenText(name, ragged, axes, dropped, groups), note(array.cells)]) {
    if (sentence !== null) onNote(sentence);
  }
  const cells = [...groups.values()].map((group) => ({
    coordinates: pickCoordinates(group[0]?.coordinates ?? {}, axes),
    ...reduce(group),
  }));
  if (cells.length === 0 && axes.length === 0) cells.push({ coordinates: {}, ...reduce([]) });
  return { axes, cells, decided, ragged, labels: null };
}

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
  let least = Infinity;
  let most = 0;
  let complete = true;
  for (const cells of groups.values()) {
    least = Math.min(least, cells.length);
    most = Math.max(most, cells.length);
    const all = possible.get(coordinateKey(cells[0]?.coordinates ?? {}, steady))?.size ?? 0;
    if (cells.length < all) complete = false;
  }
  if (complete) return null;
  if (least === most) {
    return `texts differ in length: along ${ragged.join(", ")}, the ${operation} of each place is of some of the texts only`;
  }
  const places = ragged.join(", ");
  return `texts differ in length: along ${places}, the ${operation} is of ${least} to ${most} values a place`;
}

/** The same values with the axes `from` as one axis `to`: its coordinates, or the places that they name together. */
export function renameAxes(
  array: ResultArray,
  { from, to }: { readonly from: readonly string[]; readonly to: string },
): ResultArray {
  const { dropped, decided, ragged } = remainingAxes(array, from);
  const gone = new Set(dropped);
  const cells = array.cells.map((cell) => {
    const place = pickCoordinates(cell.coordinates, from);
    const kept = Object.entries(cell.coordinates).filter(([axis]) => !gone.has(axis));
    const isThere = Object.keys(place).length === from.length;
    return { ...cell, coordinates: Object.fromEntries(isThere ? [...kept, [to, placeLabel(place)]] : kept) };
  });
  const axes = array.axes.flatMap((axis) => (axis === from[0] ? [to] : gone.has(axis) ? [] : [axis]));
  return { ...array, axes, cells, decided, ragged: from.some((axis) => array.ragged.includes(axis)) ? [...ragged, to] : ragged }; // prettier-ignore
}

/** The mean over every axis but `keepAxes`; kept axes stand in the order given. NaN as in {@link reduceOver}. */
export function averageOver(
  array: ResultArray,
  keepAxes: readonly string[],
  onNote: (sentence: string) => void = () => undefined,
): ResultArray {
  const kept = keepAxes.filter((axis) => array.axes.includes(axis));
  const dropped = array.axes.filter((axis) => !kept.includes(axis));
  // Without anything to average, the cells pass through: this also keeps an empty array empty.
  if (dropped.length === 0) return { ...array, axes: kept };
  // A column may be kept where what decides it is averaged: the mean over the prompts that share a field.
  const reduced = reduceOver({ ...array, decided: [] }, reducerOf("mean", false), dropped, onNote);
  const cells = array.cells.length === 0 ? [] : reduced.cells;
  const decided = array.decided.filter(({ name }) => kept.includes(name));
  return { ...reduced, axes: kept, cells, decided };
}

/**
 * Like {@link averageOver} for what has no mean, tokens and labels, and for tests of equality: where all that would be
 * averaged is the same it is that, elsewhere NaN. `what` are the values, as reasons call them.
 */
export function agreeOver(array: ResultArray, keepAxes: readonly string[], what: string): ResultArray {
  const { axes, decided, ragged } = averageOver({ ...array, cells: [] }, keepAxes);
  const groups = groupCells(array.cells, axes);
  const isOfPrompts = array.axes.includes("prompt") && !axes.includes("prompt");
  const advice = isOfPrompts ? "; `by prompt` keeps prompts apart, `where prompt is 0` shows one" : "";
  const cells = [...groups.values()].map((group): ResultCell => {
    const coordinates = pickCoordinates(group[0]?.coordinates ?? {}, axes);
    const different = new Set(group.map((cell) => cell.value)).size;
    if (different === 1) return { coordinates, value: group[0]?.value ?? NaN, reason: group[0]?.reason ?? null };
    const faulty = group.find((cell) => Number.isNaN(cell.value));
    const none = `${different} different ${what}, which have no mean${advice}`;
    return { coordinates, value: NaN, reason: faulty?.reason ?? none };
  });
  return { axes, cells, decided, ragged, labels: array.labels };
}

/**
 * What {@link averageOver} averages: the dropped axes that really had several levels, with how many of them. What
 * follows from a dropped axis, such as the group of a prompt, is not counted beside it.
 */
export function averagedAxes(array: ResultArray, keepAxes: readonly string[]): readonly AveragedAxis[] {
  const gone = new Set(array.axes.filter((axis) => !keepAxes.includes(axis)));
  const followers = new Set([...columnsOf(array), ...alsoRemoved(array.decided, gone)]);
  const dropped = [...gone].filter((axis) => !followers.has(axis));
  const kept = array.axes.filter((axis) => keepAxes.includes(axis));
  const groups = [...groupCells(array.cells, kept).values()];
  const counted = dropped.map((axis) => {
    let least = Infinity;
    let most = 0;
    for (const group of groups) {
      const levels = new Set(group.map((cell) => String(entryOf(cell.coordinates, axis)))).size;
      least = Math.min(least, levels);
      most = Math.max(most, levels);
    }
    return { axis, least, most };
  });
  return counted.filter((entry) => entry.most > 1);
}

/** The cells for which `keep` holds. */
export function filterCells(array: ResultArray, keep: (cell: ResultCell) => boolean): ResultArray {
  return { ...array, cells: array.cells.filter(keep) };
}

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
  combine: (left: ResultCell, right: ResultCell) => CellValue,
  onUnmatched: (unmatched: Unmatched) => void = () => undefined,
): ResultArray {
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

function placed({ axes, decided }: ResultArray): Parameters<typeof joinDecided>[0] {
  return { has: (name) => axes.includes(name), decided };
}
