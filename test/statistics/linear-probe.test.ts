/** Linear probes agree with scikit-learn's (test/fixtures/probes/make.py), and know nothing of the fold they are asked about. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { seededIntegers } from "../../src/compiler/base/random.js";
import { crossValidate, wilsonInterval, type Probed } from "../../src/compiler/statistics/cross-validation.js";
import { logisticProbe, ridgeProbe } from "../../src/compiler/statistics/linear-probe.js";
import { matrixOf } from "../../src/compiler/statistics/probe-features.js";
import { dealtFolds, exchangeOf, labelExchange } from "../../src/compiler/statistics/probe-folds.js";
import { root } from "../support/root.js";

interface Case {
  readonly x: readonly (readonly number[])[];
  /** Classes, or numbers. */
  readonly y: readonly number[];
  /** Of classes; null for numbers. */
  readonly count: number | null;
  readonly penalty: number;
  readonly folds: readonly number[];
  /** What each text is predicted to be by the probe of the other folds. */
  readonly predictions: readonly number[];
  readonly score: number;
  /** Of a probe of all texts, features as they are. */
  readonly coefficients: readonly (readonly number[])[];
  readonly intercepts: readonly number[];
}

interface Fixture {
  readonly probes: readonly Case[];
  readonly wilson: readonly {
    readonly right: number;
    readonly n: number;
    readonly low: number;
    readonly high: number;
  }[];
}

const { probes, wilson } = JSON.parse(readFileSync(join(root, "test/fixtures/probes/probes.json"), "utf8")) as Fixture;

function near(actual: number | undefined, expected: number | undefined, within: number): void {
  const [a, b] = [actual ?? Number.NaN, expected ?? Number.NaN];
  assert.ok(Math.abs(a - b) <= within, `${a} instead of ${b}`);
}

const eachAlone = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);

function probedOf({ x, y, count, penalty, folds }: Case): Probed {
  const rows = x.map((row) => Float64Array.from(row));
  return { x: rows, y, classes: count, units: eachAlone(x.length), foldOf: folds, penalty };
}

describe("as scikit-learn", () => {
  for (const one of probes) {
    const { x, y, count, penalty, predictions, score, coefficients, intercepts } = one;
    const of = count === null ? "numbers" : `${count} classes`;
    test(`${of} of ${x.length} texts with ${x[0]?.length ?? 0} features`, () => {
      const probe =
        count === null ? ridgeProbe(matrixOf(x), y, penalty) : logisticProbe(matrixOf(x), y, count, penalty);
      const centred = (values: readonly number[]): readonly number[] => {
        // With softmax, a number added to all intercepts changes nothing.
        const shift = values.length === 1 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;
        return values.map((value) => value - shift);
      };
      const found = [...probe.coefficients.flat(), ...centred(probe.intercepts)];
      const expected = [...coefficients.flat(), ...centred(intercepts)];
      assert.equal(found.length, expected.length);
      found.forEach((value, i) => {
        near(value, expected[i], 1e-6);
      });
      const validated = crossValidate(probedOf(one), null, 0);
      near(validated.score, score, 1e-9);
      validated.predictions.forEach((value, i) => {
        near(value, predictions[i], 1e-7);
      });
    });
  }

  test("intervals of shares are Wilson's", () => {
    for (const { right, n, low, high } of wilson) {
      const interval = wilsonInterval(right / n, n);
      near(interval.low, low, 1e-12);
      near(interval.high, high, 1e-12);
    }
  });
});

describe("folds", () => {
  test("have equal shares of every class, and follow from the seed", () => {
    const classes = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 0 : 1));
    const folds = dealtFolds(eachAlone(60), classes, 5, 1);
    for (const own of [0, 1]) {
      const shares = [0, 1, 2, 3, 4].map((fold) => folds.filter((f, i) => f === fold && classes[i] === own).length);
      assert.equal(Math.max(...shares), Math.min(...shares));
    }
    assert.deepEqual(dealtFolds(eachAlone(60), classes, 5, 1), folds);
    assert.notDeepEqual(dealtFolds(eachAlone(60), classes, 5, 2), folds);
  });

  test("keep together what belongs together", () => {
    const units = Array.from({ length: 40 }, (_, i) => Math.floor(i / 4));
    const folds = dealtFolds(
      units,
      units.map((unit) => unit % 2),
      5,
      3,
    );
    for (const unit of new Set(units)) assert.equal(new Set(folds.filter((_fold, i) => units[i] === unit)).size, 1);
    assert.deepEqual([...new Set(folds)].sort(), [0, 1, 2, 3, 4]);
  });

  test("show a probe nothing of the text that it is asked about", () => {
    // Labels mean nothing, but each text is there twice: only folds that tear the two apart find the class of the other.
    const draw = seededIntegers(5);
    const rows = Array.from({ length: 40 }, () => Float64Array.from({ length: 60 }, () => draw(2000) / 1000 - 1));
    const x = rows.flatMap((row) => [row, row]);
    const y = rows.flatMap(() => Array.from({ length: 2 }, () => 0)).map((_, i) => ((Math.floor(i / 2) * 7) % 3) % 2);
    const accuracyOf = (units: readonly number[]): number => {
      const foldOf = dealtFolds(units, y, 5, 1);
      return crossValidate({ x, y, classes: 2, units, foldOf, penalty: 1 }, null, 0).score;
    };
    assert.ok(accuracyOf(eachAlone(80)) > 0.85);
    assert.ok(accuracyOf(x.map((_row, i) => Math.floor(i / 2))) < 0.75);
  });
});

describe("exchanges of labels", () => {
  const sortedOf = (values: readonly number[]): readonly number[] => [...values].sort((a, b) => a - b);

  test("stay within folds, and within what belongs together", () => {
    const y = [0, 1, 0, 1, 1, 0, 1, 0];
    const folds = [0, 0, 0, 0, 1, 1, 1, 1];
    const pairs = [0, 0, 1, 1, 2, 2, 3, 3];
    const inFold = (labels: readonly number[], fold: number): readonly number[] =>
      labels.filter((_label, i) => folds[i] === fold);
    const alone = labelExchange(eachAlone(8), y, folds, seededIntegers(1));
    const inPairs = labelExchange(pairs, y, folds, seededIntegers(1));
    assert.equal(exchangeOf(pairs, y), "within units");
    for (let i = 0; i < 20; i++) {
      const drawn = alone();
      for (const fold of [0, 1]) assert.deepEqual(sortedOf(inFold(drawn, fold)), sortedOf(inFold(y, fold)));
      const paired = inPairs();
      for (const first of [0, 2, 4, 6]) assert.deepEqual(sortedOf(paired.slice(first, first + 2)), [0, 1]);
    }
  });

  test("exchange whole units where a unit has one label", () => {
    const units = [0, 0, 1, 1, 2, 2, 3, 3];
    const y = [0, 0, 1, 1, 0, 0, 1, 1];
    assert.equal(exchangeOf(units, y), "units");
    const draw = labelExchange(units, y, [0, 0, 0, 0, 1, 1, 1, 1], seededIntegers(2));
    for (let i = 0; i < 20; i++) {
      const drawn = draw();
      for (const first of [0, 2, 4, 6]) assert.equal(drawn[first], drawn[first + 1]);
    }
  });

  test("give p as often as chance does: of noise, one in ten is at most 0.1", () => {
    const draw = seededIntegers(11);
    const y = Array.from({ length: 20 }, (_, i) => i % 2);
    let small = 0;
    for (let run = 0; run < 60; run++) {
      const x = y.map(() => Float64Array.from({ length: 3 }, () => draw(2000) / 1000 - 1));
      const foldOf = dealtFolds(eachAlone(20), y, 4, run);
      const probed = { x, y, classes: 2, units: eachAlone(20), foldOf, penalty: 1 };
      if ((crossValidate(probed, { count: 19, seed: run }, 0).pValue ?? 0) <= 0.1) small++;
    }
    assert.ok(small <= 12, `${small} of 60`);
  });
});
