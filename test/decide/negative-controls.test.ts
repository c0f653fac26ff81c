/**
 * Negative controls: where nothing depends on anything, every statement that gives a p-value or an interval is wrong at a
 * rate of alpha or less. The tests behind them have controls of their own in test/statistics/false-alarms.test.ts.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededIntegers } from "../../src/compiler/base/random.js";
import { decide } from "../../src/compiler/decide/decide.js";
import type { Decision } from "../../src/compiler/ir/decisions.js";
import type { DecisionOutcome } from "../../src/compiler/ir/decision-outcome.js";
import {
  axisCorrelation,
  between,
  byPrompt,
  column,
  compare,
  constant,
  correlate,
  fit,
  hypothesis,
  resultsOf,
  where,
  type Made,
} from "./results.js";

const repetitions = 1000;
const alpha = 0.05;
/**
 * Of 1000 repetitions of a right test, more than 70 are wrong with a probability of 0.002 (binomial). The seeds are fixed, so
 * the result is always the same.
 */
const allowed = 70;

type Results = ReturnType<typeof resultsOf>;

/** Numbers that are close to normal: sums of twelve uniform ones. */
function noise(seed: number): () => number {
  const next = seededIntegers(seed);
  return () => Array.from({ length: 12 }, () => next(1_000_003) / 1_000_003).reduce((a, b) => a + b, -6);
}

/** How often an outcome says that there is something, in 1000 results of which each value is noise. */
function alarms(
  make: (normal: () => number) => Results,
  decision: Decision,
  isAlarm: (o: DecisionOutcome) => boolean,
  times = repetitions,
): number {
  const normal = noise(20261130);
  let count = 0;
  for (let i = 0; i < times; i++) if (isAlarm(decide(decision, make(normal)))) count++;
  return count;
}

/** Whether any p-value, corrected where it is, is at most alpha; an outcome without any fails. */
function isSmall(outcome: DecisionOutcome): boolean {
  assert.ok("parts" in outcome && outcome.kind !== "classify");
  const ps = outcome.parts.map((part) => ("adjusted" in part ? (part.adjusted ?? part.pValue) : part.pValue));
  assert.ok(ps.length > 0 && !ps.includes(null), JSON.stringify(outcome.parts[0]));
  return ps.some((p) => (p ?? 1) <= alpha);
}

/** Whether 0 lies outside of the interval. */
function excludesZero(outcome: DecisionOutcome): boolean {
  assert.equal(outcome.kind, "correlate");
  const interval = outcome.parts[0]?.interval;
  assert.ok(interval != null);
  return interval.low > 0 || interval.high < 0;
}

function control(name: string, make: (normal: () => number) => Results, decision: Decision): void {
  test(`${name} says of noise that there is something at a rate of ${alpha} at most`, () => {
    const count = alarms(make, decision, isSmall);
    assert.ok(count <= allowed, `${count} of ${repetitions}`);
  });
}

const draws = { count: 99, seed: 5 };
const drawing = <D extends Decision & { readonly tests: unknown }>(decision: D, count = draws.count): D => ({
  ...decision,
  tests: (decision.tests as readonly { readonly name: string }[]).map(({ name }) => ({
    name,
    count: name === "permutation" || name === "bootstrap" ? count : null,
    seed: draws.seed,
  })),
});

const sample = (n: number, normal: () => number): readonly number[] => Array.from({ length: n }, normal);

// Two sets of prompts, and two layers of the same prompts.
const sets = (normal: () => number): Results =>
  resultsOf(
    { e: [...byPrompt(sample(10, normal), { prompts: "x" }), ...byPrompt(sample(10, normal), { prompts: "y" })] },
    ["x", "y"],
  );
const layers = (normal: () => number): Results =>
  resultsOf({ e: [...byPrompt(sample(10, normal), { layer: 0 }), ...byPrompt(sample(10, normal), { layer: 1 })] });

for (const name of ["t_test", "welch_t", "mann_whitney", "permutation"]) {
  control(`compare of two sets by ${name}`, sets, drawing(compare(column("e"), "prompts", ["x", "y"], [name])));
  const [x, y] = [where(column("e"), "prompts", "x"), where(column("e"), "prompts", "y")];
  control(`a hypothesis of two sets by ${name}`, sets, drawing(hypothesis(x, "<", y, name)));
}
for (const name of ["paired_t", "wilcoxon", "permutation"]) {
  control(`compare of pairs by ${name}`, layers, drawing(compare(column("e"), "layer", [0, 1], [name])));
  const [a, b] = [where(column("e"), "layer", 0), where(column("e"), "layer", 1)];
  control(`a hypothesis of pairs by ${name}`, layers, drawing(hypothesis(a, ">", b, name)));
}
for (const name of ["t_test", "wilcoxon", "permutation", "bootstrap"]) {
  control(
    `a hypothesis against a number by ${name}`,
    (normal) => resultsOf({ e: byPrompt(sample(name === "bootstrap" ? 40 : 12, normal)) }),
    drawing(hypothesis(column("e"), ">", constant(0), name), name === "bootstrap" ? 199 : draws.count),
  );
}
control(
  "compare of all pairs of four layers, corrected,",
  (normal) => resultsOf({ e: [0, 1, 2, 3].flatMap((layer) => byPrompt(sample(8, normal), { layer })) }),
  { ...compare(column("e"), "layer", [], ["paired_t"]), levels: null },
);

// Correlations: one place for each prompt, with an axis of numbers, between levels.
const both = (normal: () => number): Results =>
  resultsOf({ e: byPrompt(sample(10, normal)), f: byPrompt(sample(10, normal)) });
for (const name of ["pearson", "spearman", "permutation"]) {
  control(`correlate by ${name}`, both, drawing(correlate(column("e"), column("f"), [name])));
  control(
    `a trend by ${name}`,
    (normal) => resultsOf({ e: sample(10, normal).map((value, layer): Made => ({ axes: { layer }, value })) }),
    drawing(axisCorrelation(column("e"), "layer", [name])),
  );
  control(
    `a corrected matrix by ${name}`,
    (normal) => resultsOf({ e: ["x", "y", "z"].flatMap((model) => byPrompt(sample(10, normal), { model })) }),
    drawing(between(column("e"), ["model"], [name]), 199),
  );
}

/** Tokens of texts: those of one text share a part, so that they are not independent. */
const tokens =
  (texts: number) =>
  (normal: () => number): Results => {
    const made = (): readonly Made[] =>
      Array.from({ length: texts }, (_, prompt) => {
        const shared = 2 * normal();
        return Array.from({ length: 3 }, (__, pos): Made => ({ axes: { prompt, pos }, value: shared + normal() }));
      }).flat();
    return resultsOf({ e: made(), f: made() });
  };
// Series.
const series =
  (n: number) =>
  (normal: () => number): Results =>
    resultsOf({
      e: sample(n, normal).map((value, layer): Made => ({ axes: { layer: layer + 1 }, value: Math.exp(value) })),
    });
for (const curve of ["power_law", "exponential"] as const) {
  control(`the exponent of fit ${curve}`, series(8), fit(curve, column("e"), "layer"));
}
control(
  "the slope of fit linear",
  (normal) => resultsOf({ e: sample(8, normal).map((value, layer): Made => ({ axes: { layer }, value })) }),
  fit("linear", column("e"), "layer"),
);

test("the interval of a correlation over tokens is from texts: of noise it leaves 0 out in a tenth at most", () => {
  // A bootstrap of few texts is too narrow: of 100 intervals about 13 from 5 texts leave 0 out, 11 from 10 or 20, 8 from 40
  // and 6 from 80 (2000 repetitions of 999 draws each).
  // Of 200 with a rate of 0.1, more than 33 leave 0 out with a probability of 0.002.
  const decision = drawing(correlate(column("e"), column("f"), ["bootstrap"]), 99);
  const clustered = alarms(tokens(40), decision, excludesZero, 200);
  assert.ok(clustered <= 33, `${clustered} of 200`);
  // Taken for independent, the same values are wrong far more often.
  const flat = (normal: () => number): Results => {
    const { types, rows } = tokens(40)(normal);
    const experiments = [...types.keys()].map((name) => {
      const own = [...rows].filter(({ experiment }) => experiment === name);
      return [name, own.map(({ value }, prompt): Made => ({ axes: { prompt }, value }))] as const;
    });
    return resultsOf(Object.fromEntries(experiments));
  };
  const independent = alarms(flat, correlate(column("e"), column("f"), ["pearson"]), isSmall, 200);
  assert.ok(independent > 25, `${independent} of 200`);
});
