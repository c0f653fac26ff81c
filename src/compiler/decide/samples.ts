/** Two sides as samples: in pairs where both have the same units, independent where they share none. */
import { bootstrap, type Bootstrapped } from "../statistics/bootstrap.js";
import { undecided, type Undecided } from "../statistics/outcome.js";
import { mean } from "../statistics/samples.js";
import { differences } from "../statistics/t-tests.js";
import type { Draws } from "../statistics/permutation.js";
import type { Samples } from "../statistics/run-test.js";
import type { TestUse } from "../ir/decisions.js";
import type { UnitValue } from "./units.js";

/** Values that differ by less than this, relative to their size, are equal: they differ by rounding. */
const equalWithin = 1e-12;

function isConstant(values: readonly number[]): boolean {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  return high - low <= equalWithin * Math.max(Math.abs(low), Math.abs(high));
}

/** Null where some units are on both sides and some on one only: they neither pair nor are independent. */
export function samplesOfUnits(left: readonly UnitValue[], right: readonly UnitValue[]): Samples | null {
  const other = new Map(right.map(({ key, value }) => [key, value]));
  const shared = left.filter(({ key }) => other.has(key));
  const values = (side: readonly UnitValue[]): readonly number[] => side.map(({ value }) => value);
  if (shared.length === 0) return { kind: "independent", left: values(left), right: values(right) };
  if (shared.length < left.length || shared.length < right.length) return null;
  return { kind: "paired", left: values(left), right: left.map(({ key }) => other.get(key) ?? Number.NaN) };
}

/** Why no test of these samples means anything; null where one may. */
export function faultOfSamples(samples: Samples, unit: string): string | null {
  const few = (values: readonly number[]): string | null =>
    values.length < 2 ? `there is only ${values.length} ${unit}, which has no spread` : null;
  if (samples.kind === "independent") {
    const { left, right } = samples;
    if (left.length === 0 || right.length === 0) return "one side has no values";
    return isConstant(left) && isConstant(right) ? `all values of each side are equal, so there is no variance` : null;
  }
  const values = samples.kind === "one" ? samples.sample : differences(samples.left, samples.right);
  const what = samples.kind === "one" ? "values" : "differences";
  return few(values) ?? (isConstant(values) ? `all ${values.length} ${what} are equal, so there is no variance` : null);
}

/** How many units each side has: pairs count on both, and a number has none. */
export function countsOf(samples: Samples): readonly [number, number] {
  return samples.kind === "one" ? [samples.sample.length, 0] : [samples.left.length, samples.right.length];
}

/** The interval of the difference of means, and on which side of 0 it lies: units are drawn, pairs stay together. */
export function bootstrapSamples(samples: Samples, { count, seed }: Draws): Bootstrapped | Undecided {
  const meanOf = (units: readonly number[] | undefined): number => mean(units ?? []);
  if (samples.kind === "independent") {
    const { left, right } = samples;
    if (left.length < 2 || right.length < 2) return undecided("a bootstrap needs two units to draw from on each side");
    return bootstrap<number>([left, right], ([a, b]) => meanOf(a) - meanOf(b), count, seed);
  }
  const values =
    samples.kind === "one"
      ? samples.sample.map((value) => value - samples.expected)
      : differences(samples.left, samples.right);
  return bootstrap<number>([values], ([units]) => meanOf(units), count, seed);
}

/** Why a test is not made for these samples, and which one is. */
export function misfit({ kind }: Samples, test: string, unit: string): string {
  if (kind === "one") return `${test} compares two samples, and one side is a number: use t_test or wilcoxon`;
  return kind === "paired"
    ? `${test} is for independent samples, and both sides are of the same ${unit}s: use paired_t or wilcoxon`
    : `${test} is for pairs, and the two sides have different ${unit}s: use welch_t or mann_whitney`;
}

/** What a test draws; nothing where it draws nothing. */
export function drawsOf({ count, seed }: TestUse): Draws {
  return { count: count ?? 0, seed: seed ?? 0 };
}

/** How the sides stand to each other, for the reader of the outcome. */
export function pairingNote({ kind }: Samples, unit: string): string | null {
  if (kind === "one") return null;
  return kind === "paired"
    ? `both sides are of the same ${unit}s, so values are compared in pairs`
    : `the two sides have different ${unit}s`;
}
