/** `correlate A with B by … using …`: whether two values rise together over the places that both have. */
import type { DecisionOutcome, TestedPart } from "../ir/decision-outcome.js";
import type { Decision, TestUse } from "../ir/decisions.js";
import type { ResultSet } from "../ir/results.js";
import { evaluateResult, unmatchedText } from "../results/evaluate.js";
import {
  averagedAxes,
  averageOver,
  coordinateKey,
  columnsOf,
  joinArrays,
  levelsOf,
  type ResultArray,
} from "../results/result-array.js";
import { bootstrap } from "../statistics/bootstrap.js";
import { pearsonR } from "../statistics/pearson-r.js";
import { rank } from "../statistics/samples.js";
import { correlationTest } from "../statistics/run-test.js";
import { groupsBy } from "./groups.js";
import { drawsOf } from "./samples.js";
import { corrected, partOf, undecidedPart, type PartFrame } from "./parts.js";

type Correlate = Extract<Decision, { kind: "correlate" }>;

/** Draws for the interval where places of one text are not independent, so that no formula gives one. */
const clusterDraws = { count: 2000, seed: 0 };

/** Places × draws that an interval may take: about ten seconds. */
const mostPairs = 2e8;

export function decideCorrelate(decision: Correlate, results: ResultSet): DecisionOutcome {
  const { left, right, by, tests, text: statement } = decision;
  const notes = new Set<string>();
  const note = (sentence: string): void => void notes.add(sentence);
  const joined = joinedPairs(
    ...sameAxes(evaluateResult(left.expression, results, note), evaluateResult(right.expression, results, note), note),
    note,
  );
  notePooled(joined.left, by, note);
  const units = new Set<string>();
  const groups = groupsBy([joined.left, joined.right], by);
  const parts = groups.flatMap(({ coordinates, arrays: [a, b] }) =>
    tests.map((test): TestedPart => {
      const n = a?.cells.length ?? 0;
      const frame: PartFrame = { coordinates, sides: [left.label, right.label], n: [n, n] };
      if (a === undefined || b === undefined || n === 0) return undecidedPart(frame, test.name, "there are no pairs");
      const [x, y] = [a, b].map(({ cells }) => cells.map(({ value }) => value)) as [number[], number[]];
      const faulty = [...a.cells, ...b.cells].filter(({ value }) => !Number.isFinite(value));
      if (faulty.length > 0) {
        return undecidedPart(
          frame,
          test.name,
          `${faulty.length} values are not finite (${faulty[0]?.reason ?? "infinite"})`,
        );
      }
      const { unit, clustered, textAxes } = independenceOf(a, by);
      units.add(unit);
      if (test.name !== "bootstrap" && !clustered) {
        const outcome = correlationTest(test.name, x, y, "two-sided", drawsOf(test));
        return outcome === null
          ? undecidedPart(frame, test.name, "no such correlation")
          : partOf(frame, test.name, outcome, symbolOf(test));
      }
      if (test.name === "permutation") {
        return undecidedPart(
          frame,
          test.name,
          `values of one ${unit} are not independent, so they cannot be exchanged: use bootstrap`,
        );
      }
      note(
        `${n} places belong to fewer ${unit}s: the interval is from ${unit}s drawn with replacement, and no p is given`,
      );
      return clusteredPart([a, b], textAxes, frame, test, note);
    }),
  );
  const family = groups.length > 1 ? "holm" : null;
  if (family !== null && parts.some(({ pValue }) => pValue !== null))
    note(`p-values are corrected for ${groups.length} groups (Holm)`);
  return {
    kind: "correlate",
    statement,
    unit: [...units].join(" or "),
    parts: corrected(parts, family),
    notes: [...notes],
  };
}

/** A correlation is r or ρ, also where `permutation` or `bootstrap` stands for its test. */
function symbolOf({ name }: TestUse): string {
  return name === "spearman" ? "ρ" : "r";
}

/** Axes of models and sets: places that differ in one of them are of unlike things. */
const unlike = ["model", "revision", "dtype", "prompts"];

function notePooled(array: ResultArray, by: readonly string[], note: (sentence: string) => void): void {
  for (const axis of unlike.filter((name) => array.axes.includes(name) && !by.includes(name))) {
    const levels = levelsOf(array, axis).length;
    if (levels > 1) note(`places of ${levels} levels of ${axis} are put together; \`by ${axis}\` keeps them apart`);
  }
}

/**
 * Both sides averaged to the axes that they share: a value that is repeated along an axis of the other side is one value,
 * not many.
 */
function sameAxes(
  left: ResultArray,
  right: ResultArray,
  note: (sentence: string) => void,
): readonly [ResultArray, ResultArray] {
  const shared = left.axes.filter((axis) => right.axes.includes(axis));
  return [left, right].map((array) => {
    const averaged = averagedAxes(array, shared).map(({ axis }) => axis);
    if (averaged.length > 0) note(`one side has no ${averaged.join(", ")}: the other is averaged over it`);
    return averaged.length > 0 ? averageOver(array, shared) : array;
  }) as [ResultArray, ResultArray];
}

/** Values of both sides at the same places, in the same order. */
function joinedPairs(
  left: ResultArray,
  right: ResultArray,
  note: (sentence: string) => void,
): { readonly left: ResultArray; readonly right: ResultArray } {
  const told = (unmatched: Parameters<typeof unmatchedText>[0]): void => {
    note(unmatchedText(unmatched));
  };
  return {
    left: joinArrays(left, right, ({ value, reason }) => ({ value, reason }), told),
    right: joinArrays(left, right, (_, { value, reason }) => ({ value, reason })),
  };
}

/** What a place is of, and the axes that name the text it belongs to; none where places belong to no text. */
interface Independence {
  readonly unit: string;
  readonly clustered: boolean;
  readonly textAxes: readonly string[];
}

function independenceOf(array: ResultArray, by: readonly string[]): Independence {
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
  [left, right]: readonly [ResultArray, ResultArray],
  textAxes: readonly string[],
  frame: PartFrame,
  test: TestUse,
  note: (sentence: string) => void,
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
    cluster.y.push(right.cells[i]?.value ?? Number.NaN);
  });
  const groups = [...strata.values()].map((clusters): readonly Cluster[] => [...clusters.values()]);
  const draws = test.name === "bootstrap" ? drawsOf(test) : clusterDraws;
  const ranked = test.name === "spearman";
  const coefficient = (drawn: readonly (readonly Cluster[])[]): number => {
    const clusters = drawn.flat();
    const [x, y] = [clusters.flatMap((cluster) => cluster.x), clusters.flatMap((cluster) => cluster.y)];
    return ranked ? pearsonR(rank(x).ranks, rank(y).ranks) : pearsonR(x, y);
  };
  const texts = groups.reduce((sum, { length }) => sum + length, 0);
  const work = left.cells.length * (draws.count + texts);
  if (work > mostPairs) {
    const estimate = coefficient(groups);
    note(`${left.cells.length} places drawn ${draws.count} times are too many for an interval: none is given`);
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
