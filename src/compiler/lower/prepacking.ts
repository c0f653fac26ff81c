/**
 * Which sessions rearrange their weights for the matrix products when they are opened (onnxruntime calls it prepacking).
 * Rearranged weights are a private copy, which takes as much memory as the weights and time to make; without one, a
 * product rearranges a weight anew, which costs the less the more rows it has.
 *
 * The last bits of a number depend on it, so what decides it must be of the row itself and never of what else is run:
 * the length of the row's text.
 */
import type { Prepacking } from "../ir/plan.js";

/**
 * Tokens of a text from which weights stay as they are in the file. Measured on two cores (part 7 of
 * docs/performance/): without rearranged weights, products of 8 rows take twice as long, of 32 a third longer, of 128 a
 * seventh; from about 700 on it is the same few per cent, which a run of some windows does not spend on rearranging.
 */
export const unpackedFrom = 768;

/** Whether the sessions that texts of so many tokens go through rearrange their weights. */
export function isPrepacked(prepacking: Prepacking, positions: number): boolean {
  return prepacking === "short texts" ? positions < unpackedFrom : prepacking === "always";
}
