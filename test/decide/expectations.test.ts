/** Equivalence, several expectations at once, and hypotheses that rest on others. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { seededIntegers } from "../../src/compiler/base/random.js";
import { decide, decideAll } from "../../src/compiler/decide/decide.js";
import type { DecisionOutcome, TestedPart } from "../../src/compiler/ir/decision-outcome.js";
import type { Expectation, Hypothesis } from "../../src/compiler/ir/decisions.js";
import type { TestOutcome } from "../../src/compiler/statistics/outcome.js";
import { oneSampleT } from "../../src/compiler/statistics/t-tests.js";
import type { ResultExpression } from "../../src/compiler/ir/result-expression.js";
import { byPrompt, column, constant, hypothesis, named, resultsOf, where } from "./results.js";

type Judged = Extract<DecisionOutcome, { kind: "hypothesis" }>;

function judged(outcome: DecisionOutcome): Judged {
  assert.equal(outcome.kind, "hypothesis");
  return outcome;
}

function pOf(outcome: TestOutcome): number {
  assert.equal(outcome.kind, "tested");
  return outcome.pValue;
}

const b = [0.7, 1.1, 0.4, 1.2, 0.8, 1.4];

/** A hypothesis with several expectations. */
function several(
  quantity: "all" | number,
  members: readonly Expectation[],
  more: Partial<Hypothesis> = {},
): Hypothesis {
  return { ...hypothesis(column("e"), ">", constant(0), "t_test"), members, quantity, ...more };
}

const above = (number: number): Expectation => ({
  kind: "order",
  left: named(column("e"), "e"),
  right: named(constant(number), String(number)),
  operation: ">",
});
const alike = (number: number, within: number): Expectation => ({
  kind: "equivalence",
  left: named(column("e"), "e"),
  right: named(constant(number), String(number)),
  within,
});

suite("an equivalence", () => {
  test("is confirmed within the margin, rejected beyond it, and undetermined on its edge", () => {
    const results = resultsOf({ e: byPrompt(b) });
    const verdict = (number: number, within: number): string =>
      judged(decide(several("all", [alike(number, within)]), results)).verdict;
    assert.equal(verdict(0.9, 0.5), "CONFIRMED");
    assert.equal(verdict(0.9, 0.1), "NOT SIGNIFICANT");
    assert.equal(verdict(2, 0.1), "REJECTED");
    const { parts } = judged(decide(several("all", [alike(0.9, 0.5)]), results));
    const [only] = parts;
    assert.ok(only !== undefined);
    const [above, below] = [oneSampleT(b, 0.4, "greater"), oneSampleT(b, 1.4, "less")].map(pOf);
    assert.equal(only.pValue, Math.max(above ?? 1, below ?? 1));
    assert.equal(only.claim, "e equivalent to 0.9 within 0.5");
    assert.equal(only.interval?.level, 0.9);
  });

  test("can be decided by every test of a difference", () => {
    const results = resultsOf({ e: byPrompt([...b, ...b.map((value) => value + 0.01)]) });
    for (const name of ["t_test", "wilcoxon", "permutation", "bootstrap"]) {
      const draws = name === "permutation" || name === "bootstrap";
      const tests = [{ name, count: draws ? 999 : null, seed: draws ? 1 : null }];
      const verdict = (within: number): string =>
        judged(decide(several("all", [alike(0.9, within)], { tests }), results)).verdict;
      assert.deepEqual([verdict(0.5), verdict(0.05)], ["CONFIRMED", "NOT SIGNIFICANT"], name);
    }
  });

  test("is confirmed by chance on its edge no more often than alpha", () => {
    const next = seededIntegers(11);
    const normal = (): number => Array.from({ length: 12 }, () => next(1e6) / 1e6).reduce((x, y) => x + y, -6);
    let confirmed = 0;
    for (let i = 0; i < 1000; i++) {
      const results = resultsOf({ e: byPrompt(Array.from({ length: 10 }, () => 0.5 + normal())) });
      if (judged(decide(several("all", [alike(0, 0.5)]), results)).verdict === "CONFIRMED") confirmed++;
    }
    // Three standard deviations of a binomial above 50.
    assert.ok(confirmed <= 71, `${confirmed} of 1000`);
  });
});

suite("several expectations", () => {
  // b is above 0.3, not significantly above 0.95, and below 2.
  const results = resultsOf({ e: byPrompt(b) });
  const verdict = (quantity: "all" | number, ...members: readonly Expectation[]): string =>
    judged(decide(several(quantity, members), results)).verdict;

  test("all of, any of, so many of", () => {
    assert.equal(verdict("all", above(0.3), above(0.2)), "CONFIRMED");
    assert.equal(verdict("all", above(0.3), above(0.95)), "PARTIAL");
    assert.equal(verdict("all", above(0.95), above(2)), "REJECTED");
    assert.equal(verdict(1, above(0.3), above(2)), "CONFIRMED");
    assert.equal(verdict(1, above(0.95), above(2)), "NOT SIGNIFICANT");
    assert.equal(verdict(1, above(2), above(3)), "REJECTED");
    assert.equal(verdict(2, above(0.3), above(2), above(0.2)), "CONFIRMED");
    assert.equal(verdict(2, above(0.3), above(2), above(3)), "PARTIAL");
    assert.equal(verdict(3, above(0.3), above(0.2)), "UNDECIDED");
  });

  test("are corrected, unless all of them must hold", () => {
    const parts = (quantity: "all" | number): readonly TestedPart[] =>
      judged(decide(several(quantity, [above(0.3), above(0.2)]), results)).parts;
    assert.deepEqual(
      parts("all").map(({ adjusted }) => adjusted),
      [null, null],
    );
    const [first, second] = parts(1);
    const p = pOf(oneSampleT(b, 0.3, "greater"));
    assert.equal(first?.adjusted, Math.max(p, 2 * pOf(oneSampleT(b, 0.2, "greater"))));
    assert.ok((second?.adjusted ?? 1) <= first.adjusted);
  });

  test("count the groups of `by`: two of three models", () => {
    const levels = ["x", "y", "z"].flatMap((model, i) =>
      byPrompt(
        b.map((value) => value - i),
        { model },
      ),
    );
    const grouped = (quantity: number): string =>
      judged(decide(several(quantity, [above(-0.5)], { by: ["model"] }), resultsOf({ e: levels }))).verdict;
    assert.deepEqual([grouped(1), grouped(2), grouped(3)], ["CONFIRMED", "CONFIRMED", "PARTIAL"]);
  });

  test("may be other hypotheses, wherever they stand", () => {
    const both = several(
      "all",
      [
        { kind: "titled", title: "one" },
        { kind: "titled", title: "two" },
      ],
      {
        title: "both",
        tests: [],
      },
    );
    const one = several("all", [above(0.3)], { title: "one" });
    const decided = (two: Hypothesis): Judged => {
      const [first] = decideAll([both, one, { ...two, title: "two" }], results).outcomes;
      assert.ok(first !== undefined);
      return judged(first);
    };
    assert.equal(decided(several("all", [above(0.2)])).verdict, "CONFIRMED");
    assert.equal(decided(several("all", [above(0.95)])).verdict, "PARTIAL");
    const infinite = decided(several("all", [above(Number.NaN)]));
    assert.deepEqual(
      [infinite.verdict, infinite.reason],
      ["UNDECIDED", "of 2 expectations 1 CONFIRMED, 1 UNDECIDED: “two” is UNDECIDED"],
    );
    assert.deepEqual(
      infinite.parts.map(({ claim, test, verdict }) => [claim, test, verdict]),
      [
        ["“one”", "hypothesis", "CONFIRMED"],
        ["“two”", "hypothesis", "UNDECIDED"],
      ],
    );
  });

  test("else not supported: what is decided and not confirmed speaks against it", () => {
    const against = (member: Expectation): readonly string[] => {
      const outcome = judged(decide(several("all", [member], { falsified: true }), results));
      return [outcome.verdict, outcome.reason];
    };
    assert.deepEqual(against(above(0.3)), ["CONFIRMED", ""]);
    assert.deepEqual(against(above(0.95)), ["NOT SUPPORTED", "it is NOT SIGNIFICANT"]);
    assert.deepEqual(against(above(2)), ["NOT SUPPORTED", "it is REJECTED"]);
    assert.equal(against(above(Number.NaN))[0], "UNDECIDED");
  });
});

suite("what an attack found", () => {
  const prompts = ["x", "y"].flatMap((group, g) =>
    byPrompt(g === 0 ? b : b.map((value) => value + 0.3), { group }, g * b.length),
  );
  const drawn = (left: ResultExpression, number: number): Judged =>
    judged(decide(hypothesis(left, "<", constant(number), "bootstrap"), resultsOf({ e: prompts })));

  test("a median, an extreme or a maximum of groups depends on every text, and all of them are drawn", () => {
    const reduce = (operation: "median" | "min" | "max" | "mean", of: ResultExpression, over: readonly string[] | null): ResultExpression =>
      ({ kind: "reduce", operation, argument: of, over }); // prettier-ignore
    const middle = drawn(reduce("median", column("e"), null), 5);
    assert.deepEqual(middle.parts[0]?.n, [12, 0]);
    const groups = drawn(reduce("max", reduce("mean", column("e"), ["prompt"]), ["group"]), 5);
    assert.deepEqual(groups.parts[0]?.n, [12, 0]);
  });

  test("a text that a selection names is given, not drawn", () => {
    const one = drawn(where(column("e"), "prompt", 3), 5);
    assert.equal(one.verdict, "UNDECIDED");
    assert.match(one.reason, /at least two units to draw from, and there is 1/);
  });

  test("what is the same in every draw is not tested", () => {
    const same = resultsOf({ e: byPrompt([1, 1, 1, 1]) });
    const outcome = judged(decide(hypothesis({ kind: "reduce", operation: "max", argument: column("e"), over: null }, "<", constant(2), "bootstrap"), same)); // prettier-ignore
    assert.deepEqual([outcome.verdict, outcome.reason], ["UNDECIDED", "it is the same whichever prompts are drawn"]);
  });

  test("an expectation without the axis of `by` is not left out", () => {
    const results = resultsOf({
      e: [0, 1].flatMap((layer) => byPrompt(b, { layer })),
      f: byPrompt(b.map((value) => value + 9)),
    });
    const unlayered: Expectation = { kind: "order", left: named(column("f"), "f"), right: named(constant(100), "100"), operation: ">" }; // prettier-ignore
    const outcome = judged(decide(several("all", [above(0.3), unlayered], { by: ["layer"] }), results));
    assert.equal(outcome.parts.length, 3);
    assert.notEqual(outcome.verdict, "CONFIRMED");
  });

  test("of several hypotheses that each are barely confirmed, `any of` confirms none; nor at a level below theirs", () => {
    const p = pOf(oneSampleT(b, 0.62, "greater"));
    assert.ok(p > 0.02 && p < 0.05);
    const titles = ["one", "two", "three"];
    const each = titles.map((title) => several("all", [above(0.62)], { title }));
    const any = (alpha: number, quantity: "all" | number): string => {
      const members = titles.map((title): Expectation => ({ kind: "titled", title }));
      const [outcome] = decideAll([several(quantity, members, { title: "any", tests: [], alpha }), ...each], resultsOf({ e: byPrompt(b) })).outcomes; // prettier-ignore
      assert.ok(outcome !== undefined);
      return judged(outcome).verdict;
    };
    assert.equal(any(0.05, 1), "NOT SIGNIFICANT");
    assert.equal(any(0.05, "all"), "CONFIRMED");
    assert.equal(any(0.01, "all"), "NOT SIGNIFICANT");
  });
});
