/**
 * Named-axis arrays of results. They are sparse and tidy: a cell is a value together with its coordinates, so a sweep
 * over part of the heads needs no padding. Coordinates are the same when their text is the same (`3` and `"3"` agree),
 * because columns read from files arrive as text.
 */
import { entryOf } from "../base/entry.js";
import { placeLabel } from "../ir/place-axes.js";
import type { Coordinate } from "../ir/protocol.js";
import { alsoRemoved, type DecidedAxis } from "../ir/result-type.js";
import { columnsOfCells, type CellColumns, type ResultCells } from "./cell-columns.js";
import { firstMeetings, groupColumns, membersOfGroups, type CellGroups } from "./cell-groups.js";
import { unevenColumns, unevenText } from "./uneven.js";
import { reducerOf, type Reducer } from "./reductions.js";
import { coordinateKey, pickCoordinates } from "./coordinate-key.js";
import type { ResultCell } from "./result-cell.js";

export { coordinateKey, pickCoordinates } from "./coordinate-key.js";

export type { ResultCell } from "./result-cell.js";

/** Values over named axes; no two cells have the same coordinates. Cells keep the order of the rows they come from. */
export interface ResultArray {
  /** Axes and columns. */
  readonly axes: readonly string[];
  readonly cells: ResultCells;
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

/** Cells that agree on `axes`, in the order in which their first member appears. */
export function groupCells(cells: ResultCells, axes: readonly string[]): ReadonlyMap<string, readonly ResultCell[]> {
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
  const columns = columnsOfCells(array.cells);
  const levels = new Map<string, Coordinate>();
  for (const cell of columns === null ? array.cells : []) {
    const coordinate = entryOf(cell.coordinates, axis);
    if (coordinate !== undefined && !levels.has(String(coordinate))) levels.set(String(coordinate), coordinate);
  }
  const found = [...(columns?.places.codesOn(axis).levels ?? levels.values())];
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
  reducer: Reducer,
  over: readonly string[] | null,
  onNote: (sentence: string) => void = () => undefined,
): ResultArray {
  const { name, reduce, note } = reducer;
  const { dropped, axes, decided, ragged } = remainingAxes(array, over);
  const columns = columnsOfCells(array.cells);
  if (columns !== null && columns.length > 0) {
    const groups = groupColumns(columns, axes);
    for (const sentence of [unevenColumns(name, ragged, axes, dropped, columns, groups), reducer.note(columns)]) {
      if (sentence !== null) onNote(sentence);
    }
    return { axes, cells: reducedCells(columns, groups, axes, reducer), decided, ragged, labels: null };
  }
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
  const columns = columnsOfCells(array.cells);
  const levelCounts = columns === null ? levelsInGroups(array.cells, kept) : levelsInColumns(columns, kept);
  const counted = dropped.map((axis) => {
    let least = Infinity;
    let most = 0;
    for (const levels of levelCounts(axis)) {
      least = Math.min(least, levels);
      most = Math.max(most, levels);
    }
    return { axis, least, most };
  });
  return counted.filter((entry) => entry.most > 1);
}

/** For each group of cells how many different coordinates it has on an axis; a missing one counts as one. */
type LevelCounts = (axis: string) => Iterable<number>;

function levelsInGroups(cells: ResultCells, kept: readonly string[]): LevelCounts {
  const groups = [...groupCells(cells, kept).values()];
  return (axis) => groups.map((group) => new Set(group.map((cell) => String(entryOf(cell.coordinates, axis)))).size);
}

function levelsInColumns(cells: CellColumns, kept: readonly string[]): LevelCounts {
  const groups = groupColumns(cells, kept);
  return (axis) => {
    const { levels, codes } = cells.places.codesOn(axis);
    const counts = new Uint32Array(groups.count);
    const isFirst = firstMeetings(groups.count, levels.length + 1);
    groups.groupOf.forEach((group, i) => {
      if (isFirst(group, (codes[i] ?? -1) + 1)) counts[group] = (counts[group] ?? 0) + 1;
    });
    return counts;
  };
}

/** Each group as one cell. Sums go over its values in the order of the cells, so that equal rows give equal bits. */
function reducedCells(
  cells: CellColumns,
  groups: CellGroups,
  axes: readonly string[],
  { reduce, reduceNumbers }: Reducer,
): readonly ResultCell[] {
  const { starts, members } = membersOfGroups(groups);
  return groups.first.map((first, group) => {
    const own = members.subarray(starts[group], starts[group + 1]);
    const values = Array.from(own, (i) => cells.values[i] ?? NaN);
    const isPlain = reduceNumbers !== undefined && !values.some(Number.isNaN);
    const reduced = isPlain ? reduceNumbers(values) : reduce(Array.from(own, (i) => cellOf(cells, i)));
    return { coordinates: pickCoordinates(cells.places.coordinatesAt(first), axes), ...reduced };
  });
}

function cellOf(cells: CellColumns, index: number): ResultCell {
  const cell = cells.at(index);
  if (cell === undefined) throw new RangeError(`there is no cell ${index}`);
  return cell;
}

/** The cells for which `keep` holds. */
export function filterCells(array: ResultArray, keep: (cell: ResultCell) => boolean): ResultArray {
  return { ...array, cells: array.cells.filter(keep) };
}
