/** Tests by exchanging labels: seeded, and exact where all exchanges can be counted. */
import { seededIntegers } from "../base/random.js";
import { pearsonR } from "./pearson-r.js";
import { pFromTails, undecided, type Alternative, type TestOutcome } from "./outcome.js";
import { differences } from "./t-tests.js";
import { mean, type Sample } from "./samples.js";

/** How many exchanges are drawn at most, and from which seed. */
export interface Draws {
  readonly count: number;
  readonly seed: number;
}

/**
 * Have two independent samples the same distribution, judged by the difference of their means? Values are dealt to the
 * two samples anew.
 * @source SciPy, `permutation_test` with `permutation_type="independent"`.
 */
export function permuteGroups(left: Sample, right: Sample, alternative: Alternative, draws: Draws): TestOutcome {
  if (left.length === 0 || right.length === 0) return undecided("one of the samples is empty");
  const all = [...left, ...right];
  const differenceOf = (dealt: Sample): number => mean(dealt.slice(0, left.length)) - mean(dealt.slice(left.length));
  return permuted(all, differenceOf, alternative, draws, {
    ways: choices(all.length, left.length),
    each: (visit) => eachChoice(all, left.length, visit),
    draw: (next) => shuffled(all, next),
  });
}

/**
 * Are differences of pairs as likely as their opposites, judged by their mean? Signs are changed.
 * @source SciPy, `permutation_test` with `permutation_type="samples"`.
 */
export function permuteSigns(left: Sample, right: Sample | null, alternative: Alternative, draws: Draws): TestOutcome {
  const between = right === null ? left : differences(left, right);
  if (between.length === 0) return undecided("the sample is empty");
  const signed = (isNegative: (i: number) => boolean): Sample => between.map((d, i) => (isNegative(i) ? -d : d));
  return permuted(between, mean, alternative, draws, {
    ways: 2 ** between.length,
    each: (visit) => {
      for (let signs = 0; signs < 2 ** between.length; signs++) visit(signed((i) => ((signs >> i) & 1) === 1));
    },
    draw: (next) => signed(() => next(2) === 1),
  });
}

/**
 * Do two samples correlate, judged by Pearson's r? The second sample is put in another order.
 * @source SciPy, `permutation_test` with `permutation_type="pairings"`.
 */
export function permutePairs(left: Sample, right: Sample, alternative: Alternative, draws: Draws): TestOutcome {
  if (left.length < 3) return undecided("a correlation needs at least three pairs");
  return permuted(right, (order) => pearsonR(left, order), alternative, draws, {
    ways: right.length > 12 ? Infinity : factorial(right.length),
    each: (visit) => {
      eachOrder(right, visit);
    },
    draw: (next) => shuffled(right, next),
  });
}

interface Exchanges {
  /** How many there are in all. */
  readonly ways: number;
  readonly each: (visit: (exchanged: Sample) => void) => void;
  readonly draw: (next: (bound: number) => number) => Sample;
}

/** Statistics that differ by less than this, relative to the observed one, are equal: sums in another order are not exact. */
const sameWithin = 1e-14;

function permuted(
  observed: Sample,
  statisticOf: (sample: Sample) => number,
  alternative: Alternative,
  { count, seed }: Draws,
  { ways, each, draw }: Exchanges,
): TestOutcome {
  const statistic = statisticOf(observed);
  if (!Number.isFinite(statistic)) return undecided("a value is not finite, or one sample does not vary");
  const largest = observed.reduce((most, value) => Math.max(most, Math.abs(value)), Math.abs(statistic));
  const slack = Math.max(Math.abs(statistic), largest * 1e-2) * sameWithin * observed.length;
  let below = 0;
  let above = 0;
  const look = (exchanged: Sample): void => {
    const value = statisticOf(exchanged);
    if (value <= statistic + slack) below++;
    if (value >= statistic - slack) above++;
  };
  const found = { kind: "tested", statistic, df: null, estimate: statistic, interval: null } as const;
  if (ways <= count) {
    each(look);
    return { ...found, method: "exact", pValue: pFromTails(below / ways, above / ways, alternative) };
  }
  const next = seededIntegers(seed);
  for (let i = 0; i < count; i++) look(draw(next));
  // The observed order is one of those that chance could have drawn, so p is never 0.
  const tail = (times: number): number => (times + 1) / (count + 1);
  return { ...found, method: "permutations", pValue: pFromTails(tail(below), tail(above), alternative) };
}

/** Fisher and Yates. */
function shuffled(sample: Sample, next: (bound: number) => number): Sample {
  const order = [...sample];
  for (let i = order.length - 1; i > 0; i--) {
    const j = next(i + 1);
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
}

/** n over k, as a float. */
export function choices(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= Math.min(k, n - k); i++) ways = (ways * (n - i + 1)) / i;
  return Math.round(ways);
}

/** Every choice of k values, followed by the values that were not chosen. */
function eachChoice(sample: Sample, k: number, visit: (dealt: Sample) => void): void {
  const chosen: number[] = [];
  const from = (first: number): void => {
    if (chosen.length === k) {
      const taken = new Set(chosen);
      visit([...chosen.map((i) => sample[i] ?? 0), ...sample.filter((_, i) => !taken.has(i))]);
      return;
    }
    for (let i = first; i <= sample.length - (k - chosen.length); i++) {
      chosen.push(i);
      from(i + 1);
      chosen.pop();
    }
  };
  from(0);
}

/** Every order of a sample. */
function eachOrder(sample: Sample, visit: (order: Sample) => void, fixed: Sample = []): void {
  if (sample.length === 0) visit(fixed);
  sample.forEach((value, i) => {
    eachOrder(sample.toSpliced(i, 1), visit, [...fixed, value]);
  });
}

/** The number of orders of n values, as a float. */
export function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}
