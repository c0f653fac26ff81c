/** Intervals of what is shown: against the bootstrap of samples, against evaluation draw by draw, and by their coverage. */
import assert from "node:assert/strict";
import test from "node:test";
import { intervalWords } from "../../src/compiler/decide/interval-words.js";
import { intervalsOf, type CellInterval, type ShownValue } from "../../src/compiler/decide/intervals.js";
import { resampled, type DrawnUnit } from "../../src/compiler/decide/resample.js";
import { seededIntegers } from "../../src/compiler/base/random.js";
import type { IntervalRequest } from "../../src/compiler/ir/outputs.js";
import type { Coordinates, ResultExpression } from "../../src/compiler/ir/result-expression.js";
import type { ResultSet } from "../../src/compiler/ir/results.js";
import { evaluateResult } from "../../src/compiler/results/evaluate.js";
import { averageOver, coordinateKey } from "../../src/compiler/results/result-array.js";
import { bootstrap, intervalFrom } from "../../src/compiler/statistics/bootstrap.js";
import { mean } from "../../src/compiler/statistics/samples.js";
import { seeded } from "../support/random.js";
import { byPrompt, column, constant, resultsOf, where, type Made } from "./results.js";

const asked = (count = 2000, seed = 0, level = 0.95): IntervalRequest => ({ when: "asked", level, count, seed });

const shown = (expression: ResultExpression, keep: readonly string[] = []): ShownValue => ({
  expression,
  conditions: [],
  keep,
});

const reduce = (
  operation: "mean" | "sum" | "max" | "min" | "std" | "var",
  argument: ResultExpression,
  over: readonly string[] | null = null,
): ResultExpression => ({ kind: "reduce", operation, argument, over });

const binary = (
  operation: "+" | "-" | "*" | "/",
  left: ResultExpression,
  right: ResultExpression,
): ResultExpression => ({
  kind: "binary",
  operation,
  left,
  right,
});

const exp = (argument: ResultExpression): ResultExpression => ({ kind: "call", operation: "exp", argument });

/** Normal numbers by Box and Muller. */
function normal(random: { next(): number }, count: number): readonly number[] {
  return Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()),
  );
}

function only(cells: readonly CellInterval[]): CellInterval {
  const [cell, another] = cells;
  assert.ok(cell !== undefined && another === undefined, `${cells.length} intervals`);
  return cell;
}

function near(a: number, b: number, what: string): void {
  assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b)), `${what}: ${a} is not ${b}`);
}

test("the interval of a mean is the bootstrap of its sample, which SciPy's fixture checks", () => {
  const values = normal(seeded(5), 23).map((value) => Math.exp(value));
  const cell = only(intervalsOf(shown(column("e")), resultsOf({ e: byPrompt(values) }), asked(999, 7)).cells);
  const expected = bootstrap<number>([values], ([sample]) => mean(sample ?? []), 999, 7);
  assert.equal(expected.kind, "bootstrapped");
  near(cell.low, expected.interval.low, "low");
  near(cell.high, expected.interval.high, "high");
  assert.deepEqual([cell.n, cell.method, cell.reason], [23, "bca", null]);
});

/** What `intervalsOf` should give: everything evaluated for each draw, as slowly as that is. */
function drawByDraw({ expression, keep }: ShownValue, results: ResultSet, { count, seed, level }: IntervalRequest) {
  const all = resampled([expression], results);
  assert.ok(all !== null);
  const { strata, resultsOf: of } = all;
  const arrayOf = (chosen: readonly (readonly DrawnUnit[])[]) =>
    averageOver(evaluateResult(expression, of(chosen)), keep);
  const measured = arrayOf(strata);
  const valuesOf = (chosen: readonly (readonly DrawnUnit[])[]): readonly number[] => {
    const found = new Map(
      arrayOf(chosen).cells.map((cell) => [coordinateKey(cell.coordinates, measured.axes), cell.value]),
    );
    return measured.cells.map(({ coordinates }) => found.get(coordinateKey(coordinates, measured.axes)) ?? Number.NaN);
  };
  const next = seededIntegers(seed);
  const draws = Array.from({ length: count }, () =>
    valuesOf(strata.map((units) => units.flatMap(() => units[next(units.length)] ?? []))),
  );
  const left = strata.map((units, s) =>
    units.map((_, i) => valuesOf(strata.map((stratum, at) => (at === s ? stratum.toSpliced(i, 1) : stratum)))),
  );
  return measured.cells.map(({ coordinates, value }, c) => ({
    coordinates,
    outcome: intervalFrom(
      value,
      draws.map((values) => values[c] ?? Number.NaN),
      left.map((stratum) => stratum.map((values) => values[c] ?? Number.NaN)),
      level,
    ),
  }));
}

/** Documents of two groups with tokens of unlike number, in two experiments, and heads of each. */
const corpus = ((): ResultSet => {
  const random = seeded(11);
  const made = (scale: number): readonly Made[] =>
    ["law", "prose"].flatMap((group, g) =>
      Array.from({ length: 7 + g }, (_, document) => {
        const level = scale * (1 + random.next()) + g;
        return Array.from({ length: 2 + random.below(5) }, (_, pos) => pos).flatMap((pos) =>
          [0, 1].map((head): Made => ({
            axes: { group, document, head, pos },
            value: level + 0.3 * random.next() + head,
          })),
        );
      }).flat(),
    );
  return resultsOf({ e: made(1), f: made(2) }, ["texts"]);
})();

const e = column("e");
const expressions: readonly (readonly [name: string, expression: ResultExpression, keep: readonly string[]])[] = [
  ["a mean by group", e, ["group"]],
  ["a mean by group and head", e, ["group", "head"]],
  [
    "a ratio of sums",
    exp(binary("/", reduce("sum", e, ["document", "pos"]), reduce("sum", column("f"), ["document", "pos"]))),
    ["group"],
  ],
  [
    "a difference of groups",
    binary("-", reduce("mean", where(e, "group", "law"), null), reduce("mean", where(e, "group", "prose"), null)),
    [],
  ],
  ["a standard deviation over groups", reduce("std", reduce("mean", e, ["document", "pos"]), ["group"]), ["head"]],
  ["a standard deviation of all", reduce("std", e), []],
  ["a variance over documents", reduce("var", reduce("mean", e, ["pos"]), ["document"]), ["group"]],
  ["a maximum", reduce("max", e, ["document", "pos"]), ["group"]],
  ["a minimum of two experiments", reduce("min", binary("*", e, exp(column("f")))), []],
  ["a spread around the mean", reduce("std", binary("/", e, reduce("mean", e, ["document", "pos"]))), []],
  [
    "a selection by value",
    { kind: "where", argument: e, condition: { kind: "compare", operation: ">", left: e, right: constant(2) } },
    ["group"],
  ],
  [
    "a selection by a mean, which each draw makes anew",
    {
      kind: "where",
      argument: e,
      condition: { kind: "compare", operation: ">", left: e, right: reduce("mean", e) },
    },
    ["group"],
  ],
];

for (const [name, expression, keep] of expressions) {
  test(`${name}: what is computed at once is what is computed draw by draw`, () => {
    const request = asked(199, 3, 0.9);
    const made = intervalsOf(shown(expression, keep), corpus, request);
    const expected = drawByDraw(shown(expression, keep), corpus, request);
    assert.ok(expected.length > 0);
    assert.equal(made.cells.length, expected.length);
    for (const { coordinates, outcome } of expected) {
      const cell = made.at(coordinates);
      assert.ok(cell !== null && outcome.kind === "bootstrapped", JSON.stringify(outcome));
      assert.equal(cell.reason, null);
      assert.equal(cell.method, outcome.method);
      near(cell.low, outcome.interval.low, "low");
      near(cell.high, outcome.interval.high, "high");
    }
    assert.equal(made.unit, "document");
  });
}

test("a 95% interval holds the mean of a normal distribution in 95% of cases", () => {
  const random = seeded(2024);
  const repetitions = 1000;
  let covered = 0;
  for (let i = 0; i < repetitions; i++) {
    const values = normal(random, 40);
    const { low, high } = only(
      intervalsOf(shown(column("e")), resultsOf({ e: byPrompt(values) }), asked(599, i)).cells,
    );
    if (low <= 0 && high >= 0) covered++;
  }
  const share = covered / repetitions;
  assert.ok(share > 0.92 && share < 0.975, `${share}`);
});

test("tokens of a text are not independent: ten times as many tell nothing new", () => {
  const values = normal(seeded(9), 15);
  const tokens = (times: number): ResultSet =>
    resultsOf({
      e: values.flatMap((value, prompt) =>
        Array.from({ length: 4 * times }, (_, pos) => ({ axes: { prompt, pos }, value: value + 0.1 * (pos % 4) })),
      ),
    });
  const [once, tenfold] = [1, 10].map((times) => only(intervalsOf(shown(column("e")), tokens(times), asked()).cells));
  assert.ok(once !== undefined && tenfold !== undefined);
  near(tenfold.low, once.low, "low");
  near(tenfold.high, once.high, "high");
  assert.equal(tenfold.n, 15);
});

test("where nothing can be drawn there is no interval, with the reason", () => {
  const reasonOf = (results: ResultSet, expression: ResultExpression, keep: readonly string[] = []): string | null =>
    intervalsOf(shown(expression, keep), results, asked(200)).cells[0]?.reason ?? null;
  const several = resultsOf({ e: byPrompt([1, 2, 4, 9]) });
  assert.equal(reasonOf(resultsOf({ e: byPrompt([1]) }), e), "one prompt only, nothing to draw from");
  assert.equal(reasonOf(several, e, ["prompt"]), "one prompt only, nothing to draw from");
  assert.equal(reasonOf(several, where(e, "prompt", 2)), "it depends on no prompt");
  assert.equal(reasonOf(several, constant(3)), "its values belong to no prompt or document to draw");
  const weights = resultsOf({ e: [{ axes: { layer: 0 }, value: 1 }] });
  assert.equal(reasonOf(weights, e), "its values belong to no prompt or document to draw");
  const faulty = resultsOf({
    e: [...byPrompt([1, 2]), { axes: { prompt: 2 }, value: Number.NaN, reason: "log of 0" }],
  });
  assert.equal(reasonOf(faulty, e), "the value itself is not finite");
});

test("each place has its own texts and says how many", () => {
  const at = (group: string, values: readonly number[]): readonly Made[] =>
    values.map((value, document) => ({ axes: { group, document }, value }));
  const results = resultsOf({ e: [...at("a", [1, 2, 5]), ...at("b", [1, 4, 4, 8]), ...at("c", [3])] });
  const made = intervalsOf(shown(e, ["group"]), results, asked(500));
  const nOf = (group: string): number | undefined => made.at({ group } satisfies Coordinates)?.n;
  assert.deepEqual(["a", "b", "c"].map(nOf), [3, 4, 1]);
  assert.equal(made.at({ group: "d" }), null);
  const words = intervalWords([made], asked(500));
  assert.equal(
    words?.text,
    "95% CI, BCa bootstrap over 3–4 documents, 500 draws, seed 0; too narrow for fewer than 10 documents",
  );
  assert.equal(words.lacking, "1 value without an interval: one document only, nothing to draw from");
});

test("more than can be drawn in seconds is refused, with the reason", () => {
  const results = resultsOf({ e: byPrompt(normal(seeded(1), 200)) });
  const made = intervalsOf(shown(e), results, asked(60_000_000));
  assert.match(made.cells[0]?.reason ?? "", /draw fewer times/);
  const perDraw = shown({
    kind: "where",
    argument: e,
    condition: { kind: "compare", operation: ">", left: e, right: reduce("mean", e) },
  });
  const slow = intervalsOf(perDraw, results, asked(100_000));
  assert.match(slow.cells[0]?.reason ?? "", /^200 values computed anew for 100000 draws are too many/);
});
