/** Tests that look at ranks only. Exact and asymptotic p-values are chosen as SciPy's `method="auto"` does. */
import { normalP } from "./distributions.js";
import { pFromTails, undecided, type Alternative, type TestOutcome } from "./outcome.js";
import { differences } from "./t-tests.js";
import { rank, type Sample } from "./samples.js";

/** Up to this size of the smaller sample the distribution of U is exact, where nothing ties. */
const exactMannWhitney = 8;

/**
 * Do values of one sample tend to be larger than those of another, independent one? The statistic is U of the first, and
 * the estimate the chance that a value of the first is the larger one (a tie counts half).
 * @source SciPy, `mannwhitneyu`; Mann and Whitney, "On a test of whether one of two random variables is stochastically
 * larger than the other", 1947.
 */
export function mannWhitney(left: Sample, right: Sample, alternative: Alternative): TestOutcome {
  const [n, m] = [left.length, right.length];
  if (n === 0 || m === 0) return undecided("one of the samples is empty");
  const { ranks, ties } = rank([...left, ...right]);
  const u = ranks.slice(0, n).reduce((sum, r) => sum + r, 0) - (n * (n + 1)) / 2;
  const found = { kind: "tested", statistic: u, df: null, estimate: u / (n * m), interval: null } as const;
  if (Math.min(n, m) <= exactMannWhitney && ties.length === 0) {
    return { ...found, method: "exact", pValue: pFromTails(...tails(rankSums(n, m), u), alternative) };
  }
  const all = n + m;
  const tied = ties.reduce((sum, t) => sum + t ** 3 - t, 0);
  const deviation = Math.sqrt(((n * m) / 12) * (all + 1 - tied / (all * (all - 1))));
  if (deviation === 0) return undecided("all values are equal");
  // The correction of one half pulls U towards its mean, on the side that the alternative looks at.
  const z = (direction: 1 | -1): number => (direction * (u - (n * m) / 2) - 0.5) / deviation;
  const above = normalP(z(1), "greater");
  const below = normalP(z(-1), "greater");
  return { ...found, method: "asymptotic", pValue: pFromTails(below, above, alternative) };
}

/** Up to this many pairs the distribution of the signed ranks is exact, where nothing ties and no difference is zero. */
const exactWilcoxon = 50;

/** Up to this many pairs it is exact in any case: each of the 2ⁿ choices of signs counts. */
const exactTiedWilcoxon = 13;

/**
 * Are differences of pairs (or values, with `right` null) distributed evenly around 0? Differences of 0 are left out. The
 * statistic is the sum of the ranks of the positive ones.
 * @source SciPy, `wilcoxon` with `zero_method="wilcox"`; Wilcoxon, "Individual comparisons by ranking methods", 1945.
 */
export function wilcoxon(left: Sample, right: Sample | null, alternative: Alternative): TestOutcome {
  const all = right === null ? left : differences(left, right);
  const different = all.filter((difference) => difference !== 0);
  if (different.length === 0) return undecided("every difference is 0");
  const { ranks, ties } = rank(different.map(Math.abs));
  const statistic = ranks.reduce((sum, r, i) => sum + ((different[i] ?? 0) > 0 ? r : 0), 0);
  const found = { kind: "tested", statistic, df: null, estimate: Number.NaN, interval: null } as const;
  const n = different.length;
  const isPlain = ties.length === 0 && n === all.length;
  if (all.length <= (isPlain ? exactWilcoxon : exactTiedWilcoxon)) {
    // Ranks that are shared end in a half: twice their sum is a whole number.
    const sums = signedSums(ranks.map((r) => 2 * r));
    return { ...found, method: "exact", pValue: pFromTails(...tails(sums, 2 * statistic), alternative) };
  }
  const tied = ties.reduce((sum, t) => sum + t ** 3 - t, 0);
  const deviation = Math.sqrt((n * (n + 1) * (2 * n + 1) - tied / 2) / 24);
  const z = (statistic - (n * (n + 1)) / 4) / deviation;
  return { ...found, method: "asymptotic", pValue: normalP(z, alternative) };
}

/** P(X ≤ x) and P(X ≥ x) of a distribution over 0, 1, 2 … */
function tails(chances: readonly number[], x: number): [below: number, above: number] {
  const sum = (part: readonly number[]): number => part.reduce((total, chance) => total + chance, 0);
  return [sum(chances.slice(0, x + 1)), sum(chances.slice(x))];
}

/**
 * Distribution of U for samples of n and m values without ties: chances of 0 … n·m. The n first values take n of the
 * n + m ranks, and U counts how far they are from the lowest n.
 */
function rankSums(n: number, m: number): readonly number[] {
  const [few, many] = [Math.min(n, m), Math.max(n, m)];
  // Gaussian binomial coefficients: multiplied by (1 − x^(many + i)) and divided by (1 − x^i) for i = 1 … few, scaled on
  // the way so that the numbers stay chances.
  let chances: number[] = new Array<number>(few * many + 1).fill(0);
  chances[0] = 1;
  for (let i = 1; i <= few; i++) {
    const next = new Array<number>(chances.length).fill(0);
    for (let u = 0; u < chances.length; u++) {
      next[u] =
        (chances[u] ?? 0) - (u >= many + i ? (chances[u - many - i] ?? 0) : 0) + (u >= i ? (next[u - i] ?? 0) : 0);
    }
    chances = next.map((count) => (count * i) / (many + i));
  }
  return chances;
}

/** Distribution of the sum of the ranks with a positive sign, where each sign is as likely as the other. */
function signedSums(ranks: readonly number[]): readonly number[] {
  const chances = new Array<number>(ranks.reduce((sum, r) => sum + r, 0) + 1).fill(0);
  chances[0] = 1;
  let largest = 0;
  for (const r of ranks) {
    largest += r;
    for (let sum = largest; sum >= 0; sum--) {
      chances[sum] = ((chances[sum] ?? 0) + (sum >= r ? (chances[sum - r] ?? 0) : 0)) / 2;
    }
  }
  return chances;
}
