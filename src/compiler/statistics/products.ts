/** Algorithms that know a symmetric matrix only by its products with vectors. */
import { seededIntegers } from "../base/random.js";

/**
 * A computation that asks for products: it yields a vector v and is given A · v, of the same length; it may change neither.
 * Whoever runs it may compute a product, or have it from before: the computation is a function of the products.
 */
export type ByProducts<Result> = Generator<Float64Array, Result, Float64Array>;

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

export function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}

/** y ← y + factor · x. */
export function addScaled(y: Float64Array, factor: number, x: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i] = (y[i] ?? 0) + factor * (x[i] ?? 0);
}

/**
 * A vector of length 1 whose entries are ±1/√n with random signs (Rademacher), the same for the same seed and number on
 * every machine. Where `within` is given, the entries that it refuses are 0, and n counts the others.
 */
export function randomSigns(
  size: number,
  seed: number,
  number: number,
  within: (entry: number) => boolean = () => true,
): Float64Array {
  const next = seededIntegers(Math.imul(seed + 1, 0x85ebca6b) ^ Math.imul(number + 1, 0xc2b2ae35));
  const signs = new Float64Array(size);
  let count = 0;
  for (let i = 0; i < size; i++) {
    // Drawn for every entry, so that one entry's sign does not depend on which others are wanted.
    const sign = 2 * next(2) - 1;
    if (!within(i)) continue;
    signs[i] = sign;
    count += 1;
  }
  const scale = 1 / Math.sqrt(Math.max(1, count));
  return signs.map((sign) => sign * scale);
}
