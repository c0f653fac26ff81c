/** How a list of numbers is distributed: quartiles, bins of a histogram, a smooth density. */

/** Box and whiskers (Tukey): whiskers end at the last values within 1.5 interquartile ranges of the box. */
export interface BoxSummary {
  readonly count: number;
  readonly lower: number;
  readonly first: number;
  readonly median: number;
  readonly third: number;
  readonly upper: number;
  /** Values beyond the whiskers, ascending. */
  readonly outliers: readonly number[];
}

/** Value below which the share `q` of `sorted` lies, linear between neighbours (NumPy's and R's default). */
export function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** Null for no values. Values are finite. */
export function boxSummary(values: readonly number[]): BoxSummary | null {
  const sorted = [...values].sort((a, b) => a - b);
  const [least] = sorted;
  const most = sorted.at(-1);
  if (least === undefined || most === undefined) return null;
  const [first, median, third] = [quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)];
  const reach = 1.5 * (third - first);
  const isInside = (value: number): boolean => value >= first - reach && value <= third + reach;
  return {
    count: sorted.length,
    // Between two values a quartile may lie beyond every value inside the reach: the whisker then has no length.
    lower: Math.min(first, sorted.find(isInside) ?? least),
    first,
    median,
    third,
    upper: Math.max(third, sorted.findLast(isInside) ?? most),
    outliers: sorted.filter((value) => !isInside(value)),
  };
}

/** Edges of bins of equal, round width that hold all values: one more than there are bins. Empty for no values. */
export function binEdges(values: readonly number[]): readonly number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const [least] = sorted;
  const most = sorted.at(-1);
  if (least === undefined || most === undefined) return [];
  if (least === most) return [least - 0.5, least + 0.5];
  if (sorted.every((value) => Number.isInteger(value)) && most - least <= mostBins) {
    // Counts and ranks: each whole number has its own bar.
    return Array.from({ length: most - least + 2 }, (_, i) => least - 0.5 + i);
  }
  // Freedman and Diaconis (1981); where more than half of the values are equal, Sturges' number of bins.
  const spread = quantile(sorted, 0.75) - quantile(sorted, 0.25);
  const wide = (most - least) / (Math.log2(sorted.length) + 1);
  const wanted = spread > 0 ? (2 * spread) / Math.cbrt(sorted.length) : wide;
  const limited = Math.min(Math.max(wanted, (most - least) / mostBins), (most - least) / leastBins);
  const width = roundWidth(limited);
  const first = Math.floor(least / width);
  const last = Math.max(first + 1, Math.ceil(most / width));
  return Array.from({ length: last - first + 1 }, (_, i) => tidy((first + i) * width));
}

const leastBins = 8;
const mostBins = 32;

/** The next number down of the form 1, 2, 2.5 or 5 times a power of ten. */
function roundWidth(width: number): number {
  const power = 10 ** Math.floor(Math.log10(width));
  const factor = [5, 2.5, 2, 1].find((step) => step * power <= width * (1 + 1e-9)) ?? 1;
  return factor * power;
}

/** Without the last digits that multiplying by a decimal width leaves (0.30000000000000004). */
function tidy(edge: number): number {
  return Number(edge.toPrecision(12));
}

/** How many values lie in each bin; a value on an inner edge belongs to the bin above, the last edge to the last bin. */
export function binCounts(values: readonly number[], edges: readonly number[]): readonly number[] {
  const counts = new Array<number>(Math.max(0, edges.length - 1)).fill(0);
  for (const value of values) {
    let low = 0;
    let high = counts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((edges[middle] ?? Infinity) <= value) low = middle;
      else high = middle - 1;
    }
    counts[low] = (counts[low] ?? 0) + 1;
  }
  return counts;
}

/**
 * Gaussian kernel density at `points`, with Scott's bandwidth: the standard deviation (dividing by n − 1) times
 * n^(−1/5). Null where there is no spread.
 *
 * @source scipy.stats.gaussian_kde with its default bandwidth
 */
export function kernelDensity(values: readonly number[], points: readonly number[]): readonly number[] | null {
  const bandwidth = densityBandwidth(values);
  if (bandwidth === null) return null;
  const scale = 1 / (values.length * bandwidth * Math.sqrt(2 * Math.PI));
  return points.map((point) => {
    let sum = 0;
    for (const value of values) sum += Math.exp(-0.5 * ((point - value) / bandwidth) ** 2);
    return sum * scale;
  });
}

/** Scott's bandwidth; null where there are fewer than two values or all are equal. */
export function densityBandwidth(values: readonly number[]): number | null {
  const n = values.length;
  if (n < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return variance > 0 ? Math.sqrt(variance) * n ** -0.2 : null;
}

/** At most `most` entries of a list, evenly spaced over it and in its order. */
export function evenly<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)]).flatMap((item) =>
    item === undefined ? [] : [item],
  );
}
