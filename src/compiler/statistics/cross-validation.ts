/** How well a linear probe does on folds that it has not seen. */
import { seededIntegers } from "../base/random.js";
import { bootstrap } from "./bootstrap.js";
import { normalAt } from "./distributions.js";
import { intervalLevel, type Interval } from "./outcome.js";
import { labelExchange, membersOf } from "./probe-folds.js";
import { splitFeatures, type SplitFeatures } from "./probe-features.js";
import { logisticProbe, mostProbable, outputsAt, ridgeProbe } from "./linear-probe.js";
import { mean } from "./samples.js";

/** What is predicted, and from what. */
export interface Probed {
  /** Features of each observation. */
  readonly x: readonly Float64Array[];
  /** Numbers, or classes as whole numbers from 0. */
  readonly y: readonly number[];
  /** How many classes there are; null for numbers. */
  readonly classes: number | null;
  /** Which observations belong together: equal numbers. */
  readonly units: readonly number[];
  /** The fold of each observation, from 0: the same for all of a unit. */
  readonly foldOf: readonly number[];
  readonly penalty: number;
}

export interface ProbeScore {
  /** The prediction for each observation by the probe that has not seen it. */
  readonly predictions: readonly number[];
  /** The guess of the baseline for each: the most frequent class of the other folds, or their mean. */
  readonly guesses: readonly number[];
  /** Accuracy, the share that is predicted right; of numbers R², 1 − Σ (y − ŷ)² / Σ (y − b)² with the baseline's b. */
  readonly score: number;
  /** Accuracy of the most frequent class of the other folds; of numbers 0, the R² of their mean. */
  readonly baseline: number;
  /** Of the score; null where too few units have one. */
  readonly interval: Interval | null;
  /** Chance of a score at least as high where labels mean nothing; null where no permutations were asked for. */
  readonly pValue: number | null;
}

const intervalDraws = 2000;

/**
 * Scores of a probe that is trained on all folds but one and asked about that one, for each fold. Features are standardised
 * by the training part alone.
 * @param permutations how often labels are exchanged within folds; null for no p-value.
 * @param seed of the interval of R², which is drawn.
 */
export function crossValidate(
  probed: Probed,
  permutations: { readonly count: number; readonly seed: number } | null,
  seed: number,
): ProbeScore {
  const folds = foldsOf(probed);
  const scoreFor = (y: readonly number[]): { predictions: number[]; guesses: number[]; score: number } => {
    const { predictions, guesses } = predictAll(probed, folds, y);
    return { predictions, guesses, score: scoreOf(probed.classes, y, predictions, guesses) };
  };
  const { predictions, guesses, score } = scoreFor(probed.y);
  const baseline = probed.classes === null ? 0 : share(probed.y, guesses);
  const interval =
    probed.classes === null
      ? squaredInterval(probed, predictions, guesses, seed)
      : wilsonInterval(score, membersOf(probed.units).size);
  if (permutations === null) return { predictions, guesses, score, baseline, interval, pValue: null };
  const exchange = labelExchange(probed.units, probed.y, probed.foldOf, seededIntegers(permutations.seed));
  let reached = 0;
  for (let i = 0; i < permutations.count; i++) if (scoreFor(exchange()).score >= score - 1e-12) reached++;
  // The labels as they are are one of those that chance could have drawn, so p is never 0.
  return { predictions, guesses, score, baseline, interval, pValue: (reached + 1) / (permutations.count + 1) };
}

interface Fold extends SplitFeatures {
  readonly known: readonly number[];
  readonly asked: readonly number[];
}

function foldsOf({ x, foldOf }: Probed): readonly Fold[] {
  const all = x.map((_row, i) => i);
  return [...new Set(foldOf)].map((fold) => {
    const known = all.filter((i) => foldOf[i] !== fold);
    const asked = all.filter((i) => foldOf[i] === fold);
    const rows = (at: readonly number[]): readonly Float64Array[] => at.map((i) => x[i] ?? new Float64Array());
    return { known, asked, ...splitFeatures(rows(known), rows(asked)) };
  });
}

/** For each observation the prediction, and the guess of the baseline: the most frequent class or the mean of other folds. */
function predictAll(
  { classes, penalty }: Probed,
  folds: readonly Fold[],
  y: readonly number[],
): { predictions: number[]; guesses: number[] } {
  const predictions = y.map(() => 0);
  const guesses = y.map(() => 0);
  for (const { known, asked, train, test } of folds) {
    const labels = known.map((i) => y[i] ?? 0);
    const probe =
      classes === null ? ridgeProbe(train, labels, penalty) : logisticProbe(train, labels, classes, penalty);
    const guess = classes === null ? mean(labels) : mostFrequent(labels, classes);
    asked.forEach((i, at) => {
      const outputs = outputsAt(probe, test, at);
      predictions[i] = classes === null ? (outputs[0] ?? 0) : mostProbable(outputs);
      guesses[i] = guess;
    });
  }
  return { predictions, guesses };
}

/** Of equally frequent classes the first. */
function mostFrequent(labels: readonly number[], classes: number): number {
  const counts = Array.from({ length: classes }, (_, k) => labels.filter((label) => label === k).length);
  return counts.indexOf(Math.max(...counts));
}

function share(y: readonly number[], predictions: readonly number[]): number {
  return y.filter((value, i) => value === predictions[i]).length / y.length;
}

function scoreOf(
  classes: number | null,
  y: readonly number[],
  predictions: readonly number[],
  guesses: readonly number[],
): number {
  if (classes !== null) return share(y, predictions);
  const squares = (of: readonly number[]): number => y.reduce((sum, value, i) => sum + (value - (of[i] ?? 0)) ** 2, 0);
  return 1 - squares(predictions) / squares(guesses);
}

/**
 * Of a share of n independent units.
 * @source Wilson, "Probable inference", 1927; SciPy, `binomtest(k, n).proportion_ci(method="wilson")`.
 */
export function wilsonInterval(p: number, n: number): Interval {
  const z = normalAt(1 - (1 - intervalLevel) / 2);
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + ((z / n) * z) / n / 4);
  return { level: intervalLevel, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** Of R², by drawing units with what was predicted for them. */
function squaredInterval(
  { y, units }: Probed,
  predictions: readonly number[],
  guesses: readonly number[],
  seed: number,
): Interval | null {
  const sums = [...membersOf(units).values()].map((own) => ({
    left: own.reduce((sum, i) => sum + ((y[i] ?? 0) - (predictions[i] ?? 0)) ** 2, 0),
    all: own.reduce((sum, i) => sum + ((y[i] ?? 0) - (guesses[i] ?? 0)) ** 2, 0),
  }));
  const found = bootstrap(
    [sums],
    ([drawn = []]) => {
      let [left, all] = [0, 0];
      for (const one of drawn) [left, all] = [left + one.left, all + one.all];
      return 1 - left / all;
    },
    intervalDraws,
    seed,
  );
  return found.kind === "undecided" ? null : found.interval;
}
