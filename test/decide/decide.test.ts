/** Which values a decision compares: units, pairs and groups. The statistics themselves are tested in test/statistics. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { seededIntegers } from "../../src/compiler/base/random.js";
import { decide } from "../../src/compiler/decide/decide.js";
import type { DecisionOutcome, TestedPart } from "../../src/compiler/ir/decision-outcome.js";
import { adjust } from "../../src/compiler/statistics/corrections.js";
import type { TestOutcome } from "../../src/compiler/statistics/outcome.js";
import { pearson } from "../../src/compiler/statistics/correlation.js";
import { oneSampleT, pairedT, welchT } from "../../src/compiler/statistics/t-tests.js";
import {
  byPrompt,
  column,
  compare,
  constant,
  correlate,
  hypothesis,
  named,
  resultsOf,
  where,
  type Made,
} from "./results.js";

type Judged = Extract<DecisionOutcome, { kind: "hypothesis" }>;

function judged(outcome: DecisionOutcome): Judged {
  assert.equal(outcome.kind, "hypothesis");
  return outcome;
}

function partsOf(outcome: DecisionOutcome): readonly TestedPart[] {
  assert.ok(outcome.kind === "compare" || outcome.kind === "correlate" || outcome.kind === "hypothesis");
  return outcome.parts;
}

function pOf(outcome: TestOutcome): number {
  assert.equal(outcome.kind, "tested");
  return outcome.pValue;
}

const a = [0.2, 0.5, 0.1, 0.9, 0.4, 0.6];
const b = [0.7, 1.1, 0.4, 1.2, 0.8, 1.4];

suite("a hypothesis", () => {
  test("is confirmed, rejected or not significant by the direction that was expected", () => {
    const results = resultsOf({ e: byPrompt(b) });
    const verdict = (operation: "<" | ">", number: number): string =>
      judged(decide(hypothesis(column("e"), operation, constant(number), "t_test"), results)).verdict;
    assert.equal(verdict(">", 0.3), "CONFIRMED");
    assert.equal(verdict("<", 0.3), "REJECTED");
    assert.equal(verdict("<", 0.95), "NOT SIGNIFICANT");
    // A number may stand on the left.
    const turned = judged(decide(hypothesis(constant(0.3), "<", column("e"), "t_test"), results));
    assert.equal(turned.verdict, "CONFIRMED");
    assert.equal(turned.parts[0]?.pValue, pOf(oneSampleT(b, 0.3, "greater")));
  });

  test("tests one value for each prompt: what was measured on it is averaged, tokens and heads alike", () => {
    const made = a.flatMap((value, prompt) =>
      [-1, 0, 1].flatMap((pos) =>
        [0, 1].map((head): Made => ({ axes: { prompt, head, pos }, value: value + pos + head })),
      ),
    );
    const outcome = judged(decide(hypothesis(column("e"), ">", constant(0.5), "t_test"), resultsOf({ e: made })));
    assert.deepEqual(outcome.parts[0]?.n, [6, 0]);
    assert.equal(outcome.unit, "prompt");
    const expected = pOf(
      oneSampleT(
        a.map((value) => value + 0.5),
        0.5,
        "greater",
      ),
    );
    assert.ok(Math.abs((outcome.parts[0].pValue ?? 0) - expected) < 1e-12);
    assert.ok(outcome.notes.includes("the value of a prompt is the mean over head (2), pos (3)"));
  });

  test("sees through a mean of everything, to the values behind it", () => {
    const results = resultsOf({ e: byPrompt(a) });
    const mean = { kind: "reduce", operation: "mean", argument: column("e"), over: null } as const;
    const outcome = judged(decide(hypothesis(mean, ">", constant(0), "t_test"), results));
    assert.equal(outcome.parts[0]?.pValue, pOf(oneSampleT(a, 0, "greater")));
  });

  test("pairs values of the same prompts, and refuses a test for independent ones", () => {
    const results = resultsOf({ e: [...byPrompt(a, { layer: 0 }), ...byPrompt(b, { layer: 1 })] });
    const sides = [where(column("e"), "layer", 0), where(column("e"), "layer", 1)] as const;
    const paired = judged(decide(hypothesis(sides[0], "<", sides[1], "paired_t"), results));
    assert.equal(paired.parts[0]?.pValue, pOf(pairedT(a, b, "less")));
    const refused = judged(decide(hypothesis(sides[0], "<", sides[1], "welch_t"), results));
    assert.equal(refused.verdict, "UNDECIDED");
    assert.match(refused.reason, /both sides are of the same prompts/);
  });

  test("takes prompts of two sets for different ones, though both are numbered from 0", () => {
    const made = [...byPrompt(a, { prompts: "x" }), ...byPrompt(b, { prompts: "y" })];
    const results = resultsOf({ e: made }, ["x", "y"]);
    const [x, y] = [where(column("e"), "prompts", "x"), where(column("e"), "prompts", "y")];
    const outcome = judged(decide(hypothesis(x, "<", y, "welch_t"), results));
    assert.equal(outcome.parts[0]?.pValue, pOf(welchT(a, b, "less")));
    assert.equal(judged(decide(hypothesis(x, "<", y, "paired_t"), results)).verdict, "UNDECIDED");
  });

  test("is undecided where only tokens of one text are there, one value, or one that is NaN", () => {
    const reason = (made: readonly Made[]): string => {
      const outcome = judged(decide(hypothesis(column("e"), ">", constant(0), "t_test"), resultsOf({ e: made })));
      assert.equal(outcome.verdict, "UNDECIDED");
      return outcome.reason;
    };
    assert.match(reason(a.map((value, pos) => ({ axes: { pos }, value }))), /tokens of one text are not independent/);
    assert.match(reason(byPrompt([1])), /only 1 prompt, which has no spread/);
    assert.match(reason(byPrompt([2, 2, 2])), /all 3 values are equal/);
    assert.match(
      reason([...byPrompt(a), { axes: { prompt: 9 }, value: Number.NaN, reason: "log of 0" }]),
      /1 of 7 values are not finite \(log of 0\)/,
    );
    assert.match(reason([]), /no values/);
  });

  test("by groups has a verdict for each, corrected, and PARTIAL where only some confirm", () => {
    const made = [...byPrompt(b, { model: "x" }), ...byPrompt(a, { model: "y" }), ...byPrompt(a, { model: "z" })];
    const results = resultsOf({ e: made });
    const outcome = judged(decide(hypothesis(column("e"), ">", constant(0.45), "t_test", { by: ["model"] }), results));
    const raw = [b, a, a].map((sample) => pOf(oneSampleT(sample, 0.45, "greater")));
    assert.deepEqual(
      outcome.parts.map(({ coordinates }) => coordinates["model"]),
      ["x", "y", "z"],
    );
    assert.deepEqual(
      outcome.parts.map(({ adjusted }) => adjusted),
      adjust(raw, "holm"),
    );
    assert.deepEqual(
      outcome.parts.map(({ verdict }) => verdict),
      ["CONFIRMED", "NOT SIGNIFICANT", "NOT SIGNIFICANT"],
    );
    assert.equal(outcome.verdict, "PARTIAL");
    assert.equal(outcome.reason, "of 3 groups 1 CONFIRMED, 2 NOT SIGNIFICANT");
  });

  test("by bootstrap draws whole prompts, whatever the statistic", () => {
    const made = a.flatMap((value, prompt) =>
      [0, 1].map((head): Made => ({ axes: { prompt, head }, value: value * (head + 1) })),
    );
    const spread = { kind: "reduce", operation: "std", argument: column("e"), over: null } as const;
    const outcome = judged(decide(hypothesis(spread, "<", constant(2), "bootstrap"), resultsOf({ e: made })));
    assert.equal(outcome.verdict, "CONFIRMED");
    assert.deepEqual([outcome.unit, outcome.parts[0]?.n, outcome.parts[0]?.interval?.level], ["prompt", [6, 0], 0.95]);
  });

  test("by bootstrap of a mean draws the same units as a test, pairs together, and is corrected as they are", () => {
    const made = [...byPrompt(a, { layer: 0 }), ...byPrompt(b, { layer: 1 })];
    const sides = [where(column("e"), "layer", 0), where(column("e"), "layer", 1)] as const;
    const outcome = judged(decide(hypothesis(sides[0], "<", sides[1], "bootstrap"), resultsOf({ e: made })));
    const difference = a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) / a.length, 0);
    assert.ok(Math.abs((outcome.parts[0]?.estimate ?? 0) - difference) < 1e-12);
    assert.deepEqual([outcome.verdict, outcome.parts[0]?.n], ["CONFIRMED", [6, 6]]);
    const models = [...byPrompt(b, { model: "x" }), ...byPrompt(a, { model: "y" })];
    const grouped = hypothesis(column("e"), ">", constant(0.45), "bootstrap", { by: ["model"] });
    const parts = judged(decide(grouped, resultsOf({ e: models }))).parts;
    assert.deepEqual(
      parts.map(({ adjusted }) => adjusted),
      adjust(
        parts.map(({ pValue }) => pValue ?? Number.NaN),
        "holm",
      ),
    );
  });

  test("takes of a side that lacks an axis of `by` what agrees on the others", () => {
    const both = ["x", "y"].flatMap((model, m) =>
      [0, 1].flatMap((layer) =>
        byPrompt(
          a.map((v, i) => v + m + layer + (i % 2)),
          { model, layer },
        ),
      ),
    );
    const one = ["x", "y"].flatMap((model, m) =>
      byPrompt(
        a.map((v) => v + m),
        { model },
      ),
    );
    const outcome = judged(
      decide(
        hypothesis(column("e"), ">", column("f"), "paired_t", { by: ["model", "layer"] }),
        resultsOf({ e: both, f: one }),
      ),
    );
    // The other side's own model, not the mean of both models: the difference is the layer and a half.
    assert.deepEqual(
      outcome.parts.map(({ estimate }) => Math.round((estimate ?? 0) * 1e9) / 1e9),
      [0.5, 1.5, 0.5, 1.5],
    );
  });

  test("knows the same prompts however they were selected, and refuses sides that share some of them", () => {
    const made = [...byPrompt(a, { prompts: "x" }), ...byPrompt(b, { prompts: "y" })];
    const results = resultsOf({ e: made }, ["x", "y"]);
    const alone = resultsOf({ f: byPrompt(b) }, ["x"]);
    const all = { types: new Map([...results.types, ...alone.types]), rows: [...results.rows, ...alone.rows] };
    const same = judged(decide(hypothesis(where(column("e"), "prompts", "x"), "<", column("f"), "paired_t"), all));
    assert.equal(same.parts[0]?.pValue, pOf(pairedT(a, b, "less")));
    const overlap = judged(decide(hypothesis(column("e"), "<", column("f"), "welch_t"), all));
    assert.match(overlap.reason, /neither pair nor are independent/);
  });

  test("is confirmed at a rate of alpha at most where labels mean nothing", () => {
    const next = seededIntegers(7);
    const uniform = (): number => next(1_000_003) / 1_000_003;
    let confirmed = 0;
    let rejected = 0;
    for (let i = 0; i < 1000; i++) {
      const made = Array.from({ length: 10 }, (_, prompt) =>
        [0, 1].map((layer): Made => ({ axes: { prompt, layer }, value: uniform() })),
      ).flat();
      const [first, second] = [0, 1].map((layer) => where(column("e"), "layer", layer));
      if (first === undefined || second === undefined) continue;
      const { verdict } = judged(decide(hypothesis(first, "<", second, "paired_t"), resultsOf({ e: made })));
      if (verdict === "CONFIRMED") confirmed++;
      if (verdict === "REJECTED") rejected++;
    }
    // Three standard deviations of a binomial share above alpha = 0.05.
    assert.ok(confirmed / 1000 <= 0.071 && rejected / 1000 <= 0.071, `${confirmed} confirmed, ${rejected} rejected`);
    assert.ok(confirmed > 0);
  });
});

suite("compare", () => {
  test("tests every pair of levels, corrected over the pairs", () => {
    const groups = [
      ...byPrompt(a, { group: "x" }),
      ...byPrompt(b, { group: "y" }, 6),
      ...byPrompt([...b].reverse(), { group: "z" }, 12),
    ];
    const outcome = decide(compare(column("e"), "group", ["x", "y", "z"], ["welch_t"]), resultsOf({ e: groups }));
    const parts = partsOf(outcome);
    assert.deepEqual(
      parts.map(({ sides }) => sides.join("–")),
      ["x–y", "x–z", "y–z"],
    );
    assert.equal(parts[0]?.pValue, pOf(welchT(a, b, "two-sided")));
    assert.deepEqual(
      parts.map(({ adjusted }) => adjusted),
      adjust(
        parts.map(({ pValue }) => pValue ?? Number.NaN),
        "holm",
      ),
    );
  });

  test("pairs levels that were measured on the same prompts", () => {
    const layers = [...byPrompt(a, { layer: "L0" }), ...byPrompt(b, { layer: "L1" })];
    const [part] = partsOf(decide(compare(column("e"), "layer", ["L0", "L1"], ["paired_t"]), resultsOf({ e: layers })));
    assert.equal(part?.pValue, pOf(pairedT(a, b, "two-sided")));
    const [refused] = partsOf(
      decide(compare(column("e"), "layer", ["L0", "L1"], ["welch_t"]), resultsOf({ e: layers })),
    );
    assert.match(refused?.reason ?? "", /use paired_t or wilcoxon/);
  });
});

suite("correlate", () => {
  test("joins two values by their places", () => {
    const results = resultsOf({ e: byPrompt(a), f: [...byPrompt(b)].reverse() });
    const [part] = partsOf(decide(correlate(column("e"), column("f"), ["pearson"]), results));
    assert.equal(part?.pValue, pOf(pearson(a, b, "two-sided")));
    assert.deepEqual(part.n, [6, 6]);
  });

  test("counts a value that the other side repeats once", () => {
    const fine = a.flatMap((value, layer) =>
      [0, 1, 2].map((head): Made => ({ axes: { layer, head }, value: value + head })),
    );
    const coarse = b.map((value, layer): Made => ({ axes: { layer }, value }));
    const outcome = decide(correlate(column("e"), column("f"), ["pearson"]), resultsOf({ e: fine, f: coarse }));
    const [part] = partsOf(outcome);
    assert.deepEqual(part?.n, [6, 6]);
    assert.ok(Math.abs((part.pValue ?? 0) - pOf(pearson(a, b, "two-sided"))) < 1e-12);
    assert.ok(outcome.notes.some((note) => note.includes("averaged over it")));
  });

  test("gives no p for tokens of the same texts, and an interval from drawing texts", () => {
    const tokens = (values: readonly number[]): readonly Made[] =>
      values.flatMap((value, prompt) =>
        [0, 1, 2].map((pos): Made => ({ axes: { prompt, pos }, value: value + pos / 10 })),
      );
    const [part] = partsOf(
      decide(correlate(column("e"), column("f"), ["pearson"]), resultsOf({ e: tokens(a), f: tokens(b) })),
    );
    assert.ok(part !== undefined);
    assert.equal(part.pValue, null);
    assert.deepEqual(part.n, [6, 6]);
    assert.ok(part.interval !== null && part.estimate !== null);
  });
});

suite("find, pca and classify", () => {
  const span = { file: "t.atlas", start: 0, end: 0 };

  test("a series runs along an axis by its numbers, whatever the order of the rows", () => {
    const series = [3, 1, 2, 0, 4].map((layer): Made => ({ axes: { layer }, value: [1, 4, 2, 5, 6][layer] ?? 0 }));
    const found = decide(
      { kind: "find", what: "dip", value: named(column("e")), over: "layer", by: [], text: "", span },
      resultsOf({ e: series }),
    );
    assert.ok(found.kind === "find");
    assert.deepEqual([found.parts[0]?.at, found.parts[0]?.expected], [2, 4.5]);
  });

  test("steps in any order lie in the order of their numbers, and prompts of two sets are no series", () => {
    const steps = ["step100", "step0", "step10", "step50"].map((revision): Made => ({
      axes: { revision },
      value: { step0: 0, step10: 9, step50: 1, step100: 4 }[revision] ?? 0,
    }));
    const found = decide(
      { kind: "find", what: "dip", value: named(column("e")), over: "revision", by: [], text: "", span },
      resultsOf({ e: steps }),
    );
    assert.ok(found.kind === "find");
    assert.equal(found.parts[0]?.at, "step50");
    const sets = [...byPrompt(a, { prompts: "x" }), ...byPrompt(b, { prompts: "y" })];
    const mixed = decide(
      { kind: "find", what: "peak", value: named(column("e")), over: "prompt", by: [], text: "", span },
      resultsOf({ e: sets }, ["x", "y"]),
    );
    assert.ok(mixed.kind === "find");
    assert.match(mixed.parts[0]?.reason ?? "", /prompts of different sets have the same numbers/);
  });

  test("steps that are named by number lie where the numbers say", () => {
    const steps = ["step0", "step10", "step1000"].map((revision, i): Made => ({
      axes: { revision },
      value: [0, 2, 100][i] ?? 0,
    }));
    const found = decide(
      { kind: "find", what: "dip", value: named(column("e")), over: "revision", by: [], text: "", span },
      resultsOf({ e: steps }),
    );
    assert.ok(found.kind === "find");
    // Between (0, 0) and (1000, 100), 1 is expected at 10: there is no dip.
    assert.match(found.parts[0]?.reason ?? "", /no value lies below/);
  });

  test("components leave out features that an observation lacks, and say so", () => {
    const made = [0, 1, 2].flatMap((step) =>
      [0, 1, 2, 3].flatMap((pos): Made[] =>
        step === 2 && pos === 3
          ? []
          : [{ axes: { step, pos }, value: step * (pos + 1) + (pos === 1 ? step * step : 0) }],
      ),
    );
    const outcome = decide(
      { kind: "pca", value: named(column("e")), over: "step", components: 2, text: "", span },
      resultsOf({ e: made }),
    );
    assert.ok(outcome.kind === "pca");
    assert.equal(outcome.features.length, 3);
    assert.ok(outcome.notes.some((note) => note.startsWith("1 of 4 features are left out")));
    const shares = outcome.components.reduce((sum, { explained }) => sum + explained, 0);
    assert.ok(Math.abs(shares - 1) < 1e-12);
  });

  test("a value belongs to the first class that it is below, after a mean over texts", () => {
    const made = [
      ...byPrompt([1, 2], { group: "low" }),
      ...byPrompt([8, 9], { group: "high" }, 2),
      { axes: { group: "bad", prompt: 4 }, value: Number.NaN, reason: "log of 0" },
    ];
    const classes = [
      { name: "small", below: 2 },
      { name: "large", below: 8 },
    ];
    const outcome = decide(
      { kind: "classify", value: named(column("e")), classes, text: "", span },
      resultsOf({ e: made }),
    );
    assert.ok(outcome.kind === "classify");
    assert.deepEqual(
      outcome.parts.map(({ coordinates, name, reason }) => [coordinates["group"], name, reason]),
      [
        ["low", "small", null],
        ["high", null, "it is above the bound of the last class"],
        ["bad", null, "log of 0"],
      ],
    );
  });
});
