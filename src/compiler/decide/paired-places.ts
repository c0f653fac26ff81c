/** Whether two values rise together over the places that both have, with places of one text kept together. */
import type { TestedPart } from "../ir/decision-outcome.js";
import type { TestUse } from "../ir/decisions.js";
import { joinArrays, type Unmatched } from "../results/joins.js";
import { columnsOf, coordinateKey, type ResultArray } from "../results/result-array.js";
import { bootstrap } from "../statistics/bootstrap.js";
import { momentsOf, pearsonR, rOfMoments, type Moments } from "../statistics/pearson-r.js";
import { factorial } from "../statistics/permutation.js";
import { correlationTest } from "../statistics/run-test.js";
import { rank } from "../statistics/samples.js";
import { exactFloorNote } from "./p-floor.js";
import { partOf, undecidedPart, type PartFrame } from "./parts.js";
import { drawsOf } from "./samples.js";

/** Draws for the interval where places of one text are not independent, so that no formula gives one. */
const clusterDraws = { count: 2000, seed: 0 };

/** Texts from which an interval holds about what it says: see test/decide/negative-controls.test.ts. */
const enoughTexts = 40;

/** Places (of r texts) × draws that the intervals of a statement may take: about ten seconds. */
const mostPairs = 2e8;

/** Two arrays with the same places, in the same order. */
export interface PairedPlaces {
  readonly left: ResultArray;
  readonly right: ResultArray;
}

/** What a statement says about all of its parts. */
export interface Told {
  readonly note: (sentence: string) => void;
  /** What one independent value is of, in each part. */
  readonly units: Set<string>;
  /** How many correlations the statement has for each test: they share the time that intervals may take. */
  readonly correlations: number;
  /** How many p-values each one is corrected for. */
  readonly family: number;
}

/** The parts of a statement before their p-values are corrected. */
export interface MadeParts {
  readonly parts: readonly TestedPart[];
  /** What the correction is for, in words. */
  readonly family: string;
  /** The values that were looked at. */
  readonly array: ResultArray;
}

/** Values of both sides at the places that both have; places of one side only go to `onUnmatched`. */
export function pairedPlaces(
  left: ResultArray,
  right: ResultArray,
  onUnmatched: (unmatched: Unmatched) => void,
): PairedPlaces {
  return {
    left: joinArrays(left, right, ({ value, reason }) => ({ value, reason }), onUnmatched),
    right: joinArrays(left, right, (_, { value, reason }) => ({ value, reason })),
  };
}

/** One part for each test. `by` tells groups apart, of which the places are one. */
export function correlatedParts(
  { left, right }: PairedPlaces,
  tests: readonly TestUse[],
  sides: Pick<PartFrame, "coordinates" | "sides">,
  by: readonly string[],
  told: Told,
): readonly TestedPart[] {
  const n = left.cells.length;
  const frame: PartFrame = { ...sides, n: [n, n] };
  const undecided = (reason: string): readonly TestedPart[] =>
    tests.map(({ name }) => undecidedPart(frame, name, reason));
  if (n === 0) return undecided("there are no pairs");
  const faulty = [...left.cells, ...right.cells].filter(({ value }) => !Number.isFinite(value));
  if (faulty.length > 0) {
    return undecided(`${faulty.length} values are not finite (${faulty[0]?.reason ?? "infinite"})`);
  }
  const [x, y] = [left, right].map(({ cells }) => cells.map(({ value }) => value)) as [number[], number[]];
  const { unit, clustered, textAxes } = independenceOf(left, by);
  told.units.add(unit);
  return tests.map((test) => {
    if (test.name !== "bootstrap" && !clustered) {
      const outcome = correlationTest(test.name, x, y, "two-sided", drawsOf(test));
      if (outcome === null) return undecidedPart(frame, test.name, "no such correlation");
      const part = partOf(frame, test.name, outcome, symbolOf(test));
      const floor = exactFloorNote(part, factorial(n), unit, told.family);
      if (floor !== null) told.note(floor);
      return part;
    }
    if (test.name === "permutation") {
      const reason = `values of one ${unit} are not independent, so they cannot be exchanged: use bootstrap`;
      return undecidedPart(frame, test.name, reason);
    }
    if (clustered) {
      told.note(
        `several places belong to one ${unit}: the interval is from ${unit}s drawn with replacement, and no p is given`,
      );
    }
    return clusteredPart({ left, right }, textAxes, frame, test, told);
  });
}

/** A correlation is r or ρ, also where `permutation` or `bootstrap` stands for its test. */
function symbolOf({ name }: TestUse): string {
  return name === "spearman" ? "ρ" : "r";
}

/** What a place is of, and the axes that name the text it belongs to; none where places belong to no text. */
export interface Independence {
  readonly unit: string;
  /** Whether several places belong to one unit, so that no formula gives a p-value. */
  readonly clustered: boolean;
  readonly textAxes: readonly string[];
}

/** Whether the places of an array are independent of each other, apart from the axes of `by`. */
export function independenceOf(array: ResultArray, by: readonly string[]): Independence {
  const columns = columnsOf(array);
  const axes = array.axes.filter((axis) => !columns.has(axis) && !by.includes(axis));
  const text = (["document", "prompt"] as const).find((axis) => axes.includes(axis));
  if (text === undefined) {
    const isOfOneText = axes.some((axis) => array.ragged.includes(axis));
    return { unit: isOfOneText ? "text" : (axes.at(-1) ?? "value"), clustered: isOfOneText, textAxes: [] };
  }
  const textAxes = axes.filter((axis) => ["prompts", "group", text].includes(axis));
  const texts = new Set(array.cells.map(({ coordinates }) => coordinateKey(coordinates, textAxes)));
  return { unit: text, clustered: texts.size < array.cells.length, textAxes };
}

/** The places of one text. */
interface Cluster {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** Texts are drawn whole, within their sets and groups. */
function clusteredPart(
  { left, right }: PairedPlaces,
  textAxes: readonly string[],
  frame: PartFrame,
  test: TestUse,
  { note, correlations }: Told,
): TestedPart {
  const strata = new Map<string, Map<string, { x: number[]; y: number[] }>>();
  left.cells.forEach(({ coordinates, value }, i) => {
    const stratum = coordinateKey(
      coordinates,
      textAxes.filter((axis) => axis === "prompts" || axis === "group"),
    );
    const clusters = strata.get(stratum) ?? new Map<string, { x: number[]; y: number[] }>();
    strata.set(stratum, clusters);
    const key = coordinateKey(coordinates, textAxes);
    const cluster = clusters.get(key) ?? { x: [], y: [] };
    clusters.set(key, cluster);
    cluster.x.push(value);
    cluster.y.push(right.cells.at(i)?.value ?? Number.NaN);
  });
  const groups = [...strata.values()].map((clusters): readonly Cluster[] => [...clusters.values()]);
  const draws = test.name === "bootstrap" ? drawsOf(test) : clusterDraws;
  const ranked = test.name === "spearman";
  const moments = ranked ? new Map<Cluster, Moments>() : momentsOf(groups.flat());
  const coefficient = (drawn: readonly (readonly Cluster[])[]): number => {
    const clusters = drawn.flat();
    // A text's places are the same in every draw: r needs their sums alone, ρ needs all places to rank them anew.
    if (!ranked) return rOfMoments(clusters.flatMap((cluster) => moments.get(cluster) ?? []));
    const [x, y] = [clusters.flatMap((cluster) => cluster.x), clusters.flatMap((cluster) => cluster.y)];
    return pearsonR(rank(x).ranks, rank(y).ranks);
  };
  const texts = groups.reduce((sum, { length }) => sum + length, 0);
  if (texts < enoughTexts) {
    note(
      `intervals from fewer than ${enoughTexts} texts are too narrow: of noise about 11 in 100 from 10 to 20 texts leave 0 out, and not 5`,
    );
  }
  const work = (ranked ? left.cells.length : texts) * (draws.count + texts) * correlations;
  if (work > mostPairs) {
    const estimate = coefficient(groups);
    const each = correlations === 1 ? "" : ` for each of ${correlations} correlations`;
    note(`${left.cells.length} places drawn ${draws.count} times${each} are too many for an interval: none is given`);
    return {
      ...undecidedPart(frame, test.name, ""),
      estimate,
      statistic: estimate,
      symbol: symbolOf(test),
      reason: null,
    };
  }
  return partOf(
    { ...frame, n: [texts, texts] },
    test.name,
    bootstrap(groups, coefficient, draws.count, draws.seed),
    symbolOf(test),
  );
}
