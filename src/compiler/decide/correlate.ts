/** `correlate A with B by … using …`: whether two values rise together over the places that both have. */
import type { DecisionOutcome, TestedPart } from "../ir/decision-outcome.js";
import type { Decision, TestUse } from "../ir/decisions.js";
import type { ResultSet } from "../ir/results.js";
import { evaluateResult, unmatchedText } from "../results/evaluate.js";
import { coordinateKey, columnsOf, joinArrays, type ResultArray } from "../results/result-array.js";
import { pearsonR } from "../statistics/correlation.js";
import { rank, type Sample } from "../statistics/samples.js";
import { correlationTest } from "../statistics/table.js";
import { bootstrapExpressions } from "./bootstrap-of.js";
import { groupsBy } from "./groups.js";
import { corrected, partOf, undecidedPart, type PartFrame } from "./parts.js";

type Correlate = Extract<Decision, { kind: "correlate" }>;

/** Draws for the interval where places of one text are not independent, so that no formula gives one. */
const clusterDraws = { count: 2000, seed: 0 };

export function decideCorrelate(decision: Correlate, results: ResultSet): DecisionOutcome {
  const { left, right, by, tests, text: statement } = decision;
  const notes = new Set<string>();
  const note = (sentence: string): void => void notes.add(sentence);
  const joined = joinedPairs(
    evaluateResult(left.expression, results, note),
    evaluateResult(right.expression, results, note),
    note,
  );
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
      const { unit, clustered } = independenceOf(a, by);
      units.add(unit);
      if (test.name !== "bootstrap" && !clustered) {
        const draws = { count: test.count ?? 0, seed: test.seed ?? 0 };
        const outcome = correlationTest(test.name, x, y, "two-sided", draws);
        return outcome === null
          ? undecidedPart(frame, test.name, "no such correlation")
          : partOf(frame, test.name, outcome);
      }
      if (test.name === "permutation") {
        return undecidedPart(
          frame,
          test.name,
          `values of one ${unit} are not independent, so they cannot be exchanged: use bootstrap`,
        );
      }
      note(
        `several places belong to one ${unit}: the interval is from ${unit}s drawn with replacement, and no p is given`,
      );
      return clusteredPart(decision, results, frame, test, by);
    }),
  );
  const family = groups.length > 1 ? "holm" : null;
  if (family !== null) note(`p-values are corrected for ${groups.length} groups (Holm)`);
  return {
    kind: "correlate",
    statement,
    unit: [...units].join(" or "),
    parts: corrected(parts, family),
    notes: [...notes],
  };
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

/** What a place is of, and whether several places share a text. */
function independenceOf(
  array: ResultArray,
  by: readonly string[],
): { readonly unit: string; readonly clustered: boolean } {
  const columns = columnsOf(array);
  const axes = array.axes.filter((axis) => !columns.has(axis) && !by.includes(axis));
  const text = (["document", "prompt"] as const).find((axis) => axes.includes(axis));
  if (text === undefined) {
    const isOfOneText = axes.some((axis) => array.ragged.includes(axis));
    return { unit: isOfOneText ? "text" : (axes.at(-1) ?? "value"), clustered: isOfOneText };
  }
  const ofText = axes.filter((axis) => ["prompts", "group", text].includes(axis));
  const texts = new Set(array.cells.map(({ coordinates }) => coordinateKey(coordinates, ofText)));
  return { unit: text, clustered: texts.size < array.cells.length };
}

function clusteredPart(
  { left, right }: Correlate,
  results: ResultSet,
  frame: PartFrame,
  test: TestUse,
  by: readonly string[],
): TestedPart {
  const ranked = test.name === "spearman";
  const coefficient = (x: Sample, y: Sample): number =>
    ranked ? pearsonR(rank(x).ranks, rank(y).ranks) : pearsonR(x, y);
  const wanted = JSON.stringify(frame.coordinates);
  const draws = test.name === "bootstrap" ? { count: test.count ?? 0, seed: test.seed ?? 0 } : clusterDraws;
  const { outcome } = bootstrapExpressions(
    [left.expression, right.expression],
    results,
    ([a, b]) => {
      if (a === undefined || b === undefined) return Number.NaN;
      const pairs = joinedPairs(a, b, () => undefined);
      const group = groupsBy([pairs.left, pairs.right], by).find((g) => JSON.stringify(g.coordinates) === wanted);
      const [x, y] = (group?.arrays ?? []).map(({ cells }) => cells.map(({ value }) => value));
      return x === undefined || y === undefined ? Number.NaN : coefficient(x, y);
    },
    draws,
  );
  return partOf(frame, test.name, outcome);
}
