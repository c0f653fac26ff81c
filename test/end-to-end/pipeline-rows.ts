/** Reading the rows of a finished pipeline: values of a metric at chosen coordinates, and their means. */
import assert from "node:assert/strict";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import type { Coordinates } from "../../src/compiler/ir/result-expression.js";

export interface Pick {
  readonly experiment: string;
  readonly metric: string;
  /** Coordinates that the rows have; all rows when there are none. */
  readonly at?: Coordinates;
  /** Rows of the unmodified model in an experiment that changes it. */
  readonly unmodified?: boolean;
}

/** True when an experiment has rows of a modified model. */
function intervenes(rows: readonly ResultRow[], experiment: string): boolean {
  return rows.some((row) => row.experiment === experiment && row.baseline !== null);
}

/** Rows of a metric. At least one, so that nothing is said of an empty list. */
export function pick(rows: readonly ResultRow[], { experiment, metric, at = {}, unmodified }: Pick) {
  const plain = unmodified ?? !intervenes(rows, experiment);
  const found = rows.filter(
    (row) =>
      row.experiment === experiment &&
      row.metric === metric &&
      (row.baseline === null) === plain &&
      Object.entries(at).every(([axis, value]) => row.axes[axis] === value),
  );
  assert.ok(found.length > 0, `no rows of ${experiment}.${metric} at ${JSON.stringify(at)}`);
  return found;
}

export function valuesOf(rows: readonly ResultRow[], wanted: Pick): readonly number[] {
  return pick(rows, wanted).map((row) => row.value);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function meanOf(rows: readonly ResultRow[], wanted: Pick): number {
  return mean(valuesOf(rows, wanted));
}

/** Pearson's r of two lists of the same length, in float64. */
export function pearson(x: readonly number[], y: readonly number[]): number {
  assert.equal(x.length, y.length);
  const [mx, my] = [mean(x), mean(y)];
  const sum = (f: (i: number) => number): number => x.reduce((total, _, i) => total + f(i), 0);
  const dx = (i: number): number => (x[i] ?? NaN) - mx;
  const dy = (i: number): number => (y[i] ?? NaN) - my;
  return sum((i) => dx(i) * dy(i)) / Math.sqrt(sum((i) => dx(i) ** 2) * sum((i) => dy(i) ** 2));
}
