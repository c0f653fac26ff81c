/** `find peak | dip | changepoint of VALUE over AXIS by …`. */
import { entryOf } from "../base/entry.js";
import type { DecisionOutcome, FoundPart } from "../ir/decision-outcome.js";
import type { Decision } from "../ir/decisions.js";
import { coordinateNumber } from "../ir/coordinate-number.js";
import type { Coordinate } from "../ir/result-expression.js";
import type { ResultSet } from "../ir/results.js";
import { evaluateResult } from "../results/evaluate.js";
import { averageOver, levelsOf, type ResultArray } from "../results/result-array.js";
import { changepoint } from "../statistics/changepoint.js";
import { dip, peak } from "../statistics/extremum.js";
import { groupsBy } from "./groups.js";
import { levelsInOrder, mixedTexts } from "./series.js";
import { averagedText } from "./units.js";

type Find = Extract<Decision, { kind: "find" }>;

const draws = { count: 9999, seed: 0 };

const nothing = { at: null, value: null, expected: null, pValue: null, shape: null } as const;

export function decideFind(decision: Find, results: ResultSet): DecisionOutcome {
  const { what, value, over, by, text: statement } = decision;
  const notes = new Set<string>();
  const array = evaluateResult(value.expression, results, (sentence) => notes.add(sentence));
  const averaged = averagedText(array, [over, ...by]);
  if (averaged !== null) notes.add(`each value is the mean over ${averaged}`);
  const mixed = mixedTexts(array, over, by);
  const series = averageOver(array, [over, ...by]);
  if (levelsOf(series, over).map(coordinateNumber).some(Number.isNaN))
    notes.add(`${over} is not a number: its levels are taken as evenly spaced`);
  if (what === "dip") notes.add("a dip is the value furthest below the line between its neighbours");
  if (what === "changepoint") {
    notes.add(
      `p: chance of a jump that explains as much where the order means nothing (${draws.count} permutations, seed ${draws.seed}), so none is below ${1 / (draws.count + 1)}`,
    );
    notes.add("shapes are compared by AICc: level, line, step, s-shape");
  }
  const parts = groupsBy([series], by).map(({ coordinates: group, arrays: [own = series] }): FoundPart => ({
    coordinates: group,
    ...(mixed === null ? lookIn(own, over, what) : { ...nothing, n: own.cells.length, reason: mixed }),
  }));
  if (parts.filter(({ pValue }) => pValue !== null).length > 1)
    notes.add("the p-values are those of each group by itself: they are not corrected for the number of groups");
  return { kind: "find", what, over, statement, parts, notes: [...notes] };
}

function lookIn(series: ResultArray, over: string, what: Find["what"]): Omit<FoundPart, "coordinates"> {
  const levels = levelsInOrder(series, over);
  const byLevel = new Map(series.cells.map((cell) => [String(entryOf(cell.coordinates, over)), cell]));
  const cells = levels.flatMap((level) => byLevel.get(String(level)) ?? []);
  const y = cells.map(({ value }) => value);
  const numbers = levels.map(coordinateNumber);
  const x = numbers.some(Number.isNaN) ? levels.map((_, i) => i) : numbers;
  const empty = { ...nothing, n: y.length };
  const faulty = cells.find(({ value }) => !Number.isFinite(value));
  if (faulty !== undefined) {
    const place = `${over} ${String(entryOf(faulty.coordinates, over))}`;
    return { ...empty, reason: `the value at ${place} is not finite (${faulty.reason ?? "infinite"})` };
  }
  const at = (place: number): Coordinate | null => levels[place] ?? null;
  if (what === "changepoint") {
    const outcome = changepoint(x, y, draws);
    if (outcome.kind === "undecided") return { ...empty, reason: outcome.reason };
    const { place, before, after, pValue, best } = outcome;
    return { ...empty, at: at(place), value: after, expected: before, pValue, shape: best, reason: null };
  }
  const outcome = what === "peak" ? peak(x, y) : dip(x, y);
  if (outcome.kind === "undecided") return { ...empty, reason: outcome.reason };
  return { ...empty, at: at(outcome.place), value: outcome.value, expected: outcome.expected, reason: null };
}
