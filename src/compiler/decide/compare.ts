/** `compare VALUE between AXIS a, b … using …`: every pair of levels, tested two-sided. */
import type { DecisionOutcome, TestedPart } from "../ir/decision-outcome.js";
import type { Decision, TestUse } from "../ir/decisions.js";
import type { ResultExpression } from "../ir/result-expression.js";
import type { ResultSet } from "../ir/results.js";
import { evaluateResult } from "../results/evaluate.js";
import { effectSize, runTest, type Samples } from "../statistics/run-test.js";
import { corrected, partOf, undecidedPart, type PartFrame } from "./parts.js";
import { bootstrapSamples, drawsOf, faultOfSamples, misfit, pairingNote, samplesOfUnits } from "./samples.js";
import { textsScope } from "./spine.js";
import { unitAxesOf, unitsOf, type Units } from "./units.js";

type Compare = Extract<Decision, { kind: "compare" }>;

export function decideCompare(decision: Compare, results: ResultSet): DecisionOutcome {
  const { value, axis, levels, tests, correction, text: statement } = decision;
  const notes = new Set<string>();
  const array = evaluateResult(value.expression, results, (sentence) => notes.add(sentence));
  const axes = unitAxesOf(array, [axis]);
  const units = new Set<string>(axes.kind === "units" ? [axes.unit] : []);
  const pairs = levels.flatMap((left, i) => levels.slice(i + 1).map((right) => [left, right] as const));
  const parts = pairs.flatMap(([left, right]): readonly TestedPart[] => {
    const frame: PartFrame = { coordinates: {}, sides: [String(left), String(right)], n: [0, 0] };
    const undecided = (reason: string, n: PartFrame["n"] = [0, 0]): readonly TestedPart[] =>
      tests.map(({ name }) => undecidedPart({ ...frame, n }, name, reason));
    if (axes.kind === "none") return undecided(axes.reason);
    const { unit } = axes;
    const [a, b] = [left, right].map((level) => {
      const side: ResultExpression = {
        kind: "where",
        argument: value.expression,
        condition: { kind: "axis", axis, among: [level] },
      };
      return unitsOf(evaluateResult(side, results), axes, textsScope(side, results));
    }) as [Units, Units];
    const empty = a.values.length === 0 ? left : b.values.length === 0 ? right : null;
    if (empty !== null) return undecided(`there are no values where ${axis} is ${String(empty)}`);
    for (const { averaged } of [a, b]) {
      if (averaged !== null) notes.add(`the value of a ${unit} is the mean over ${averaged}`);
    }
    const n = [a.values.length, b.values.length] as const;
    const faulty = a.reason ?? b.reason;
    if (faulty !== null) return undecided(faulty, n);
    const samples = samplesOfUnits(a.values, b.values);
    if (samples === null) return undecided(`some ${unit}s are on both sides and some on one only`, n);
    const fault = faultOfSamples(samples, unit);
    if (fault !== null) return undecided(fault, n);
    const pairing = samples.kind === "paired" ? pairingNote(samples, unit) : null;
    if (pairing !== null) notes.add(pairing);
    return tests.map((test) => tested(samples, test, { ...frame, n }, unit));
  });
  const corrections = correction ?? (pairs.length > 1 ? "holm" : null);
  if (pairs.length > 1 && parts.some(({ pValue }) => pValue !== null))
    notes.add(`p-values are corrected for ${pairs.length} pairs (${corrections ?? ""})`);
  return {
    kind: "compare",
    statement,
    unit: [...units].join(" or "),
    parts: corrected(parts, corrections),
    notes: [...notes],
  };
}

function tested(samples: Samples, test: TestUse, frame: PartFrame, unit: string): TestedPart {
  const effect = effectSize(test.name, samples);
  if (effect !== null) return partOf(frame, test.name, effect);
  const draws = drawsOf(test);
  if (test.name === "bootstrap") return partOf(frame, test.name, bootstrapSamples(samples, draws));
  const outcome = runTest(test.name, samples, "two-sided", draws);
  if (outcome !== null) return partOf(frame, test.name, outcome);
  return undecidedPart(frame, test.name, misfit(samples, test.name, unit));
}
