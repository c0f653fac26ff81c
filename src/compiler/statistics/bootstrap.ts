/** Intervals by resampling: seeded, so that every machine draws the same. */
import { seededIntegers } from "../base/random.js";
import { normalAt, normalBelow } from "./distributions.js";
import { intervalLevel, undecided, type Interval, type Undecided } from "./outcome.js";
import { mean, quantileOfSorted } from "./samples.js";

export interface Bootstrapped {
  readonly kind: "bootstrapped";
  readonly estimate: number;
  readonly interval: Interval;
  /** `percentile` where the jackknife does not vary, so that there is no acceleration to correct by. */
  readonly method: "bca" | "percentile";
  readonly resamples: number;
  /** Chance, by the same correction, that what is estimated is below a value; never 0 or 1, as draws are finite. */
  readonly below: (value: number) => number;
}

/**
 * Interval of a statistic of independent groups, bias-corrected and accelerated (BCa). Units are drawn with replacement
 * within each group; a unit that has several values (a document with its tokens) is drawn whole.
 * @param groups units of each group: one group for a mean, two for a difference.
 * @param statistic of the groups, finite for the groups themselves.
 * @param count how many resamples.
 * @source Efron, "Better bootstrap confidence intervals", 1987; SciPy, `bootstrap` with `method="BCa"`.
 */
export function bootstrap<U>(
  groups: readonly (readonly U[])[],
  statistic: (groups: readonly (readonly U[])[]) => number,
  count: number,
  seed: number,
): Bootstrapped | Undecided {
  const small = groups.find(({ length }) => length < 2);
  if (small !== undefined)
    return undecided(`a bootstrap needs at least two units to draw from, and there is ${small.length}`);
  const estimate = statistic(groups);
  if (!Number.isFinite(estimate)) return undecided("a value is not finite");
  const next = seededIntegers(seed);
  const drawn = Array.from({ length: count }, () =>
    statistic(groups.map((units) => units.map(() => units[next(units.length)] as U))),
  );
  const without = groups.map((units, g) =>
    units.map((_, i) => statistic(groups.map((all, at) => (at === g ? all.toSpliced(i, 1) : all)))),
  );
  return intervalFrom(estimate, drawn, without, intervalLevel);
}

/**
 * The interval of an estimate from what its statistic is for resamples.
 * @param draws the statistic of each resample; those that are not finite are left out, as long as they are the fewer.
 * @param without the statistic with each unit left out, by group: the jackknife.
 * @param level between 0 and 1.
 */
export function intervalFrom(
  estimate: number,
  draws: readonly number[] | Float64Array,
  without: readonly (readonly number[])[],
  level: number,
): Bootstrapped | Undecided {
  const inOrder = Float64Array.from(draws).filter(Number.isFinite).sort();
  if (inOrder.length < draws.length / 2) return undecided("most resamples have no value");
  /** How many resamples are below a value; those that are equal to it count half. */
  const ranked = (at: number): number =>
    inOrder.filter((value) => value < at).length + inOrder.filter((value) => value === at).length / 2;
  const bias = normalAt(ranked(estimate) / inOrder.length);
  const acceleration = accelerationOf(without);
  const interval = (low: number, high: number): Interval => ({
    level,
    low: quantileOfSorted(inOrder, low),
    high: quantileOfSorted(inOrder, high),
  });
  const tail = (1 - level) / 2;
  const found = { kind: "bootstrapped", estimate, resamples: inOrder.length } as const;
  const share = (at: number): number => (ranked(at) + 0.5) / (inOrder.length + 1);
  if (!Number.isFinite(bias) || !Number.isFinite(acceleration)) {
    return { ...found, interval: interval(tail, 1 - tail), method: "percentile", below: share };
  }
  /** The level whose corrected quantile is the value: the inverse of `corrected`. */
  const below = (at: number): number => {
    const u = normalAt(share(at)) - bias;
    return normalBelow(u / (1 + acceleration * u) - bias);
  };
  const corrected = (p: number): number => {
    const z = bias + normalAt(p);
    return normalBelow(bias + z / (1 - acceleration * z));
  };
  return { ...found, interval: interval(corrected(tail), corrected(1 - tail)), method: "bca", below };
}

/** From the jackknife of all groups; NaN where leaving out a unit never matters. */
function accelerationOf(groups: readonly (readonly number[])[]): number {
  const parts = groups.map((without) => {
    const centre = mean(without);
    const influence = without.map((value) => (without.length - 1) * (centre - value));
    const n = without.length;
    return {
      cubes: influence.reduce((sum, value) => sum + value ** 3, 0) / n ** 3,
      squares: influence.reduce((sum, value) => sum + value ** 2, 0) / n ** 2,
    };
  });
  const cubes = parts.reduce((sum, part) => sum + part.cubes, 0);
  const squares = parts.reduce((sum, part) => sum + part.squares, 0);
  return cubes / (6 * squares ** 1.5);
}
