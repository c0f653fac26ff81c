/**
 * Named-axis arrays of results. They are sparse and tidy: a cell is a value together with its coordinates, so a sweep
 * over part of the heads needs no padding. Coordinates are the same when their text is the same (`3` and `"3"` agree),
 * because columns read from files arrive as text.
 */
import { entryOf } from "../base/entry.js";
import type { Coordinate, Coordinates } from "../ir/protocol.js";

/** One value at one place. `reason` says why a NaN is one; it is null for every other value. */
export interface ResultCell {
  readonly coordinates: Coordinates;
  readonly value: number;
  readonly reason: string | null;
}

/** Values over named axes; no two cells have the same coordinates. Cells keep the order of the rows they come from. */
export interface ResultArray {
  readonly axes: readonly string[];
  readonly cells: readonly ResultCell[];
  /** Axes that merely describe a prompt (fields of its file). They disappear together with the axis `prompt`. */
  readonly promptColumns: readonly string[];
}

/** How many levels of an averaged axis went into one mean; the two ends differ when means have unequal counts. */
export interface AveragedAxis {
  readonly axis: string;
  readonly least: number;
  readonly most: number;
}

/**
 * Reductions of {@link reduceOver}. `std` and `var` divide by n (ddof 0, as in NumPy), like the operations of the same
 * name in the measurement language.
 */
export type Reduction = "mean" | "sum" | "max" | "min" | "std" | "var";

/** An array of one number without axes. */
export function scalar(value: number): ResultArray {
  return { axes: [], cells: [{ coordinates: {}, value, reason: null }], promptColumns: [] };
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

/**
 * Reduces over `over` (null: over every axis, which leaves one cell). A NaN makes the result NaN and its reason is kept:
 * dropping it silently would turn a failed measurement into a biased mean. A reduction over nothing is NaN as well.
 * Sums are plain float64 sums in the order of the cells, so equal rows give equal bits.
 */
export function reduceOver(array: ResultArray, operation: Reduction, over: readonly string[] | null): ResultArray {
  const dropped = new Set(over ?? array.axes);
  if (dropped.has("prompt")) for (const column of array.promptColumns) dropped.add(column);
  const axes = array.axes.filter((axis) => !dropped.has(axis));
  const promptColumns = array.promptColumns.filter((axis) => !dropped.has(axis));
  const groups = groupCells(array.cells, axes);
  const cells = [...groups.values()].map((group) => ({
    coordinates: pickCoordinates(group[0]?.coordinates ?? {}, axes),
    ...reduceCells(group, operation),
  }));
  if (cells.length === 0 && axes.length === 0) cells.push({ coordinates: {}, ...reduceCells([], operation) });
  return { axes, cells, promptColumns };
}

/** The mean over every axis but `keepAxes`; kept axes stand in the order given. NaN as in {@link reduceOver}. */
export function averageOver(array: ResultArray, keepAxes: readonly string[]): ResultArray {
  const kept = keepAxes.filter((axis) => array.axes.includes(axis));
  const dropped = array.axes.filter((axis) => !kept.includes(axis));
  // Without anything to average, the cells pass through: this also keeps an empty array empty.
  if (dropped.length === 0) return { ...array, axes: kept };
  const reduced = reduceOver({ ...array, promptColumns: [] }, "mean", dropped);
  const cells = array.cells.length === 0 ? [] : reduced.cells;
  return { axes: kept, cells, promptColumns: array.promptColumns.filter((axis) => kept.includes(axis)) };
}

/**
 * Like {@link averageOver} for ids of tokens, which have no mean: where all that would be averaged are the same token it
 * is that token, elsewhere NaN.
 */
export function agreeOver(array: ResultArray, keepAxes: readonly string[]): ResultArray {
  const { axes, promptColumns } = averageOver({ ...array, cells: [] }, keepAxes);
  const groups = groupCells(array.cells, axes);
  const cells = [...groups.values()].map((group): ResultCell => {
    const coordinates = pickCoordinates(group[0]?.coordinates ?? {}, axes);
    const different = new Set(group.map((cell) => cell.value)).size;
    if (different === 1) return { coordinates, value: group[0]?.value ?? NaN, reason: group[0]?.reason ?? null };
    const faulty = group.find((cell) => Number.isNaN(cell.value));
    return { coordinates, value: NaN, reason: faulty?.reason ?? `${different} different tokens, which have no mean` };
  });
  return { axes, cells, promptColumns };
}

/**
 * What {@link averageOver} averages: the dropped axes that really had several levels, with how many of them. What
 * describes a prompt, its group included, is not counted beside the prompts themselves.
 */
export function averagedAxes(array: ResultArray, keepAxes: readonly string[]): readonly AveragedAxis[] {
  const countsPrompts = array.axes.includes("prompt") && !keepAxes.includes("prompt");
  const descriptions = new Set([...array.promptColumns, ...(countsPrompts ? ["group"] : [])]);
  const dropped = array.axes.filter((axis) => !keepAxes.includes(axis) && !descriptions.has(axis));
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

/**
 * Combines two arrays cell by cell: they are joined where the coordinates of all shared axes agree, and repeated along
 * the axes that only the other one has. Places that one side lacks are absent from the result.
 */
export function joinArrays(
  left: ResultArray,
  right: ResultArray,
  combine: (left: ResultCell, right: ResultCell) => { readonly value: number; readonly reason: string | null },
): ResultArray {
  const shared = left.axes.filter((axis) => right.axes.includes(axis));
  const index = groupCells(right.cells, shared);
  const cells: ResultCell[] = [];
  for (const one of left.cells) {
    for (const other of index.get(coordinateKey(one.coordinates, shared)) ?? []) {
      cells.push({ coordinates: { ...one.coordinates, ...other.coordinates }, ...combine(one, other) });
    }
  }
  return {
    axes: [...left.axes, ...right.axes.filter((axis) => !shared.includes(axis))],
    cells,
    promptColumns: [...new Set([...left.promptColumns, ...right.promptColumns])],
  };
}

function reduceCells(
  cells: readonly ResultCell[],
  operation: Reduction,
): { readonly value: number; readonly reason: string | null } {
  if (cells.length === 0) return { value: NaN, reason: `${operation} over no values` };
  const faulty = cells.filter((cell) => Number.isNaN(cell.value));
  const first = faulty[0];
  if (first !== undefined) return { value: NaN, reason: faultOf(first.reason, faulty, cells.length) };
  if (operation === "max" || operation === "min") {
    let extreme = cells[0]?.value ?? NaN;
    // A loop, because spreading a large sweep into Math.max overflows the stack.
    for (const { value } of cells) {
      extreme = operation === "max" ? Math.max(extreme, value) : Math.min(extreme, value);
    }
    return { value: extreme, reason: null };
  }
  let sum = 0;
  for (const cell of cells) sum += cell.value;
  if (operation === "sum") return sound(sum);
  const mean = sum / cells.length;
  if (operation === "mean") return sound(mean);
  let squares = 0;
  for (const cell of cells) squares += (cell.value - mean) ** 2;
  const variance = squares / cells.length;
  return sound(operation === "var" ? variance : Math.sqrt(variance));
}

function sound(value: number): { readonly value: number; readonly reason: string | null } {
  return { value, reason: Number.isNaN(value) ? "arithmetic on infinite values" : null };
}

function faultOf(first: string | null, faulty: readonly ResultCell[], total: number): string {
  const reason = first ?? "no reason recorded";
  if (total === 1) return reason;
  const others = new Set(faulty.map((cell) => cell.reason)).size - 1;
  const more = others > 0 ? ` (and ${others} other ${others === 1 ? "reason" : "reasons"})` : "";
  return `${faulty.length} of ${total} values ${faulty.length === 1 ? "is" : "are"} NaN: ${reason}${more}`;
}
