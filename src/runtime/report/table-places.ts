/** Rows of tables as places: which axes they have, which of them a condition keeps, what stands at each. */
import type { Coordinates, ResultCondition } from "../../compiler/ir/protocol.js";
import { isAxisCondition } from "../../compiler/results/evaluate.js";
import {
  columnsOf,
  coordinateKey,
  pickCoordinates,
  type ResultArray,
  type ResultCell,
} from "../../compiler/results/result-array.js";
import type { TableCell } from "./table-data.js";

/** Tests of axes apply before averaging, because the axis may not survive it; comparisons apply after. */
export function splitCondition(condition: ResultCondition | null): {
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

/** Axes of the rows: all but prompts and what describes them; with nothing left, the prompts themselves. */
export function rowAxes(arrays: readonly ResultArray[], needed: readonly string[]): readonly string[] {
  const axes = [...new Set(arrays.flatMap((array) => array.axes))];
  const described = new Set(arrays.flatMap((array) => [...columnsOf(array)]));
  // A draw is nothing but the places that were drawn.
  const drawn = new Set(
    arrays.flatMap(({ decided }) => decided.filter(({ of }) => of.includes("draw")).map(({ name }) => name)),
  );
  const isShown = (axis: string): boolean => drawn.has(axis) || (axis !== "prompt" && !described.has(axis));
  const kept = axes.filter((axis) => needed.includes(axis) || isShown(axis));
  const last = kept.filter((axis) => drawn.has(axis));
  return kept.length > 0 ? [...kept.filter((axis) => !drawn.has(axis)), ...last] : axes;
}

/**
 * Distinct places of all arrays. An array whose axes are all axes of another one adds no places of its own: it is
 * repeated along the other's axes.
 */
export function placesOf(arrays: readonly ResultArray[], keep: readonly string[]): readonly Coordinates[] {
  const within = (a: ResultArray, b: ResultArray): boolean => a.axes.every((axis) => b.axes.includes(axis));
  const widest = arrays.filter((a) => !arrays.some((b) => within(a, b) && !within(b, a)));
  const places = new Map<string, Coordinates>();
  for (const array of widest) {
    for (const { coordinates } of array.cells) {
      const key = coordinateKey(coordinates, keep);
      if (!places.has(key)) places.set(key, pickCoordinates(coordinates, keep));
    }
  }
  return [...places.values()];
}

/** What an array holds at a place. */
export function lookup(array: ResultArray): (place: Coordinates) => TableCell {
  const index = new Map(
    array.cells.map((cell): [string, ResultCell] => [coordinateKey(cell.coordinates, array.axes), cell]),
  );
  return (place) => {
    const cell = index.get(coordinateKey(place, array.axes));
    return { value: cell?.value ?? null, reason: cell?.reason ?? null };
  };
}

/** The places by what `keys` holds there, the largest first and NaN last; equal ones keep their order. */
export function sortDescending(places: readonly Coordinates[], keys: ResultArray): readonly Coordinates[] {
  const find = lookup(keys);
  const keyed = places.map((place) => ({ place, key: Number(find(place).value ?? NaN) }));
  keyed.sort((a, b) => {
    if (Number.isNaN(a.key) || Number.isNaN(b.key)) return Number(Number.isNaN(a.key)) - Number(Number.isNaN(b.key));
    return b.key > a.key ? 1 : b.key < a.key ? -1 : 0;
  });
  return keyed.map(({ place }) => place);
}
