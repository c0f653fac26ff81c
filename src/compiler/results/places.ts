/** Where values are large: the coordinate of the largest one, and the rank of each. */
import { entryOf } from "../base/entry.js";
import type { Coordinate } from "../ir/result-expression.js";
import { rank } from "../statistics/samples.js";
import { faultOf } from "./reductions.js";
import type { CellValue } from "./result-cell.js";
import { groupCells, levelsOf, reduceOver, remainingAxes, type ResultArray, type ResultCell } from "./result-array.js";
import { unevenText } from "./uneven.js";

/**
 * The coordinate on `axis` of the largest (or smallest) value, for each place of the other axes: a number where all
 * coordinates are, else the number of a label in the order of the protocol. Of equal values the first counts, and
 * `onNote` is told; among values with a NaN none is known to be the largest.
 * @source numpy.argmax, but for NaN
 */
export function argmaxOver(
  array: ResultArray,
  which: "largest" | "smallest",
  axis: string,
  onNote: (sentence: string) => void,
): ResultArray {
  const levels = levelsOf(array, axis);
  const named = levels.some((level) => typeof level === "string");
  const name = which === "largest" ? "argmax" : "argmin";
  const order = new Map(levels.map((level, i) => [String(level), i]));
  const placeOf = ({ coordinates }: ResultCell): number => order.get(String(entryOf(coordinates, axis))) ?? Infinity;
  let tied = 0;
  let places = 0;
  const reduce = (cells: readonly ResultCell[]): CellValue => {
    places++;
    const fault = faultOf(cells);
    if (fault !== null) return { value: NaN, reason: fault };
    const better = (a: number, b: number): boolean => (which === "largest" ? a > b : a < b);
    let best: ResultCell | null = null;
    let equals = 0;
    for (const cell of cells) {
      if (best === null || better(cell.value, best.value)) {
        best = cell;
        equals = 1;
      } else if (cell.value === best.value) {
        equals++;
        if (placeOf(cell) < placeOf(best)) best = cell;
      }
    }
    if (best === null) return { value: NaN, reason: `${name} over no values` };
    if (equals > 1) tied++;
    const place = placeOf(best);
    return { value: named ? place : numberOf(levels[place]), reason: null };
  };
  const reduced = reduceOver(array, { name, reduce, note: () => null }, [axis], onNote);
  if (tied > 0) {
    const where = places === 1 ? "several values" : `at ${tied} of ${places} places several values`;
    onNote(`${name}: ${where} over ${axis} are equally ${which === "largest" ? "large" : "small"}; the first is given`);
  }
  return { ...reduced, labels: named ? levels.map(String) : null };
}

function numberOf(level: Coordinate | undefined): number {
  return typeof level === "number" ? level : NaN;
}

/**
 * The rank of each value among those that differ from it in `over` alone: 1 is the largest, and equal values share the mean
 * of their ranks. A NaN keeps its reason, and the others are ranked without it; `onNote` is told.
 * @source scipy.stats.rankdata of −x, method "average"
 */
export function rankOver(array: ResultArray, over: readonly string[], onNote: (sentence: string) => void): ResultArray {
  const { axes, ragged, dropped } = remainingAxes(array, over);
  // Ranks are remembered by cell, so that each is to be the same object all along.
  const listed = [...array.cells];
  const groups = groupCells(listed, axes);
  const ranks = new Map<ResultCell, number>();
  for (const cells of groups.values()) {
    const known = cells.filter(({ value }) => !Number.isNaN(value));
    const ranked = rank(known.map(({ value }) => -value)).ranks;
    known.forEach((cell, i) => ranks.set(cell, ranked[i] ?? NaN));
  }
  const uneven = unevenText("rank", ragged, axes, dropped, groups);
  if (uneven !== null) onNote(uneven);
  const missing = array.cells.length - ranks.size;
  if (missing > 0) {
    const [be, have] = missing === 1 ? ["is", "has"] : ["are", "have"];
    onNote(
      `rank: ${missing} of ${array.cells.length} values ${be} NaN and ${have} no rank; the others are ranked without`,
    );
  }
  return { ...array, cells: listed.map((cell) => ({ ...cell, value: ranks.get(cell) ?? NaN })) };
}
