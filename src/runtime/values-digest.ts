import { createHash } from "node:crypto";
import { valuesOf } from "../compiler/ir/result-table.js";
import type { ResultRows } from "../compiler/ir/results.js";

/**
 * SHA-256 of all measured values as float64 in ascending order, NaN last: two runs of one protocol that differ in it
 * measured other numbers. Labels and the order of rows are no part of it.
 */
export function valuesDigest(rows: ResultRows): string {
  return digestOfNumbers(valuesOf(rows));
}

/** {@link valuesDigest} of values in any order, which are sorted in place. */
export function digestOfNumbers(values: Float64Array): string {
  // Writing NaN anew gives every one the same bits. Typed arrays are sorted as numbers.
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) values[i] = Number.NaN;
  values.sort();
  return createHash("sha256").update(values).digest("hex");
}
