/** `correlate VALUE between AXIS, …`: every level of the axes with every other one, over the places that are left. */
import { entryOf } from "../base/entry.js";
import type { TestedPart } from "../ir/decision-outcome.js";
import type { Decision } from "../ir/decisions.js";
import { alsoRemoved } from "../ir/result-type.js";
import { groupCells, levelsOf, pickCoordinates, type ResultArray } from "../results/result-array.js";
import { groupsBy } from "./groups.js";
import { correctionOf, familyOf } from "./p-floor.js";
import { correlatedParts, pairedPlaces, type MadeParts, type Told } from "./paired-places.js";
import { undecidedPart } from "./parts.js";
import { levelsInOrder, mixedTexts } from "./series.js";

type Correlate = Extract<Decision, { kind: "correlate" }>;

/** Pairs that a statement may have: the record holds each of them. */
const mostPairs = 5000;
/** Pairs × places: a few seconds. */
const mostValues = 2e7;

/** One combination of levels, with what was measured there. */
interface Level {
  readonly label: string;
  readonly array: ResultArray;
}

/** Each pair once, in the order of the axes: the first level with all others, then the second … */
export function correlationMatrix(
  { by, tests, correction }: Correlate,
  axes: readonly string[],
  array: ResultArray,
  units: Set<string>,
  note: (sentence: string) => void,
): MadeParts {
  const groups = groupsBy([array], by).map(({ coordinates, arrays: [own = array] }) => ({
    coordinates,
    levels: levelsOfAxes(own, axes),
  }));
  const pairs = groups.reduce((sum, { levels }) => sum + (levels.length * (levels.length - 1)) / 2, 0);
  const values = groups.reduce(
    (sum, { levels }) => sum + (levels.length - 1) * levels.reduce((all, level) => all + level.array.cells.length, 0),
    0,
  );
  const fault = matrixFault(array, axes, by, pairs, values);
  const several = groups.length > 1 ? ` in ${groups.length} groups` : "";
  const family = `${pairs} ${pairs === 1 ? "pair" : "pairs"}${several}`;
  if (fault !== null) {
    const sides = { coordinates: {}, sides: ["each level", "each other level"], n: [0, 0] } as const;
    return { parts: tests.map(({ name }) => undecidedPart(sides, name, fault)), family, array };
  }
  const told: Told = { note, units, correlations: pairs, family: familyOf(correctionOf(correction, pairs), pairs) };
  let incomplete = 0;
  const parts = groups.flatMap(({ coordinates, levels }) =>
    levels.flatMap((left, i) =>
      levels.slice(i + 1).flatMap((right): readonly TestedPart[] => {
        const places = pairedPlaces(left.array, right.array, () => incomplete++);
        return correlatedParts(places, tests, { coordinates, sides: [left.label, right.label] }, by, told);
      }),
    ),
  );
  if (incomplete > 0)
    note(`in ${incomplete} of ${family} each side has places that the other lacks: these are left out`);
  return { parts, family, array };
}

/** Why there is no matrix; null where there is one. */
function matrixFault(
  array: ResultArray,
  axes: readonly string[],
  by: readonly string[],
  pairs: number,
  values: number,
): string | null {
  if (array.cells.length === 0) return "there are no values";
  if (pairs === 0) return `${axes.join(", ")} has a single level`;
  if (axes.includes("group") && array.axes.includes("document"))
    return "documents of different groups have the same numbers, and are not the same: average over document first";
  const mixed = axes.map((axis) => mixedTexts(array, axis, [...axes, ...by])).find((reason) => reason !== null);
  if (mixed !== undefined) return mixed;
  if (pairs > mostPairs) return `${pairs} pairs are more than a statement may have (${mostPairs}): select some levels`;
  return values > mostValues
    ? `${pairs} pairs of ${values} values together are more than a statement may take (${mostValues}): average first, or select some levels`
    : null;
}

/** What was measured at each combination of levels, without these axes and what follows from them. */
function levelsOfAxes(array: ResultArray, axes: readonly string[]): readonly Level[] {
  const removed = new Set([...axes, ...alsoRemoved(array.decided, new Set(axes))]);
  const kept = array.axes.filter((axis) => !removed.has(axis));
  const order = axes.map((axis) => new Map(levelsInOrder(array, axis).map((level, i) => [String(level), i])));
  const found = [...groupCells(array.cells, axes).values()].map((cells) => {
    // A model without revisions has no coordinate on that axis.
    const levels = axes.map((axis) => entryOf(cells[0]?.coordinates ?? {}, axis) ?? null);
    return { levels, places: levels.map((level, i) => order[i]?.get(String(level)) ?? -1), cells };
  });
  found.sort((a, b) => {
    const first = a.places.findIndex((place, i) => place !== b.places[i]);
    return first < 0 ? 0 : (a.places[first] ?? 0) - (b.places[first] ?? 0);
  });
  // An axis with one level tells nothing apart.
  const telling = axes.map((axis) => axes.length === 1 || levelsOf(array, axis).length > 1);
  return found.map(({ levels, cells }) => ({
    label: levels.filter((level, i) => level !== null && telling[i]).join(" · "),
    array: {
      axes: kept,
      cells: cells.map((cell) => ({ ...cell, coordinates: pickCoordinates(cell.coordinates, kept) })),
      decided: array.decided.filter(({ name }) => !removed.has(name)),
      labels: array.labels,
      ragged: array.ragged.filter((axis) => !removed.has(axis)),
    },
  }));
}
