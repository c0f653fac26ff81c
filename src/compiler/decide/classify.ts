/** `classify VALUE as low < 25, high < 45, rest`. */
import type { DecisionOutcome } from "../ir/decision-outcome.js";
import type { Decision } from "../ir/decisions.js";
import type { ResultSet } from "../ir/results.js";
import { evaluateResult } from "../results/evaluate.js";
import { averageOver, columnsOf } from "../results/result-array.js";
import { averagedText } from "./units.js";

type Classify = Extract<Decision, { kind: "classify" }>;

/** Texts are the sample that a class is judged by; what is left is what is classified. */
const sampled = ["prompt", "document"];

export function decideClassify({ value, classes, text: statement }: Classify, results: ResultSet): DecisionOutcome {
  const notes = new Set<string>();
  const array = evaluateResult(value.expression, results, (sentence) => notes.add(sentence));
  const columns = columnsOf(array);
  const kept = array.axes.filter(
    (axis) => !columns.has(axis) && !sampled.includes(axis) && !array.ragged.includes(axis),
  );
  const averaged = averagedText(array, kept);
  if (averaged !== null) notes.add(`each value is the mean over ${averaged}`);
  const parts = averageOver(array, kept).cells.map(({ coordinates, value: measured, reason }) => {
    if (Number.isNaN(measured)) return { coordinates, value: null, name: null, reason: reason ?? "no reason recorded" };
    const band = classes.find(({ below }) => below === null || measured < below);
    return band === undefined
      ? { coordinates, value: measured, name: null, reason: "it is above the bound of the last class" }
      : { coordinates, value: measured, name: band.name, reason: null };
  });
  return { kind: "classify", statement, parts, notes: [...notes] };
}
