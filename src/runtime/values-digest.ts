import { createHash } from "node:crypto";
import type { ResultRow } from "../compiler/ir/results.js";

/**
 * SHA-256 of all measured values as float64 in ascending order, NaN last: two runs of one protocol that differ in it
 * measured other numbers. Labels and the order of rows are no part of it.
 */
export function valuesDigest(rows: readonly ResultRow[]): string {
  // Typed arrays are sorted as numbers, and writing NaN anew gives every one the same bits.
  const values = Float64Array.from(rows, ({ value }) => (Number.isNaN(value) ? Number.NaN : value)).sort();
  return createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex");
}
