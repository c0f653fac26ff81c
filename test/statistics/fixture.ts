/** The fixture by SciPy, statsmodels and scikit-learn (test/fixtures/statistics/make.py). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Alternative } from "../../src/compiler/statistics/outcome.js";
import type { Tested, TestOutcome } from "../../src/compiler/statistics/outcome.js";
import type { Curve } from "../../src/compiler/statistics/curve-fit.js";
import { root } from "../support/root.js";

interface TestCase {
  readonly test: string;
  readonly left: string;
  readonly right?: string;
  readonly alternative: Alternative;
  readonly statistic: number;
  readonly p: number;
  readonly df?: number;
  readonly low?: number;
  readonly high?: number;
}

interface Fixture {
  readonly samples: Readonly<Record<string, readonly number[]>>;
  readonly t: readonly TestCase[];
  readonly rank: readonly TestCase[];
  readonly correlation: readonly TestCase[];
  readonly permutation: readonly TestCase[];
  readonly effect: readonly Readonly<Record<"d" | "dLow" | "dHigh" | "g" | "gLow" | "gHigh", number> & Groups>[];
  readonly correction: readonly {
    readonly p: readonly number[];
    readonly correction: "holm" | "bh" | "bonferroni";
    readonly adjusted: readonly number[];
  }[];
  readonly bootstrap: readonly {
    readonly groups: readonly string[];
    readonly seed: number;
    readonly count: number;
    readonly estimate: number;
    readonly low: number;
    readonly high: number;
  }[];
  readonly equivalence: readonly (Groups & {
    readonly within: number;
    readonly p: number;
    readonly low: number;
    readonly high: number;
  })[];
  readonly regression: readonly Readonly<
    Record<"x" | "y", readonly number[]> & Record<"slope" | "intercept" | "p" | "low" | "high" | "rSquared", number>
  >[];
  readonly series: readonly Readonly<
    Record<"x" | "y", readonly number[]> &
      Record<"place" | "before" | "after" | "p" | "logisticError", number> & { readonly shape: string }
  >[];
  readonly curves: readonly Readonly<
    Record<"x" | "y", readonly number[]> &
      Record<"rSquared" | "deviation", number> & {
        readonly curve: Curve;
        readonly p: number | null;
        readonly coefficients: readonly Readonly<
          Record<"value" | "error" | "low" | "high", number> & { name: string }
        >[];
      }
  >[];
  readonly components: readonly {
    readonly data: readonly (readonly number[])[];
    readonly count: number;
    readonly variances: readonly number[];
    readonly explained: readonly number[];
    readonly loadings: readonly (readonly number[])[];
    readonly scores: readonly (readonly number[])[];
  }[];
}

interface Groups {
  readonly left: string;
  readonly right: string;
}

export const fixture = JSON.parse(
  readFileSync(join(root, "test/fixtures/statistics/statistics.json"), "utf8"),
) as Fixture;

export function sample(name: string | undefined): readonly number[] {
  const values = name === undefined ? undefined : fixture.samples[name];
  assert.ok(values !== undefined, `the fixture has no sample ${String(name)}`);
  return values;
}

/**
 * Equal within `relative`. Statistics agree to a few units of float64 and p-values to 1e-13 relative, down to 1e-300; 1e-10
 * leaves room for another order of summation and is what the project promises.
 */
export function close(actual: number, expected: number, what: string, relative = 1e-10): void {
  const scale = Math.max(Math.abs(expected), 1e-290);
  assert.ok(Math.abs(actual - expected) <= relative * scale, `${what}: ${actual}, expected ${expected}`);
}

export function tested(outcome: TestOutcome): Tested {
  assert.equal(outcome.kind, "tested");
  return outcome;
}
