/** Sums over samples that every test needs. All in float64, in the order of the sample, so that equal samples give equal bits. */

/** Values of independent units, one for each. */
export type Sample = readonly number[];

export function mean(sample: Sample): number {
  return sample.reduce((sum, value) => sum + value, 0) / sample.length;
}

/** Sum of squared deviations from the mean, in two passes: one pass cancels where the mean is large. */
export function squaredDeviations(sample: Sample): number {
  const centre = mean(sample);
  return sample.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}

/** Variance with n − 1 (`ddof=1`); NaN for fewer than two values. */
export function variance(sample: Sample): number {
  return sample.length < 2 ? Number.NaN : squaredDeviations(sample) / (sample.length - 1);
}

/** The value below which the fraction `q` of a sorted sample lies, interpolated as NumPy's `quantile` does by default. */
export function quantileOfSorted(sorted: Sample | Float64Array, q: number): number {
  const place = (sorted.length - 1) * q;
  const below = Math.floor(place);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  const part = place - below;
  // Without a step there is nothing to interpolate, also where both are infinite.
  if (part === 0 || low === high) return low;
  // As NumPy: from the nearer end, so that both ends are met exactly.
  return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part);
}

/** A copy in ascending order. */
export function sorted(sample: Sample): number[] {
  return [...sample].sort((a, b) => a - b);
}

/** The middle value of a sample, or the mean of the two in the middle. */
export function median(sample: Sample): number {
  return quantileOfSorted(sorted(sample), 0.5);
}

/** Ranks from 1, in the order of the sample; equal values share the mean of their ranks. */
export interface Ranks {
  readonly ranks: readonly number[];
  /** How many values share each rank that is shared. */
  readonly ties: readonly number[];
}

export function rank(sample: Sample): Ranks {
  const order = Array.from(sample, (_, i) => i).sort((a, b) => (sample[a] ?? 0) - (sample[b] ?? 0));
  const ranks = new Array<number>(sample.length).fill(0);
  const ties: number[] = [];
  for (let first = 0; first < order.length;) {
    let end = first + 1;
    while (end < order.length && sample[order[end] ?? 0] === sample[order[first] ?? 0]) end++;
    for (const index of order.slice(first, end)) ranks[index] = (first + 1 + end) / 2;
    if (end - first > 1) ties.push(end - first);
    first = end;
  }
  return { ranks, ties };
}
