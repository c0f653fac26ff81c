/** The correlation coefficient by itself. */
import { mean, type Sample } from "./samples.js";

/**
 * Pearson's r, between −1 and 1; NaN where one of the samples does not vary.
 * @throws RangeError when they have different lengths.
 */
export function pearsonR(left: Sample, right: Sample): number {
  if (left.length !== right.length) throw new RangeError(`pairs of ${left.length} and ${right.length} values`);
  const [a, b] = [centred(left), centred(right)];
  const scale = norm(a) * norm(b);
  const r = a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0) / scale;
  return Math.max(-1, Math.min(1, r));
}

/** Deviations from the mean, scaled so that their squares neither overflow nor vanish. */
function centred(sample: Sample): Sample {
  const centre = mean(sample);
  const deviations = sample.map((value) => value - centre);
  const largest = deviations.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest === 0 ? deviations : deviations.map((value) => value / largest);
}

function norm(sample: Sample): number {
  return Math.sqrt(sample.reduce((sum, value) => sum + value ** 2, 0));
}

/** Sums over pairs, from which r follows: those of several lists of pairs add up to those of all of them. */
export interface Moments {
  readonly n: number;
  readonly x: number;
  readonly y: number;
  readonly xx: number;
  readonly yy: number;
  readonly xy: number;
}

/** Pairs with the same number of values on both sides. */
export interface Pairs {
  readonly x: Sample;
  readonly y: Sample;
}

/**
 * The moments of each list of pairs, for {@link rOfMoments}. The values are taken from the mean of all lists and divided by
 * their largest deviation first, which does not change r and keeps its digits.
 */
export function momentsOf<P extends Pairs>(lists: readonly P[]): ReadonlyMap<P, Moments> {
  const [a, b] = [centred(lists.flatMap(({ x }) => x)), centred(lists.flatMap(({ y }) => y))];
  let start = 0;
  return new Map(
    lists.map((list) => {
      const from = start;
      start += list.x.length;
      const [x, y] = [a.slice(from, start), b.slice(from, start)];
      const products = (left: Sample, right: Sample): number =>
        left.reduce((sum, value, i) => sum + value * (right[i] ?? 0), 0);
      const [ones, n] = [x.map(() => 1), x.length];
      return [
        list,
        { n, x: products(x, ones), y: products(y, ones), xx: products(x, x), yy: products(y, y), xy: products(x, y) },
      ];
    }),
  );
}

/** Share of the sum of squares below which a variance is rounding: the samples do not vary. */
const rounding = 1e-13;

/** Pearson's r over lists of pairs from their moments; as {@link pearsonR}, to the digits that their sums keep. */
export function rOfMoments(lists: readonly Moments[]): number {
  let [n, x, y, xx, yy, xy] = [0, 0, 0, 0, 0, 0];
  for (const list of lists) {
    n += list.n;
    x += list.x;
    y += list.y;
    xx += list.xx;
    yy += list.yy;
    xy += list.xy;
  }
  const [vx, vy] = [xx - (x * x) / n, yy - (y * y) / n];
  if (!(vx > rounding * xx && vy > rounding * yy)) return Number.NaN;
  return Math.max(-1, Math.min(1, (xy - (x * y) / n) / Math.sqrt(vx * vy)));
}
