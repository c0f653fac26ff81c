/** A linear probe: regularised logistic regression, and how well it does on folds that it has not seen. */
import { seededIntegers } from "../base/random.js";
import { undecided, type Undecided } from "./outcome.js";
import { mean } from "./samples.js";

type Rows = readonly (readonly number[])[];

export interface LogisticProbe {
  /** [class][feature]; a single row for two classes, in favour of the second. */
  readonly coefficients: Rows;
  readonly intercepts: readonly number[];
}

export interface ProbeScores {
  readonly kind: "probe";
  /** Share of the observations of each fold whose class is found. */
  readonly accuracies: readonly number[];
  /** Share of each fold that belongs to the class that is most frequent in the rest. */
  readonly majorities: readonly number[];
  readonly mean: number;
  /** Standard error of the mean over folds, with n − 1. Folds share training texts: it is too small rather than too large. */
  readonly error: number;
}

const newtonSteps = 100;
const gradientTolerance = 1e-10;

/**
 * Weights that minimise Σ −log p(class) + ½ · penalty · ‖w‖², intercepts free: sigmoid for two classes, softmax for more.
 * Newton's method, each step by conjugate gradients, until the largest entry of the gradient is below 1e-10 · n.
 * @param classes of the observations, whole numbers below `count`.
 * @source scikit-learn, `LogisticRegression(C=1 / penalty)`.
 */
export function logisticProbe(x: Rows, classes: readonly number[], count: number, penalty: number): LogisticProbe {
  const features = x[0]?.length ?? 0;
  const width = features + 1;
  const outputs = count === 2 ? 1 : count;
  const ones = x.map((row) => [...row, 1]);
  const penalised = (i: number): number => (i % width === features ? 0 : penalty);
  const scoresOf = (w: readonly number[]): number[][] =>
    ones.map((row) =>
      Array.from({ length: outputs }, (_, k) => row.reduce((sum, v, f) => sum + v * (w[k * width + f] ?? 0), 0)),
    );
  /** Xᵀ r for r [observation][output], plus the penalty's part. */
  const back = (r: Rows, w: readonly number[]): number[] => {
    const sums = new Array<number>(outputs * width).fill(0);
    ones.forEach((row, n) => {
      for (let k = 0; k < outputs; k++) {
        const part = r[n]?.[k] ?? 0;
        row.forEach((v, f) => {
          sums[k * width + f] = (sums[k * width + f] ?? 0) + part * v;
        });
      }
    });
    return sums.map((sum, i) => sum + penalised(i) * (w[i] ?? 0));
  };
  const loss = (w: readonly number[]): number =>
    scoresOf(w).reduce((sum, s, n) => sum - logProbability(s, classes[n] ?? 0), 0) +
    w.reduce((sum, v, i) => sum + (penalised(i) / 2) * v * v, 0);

  let w = new Array<number>(outputs * width).fill(0);
  for (let step = 0; step < newtonSteps; step++) {
    const p = scoresOf(w).map(probabilities);
    const gradient = back(
      p.map((row, n) => row.map((v, k) => v - (isOf(classes[n] ?? 0, k, outputs) ? 1 : 0))),
      w,
    );
    if (Math.max(...gradient.map(Math.abs)) < gradientTolerance * x.length) break;
    const curvature = (v: readonly number[]): number[] =>
      back(
        scoresOf(v).map((s, n) => {
          const own = p[n] ?? [];
          const along =
            outputs === 1 ? (own[0] ?? 0) * (s[0] ?? 0) : own.reduce((sum, q, k) => sum + q * (s[k] ?? 0), 0);
          return s.map((value, k) => (own[k] ?? 0) * (value - along));
        }),
        v,
      );
    const direction = conjugateGradients(curvature, gradient);
    const before = loss(w);
    const slope = dot(gradient, direction);
    let size = 1;
    let next = w.map((v, i) => v - size * (direction[i] ?? 0));
    while (loss(next) > before - 1e-4 * size * slope + 1e-12 * Math.abs(before) && size > 1e-6) {
      size /= 2;
      next = w.map((v, i) => v - size * (direction[i] ?? 0));
    }
    w = next;
  }
  return {
    coefficients: Array.from({ length: outputs }, (_, k) => w.slice(k * width, k * width + features)),
    intercepts: Array.from({ length: outputs }, (_, k) => w[k * width + features] ?? 0),
  };
}

/** The class that a probe finds most probable; of equally probable ones the first. */
export function predictedClass({ coefficients, intercepts }: LogisticProbe, row: readonly number[]): number {
  const scores = coefficients.map((own, k) => dot(own, row) + (intercepts[k] ?? 0));
  if (scores.length === 1) return (scores[0] ?? 0) > 0 ? 1 : 0;
  return scores.reduce((best, score, k) => (score > (scores[best] ?? 0) ? k : best), 0);
}

/**
 * The fold of every observation: each class is shuffled and dealt out in turn, so that folds have equal shares of it.
 * @param seed of the shuffles.
 */
export function stratifiedFolds(classes: readonly number[], folds: number, seed: number): readonly number[] {
  const draw = seededIntegers(seed);
  const result = new Array<number>(classes.length).fill(0);
  let dealt = 0;
  for (const own of [...new Set(classes)].sort((a, b) => a - b)) {
    const members = classes.flatMap((value, i) => (value === own ? [i] : []));
    for (let i = members.length - 1; i > 0; i--) {
      const j = draw(i + 1);
      [members[i], members[j]] = [members[j] ?? 0, members[i] ?? 0];
    }
    for (const member of members) result[member] = dealt++ % folds;
  }
  return result;
}

/**
 * Cross-validated accuracy; features are standardised by the training part of each fold alone.
 * @param foldOf of each observation, from 0, as {@link stratifiedFolds} gives it.
 */
export function probeScores(
  x: Rows,
  classes: readonly number[],
  foldOf: readonly number[],
  penalty: number,
): ProbeScores | Undecided {
  const folds = Math.max(...foldOf) + 1;
  const count = Math.max(...classes) + 1;
  const sizes = Array.from({ length: count }, (_, k) => classes.filter((own) => own === k).length);
  if (count < 2) return undecided("a probe needs two classes at least, and there is one");
  const least = Math.min(...sizes);
  if (least < folds) return undecided(`the rarest class has ${least} texts, fewer than the ${folds} folds`);
  if (x.some((row) => row.some((value) => !Number.isFinite(value)))) return undecided("a value is not finite");
  const each = Array.from({ length: folds }, (_, fold) => {
    const train = x.filter((_row, i) => foldOf[i] !== fold);
    const known = classes.filter((_own, i) => foldOf[i] !== fold);
    const asked = x.flatMap((row, i) => (foldOf[i] === fold ? [{ row, own: classes[i] ?? 0 }] : []));
    const scale = standardiser(train);
    const probe = logisticProbe(train.map(scale), known, count, penalty);
    const counts = sizes.map((_size, k) => known.filter((own) => own === k).length);
    const majority = counts.indexOf(Math.max(...counts));
    return {
      accuracy: mean(asked.map(({ row, own }) => (predictedClass(probe, scale(row)) === own ? 1 : 0))),
      majority: mean(asked.map(({ own }) => (own === majority ? 1 : 0))),
    };
  });
  const accuracies = each.map(({ accuracy }) => accuracy);
  const centre = mean(accuracies);
  const squares = accuracies.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return {
    kind: "probe",
    accuracies,
    majorities: each.map(({ majority }) => majority),
    mean: centre,
    error: Math.sqrt(squares / (folds - 1) / folds),
  };
}

/** To mean 0 and standard deviation 1 (with n), as scikit-learn's `StandardScaler`; a constant feature becomes 0. */
function standardiser(rows: Rows): (row: readonly number[]) => number[] {
  const features = rows[0]?.length ?? 0;
  const columns = Array.from({ length: features }, (_, f) => rows.map((row) => row[f] ?? 0));
  const centres = columns.map(mean);
  const widths = columns.map((column, f) => Math.sqrt(mean(column.map((v) => (v - (centres[f] ?? 0)) ** 2))));
  return (row) => row.map((value, f) => (value - (centres[f] ?? 0)) / ((widths[f] ?? 0) || 1));
}

function isOf(own: number, output: number, outputs: number): boolean {
  return outputs === 1 ? own === 1 : own === output;
}

function probabilities(scores: readonly number[]): number[] {
  if (scores.length === 1) return [1 / (1 + Math.exp(-(scores[0] ?? 0)))];
  const most = Math.max(...scores);
  const parts = scores.map((score) => Math.exp(score - most));
  const total = parts.reduce((a, b) => a + b, 0);
  return parts.map((part) => part / total);
}

function logProbability(scores: readonly number[], own: number): number {
  const all = scores.length === 1 ? [0, scores[0] ?? 0] : scores;
  const most = Math.max(...all);
  return (all[own] ?? 0) - most - Math.log(all.reduce((sum, score) => sum + Math.exp(score - most), 0));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

/** Solves A s = g for a positive semidefinite A whose null space g has no part in. */
function conjugateGradients(apply: (v: readonly number[]) => number[], g: readonly number[]): number[] {
  let s = g.map(() => 0);
  let residual = [...g];
  let along = [...g];
  let size = dot(residual, residual);
  const enough = size * 1e-24;
  for (let i = 0; i < 2 * g.length && size > enough; i++) {
    const image = apply(along);
    const bend = dot(along, image);
    if (!(bend > 0)) break;
    const step = size / bend;
    s = s.map((v, j) => v + step * (along[j] ?? 0));
    residual = residual.map((v, j) => v - step * (image[j] ?? 0));
    const next = dot(residual, residual);
    along = residual.map((v, j) => v + (next / size) * (along[j] ?? 0));
    size = next;
  }
  return s;
}
