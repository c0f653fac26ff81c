/** Linear probes: regularised logistic regression for classes, ridge regression for numbers. All in float64. */
import type { Matrix } from "./probe-features.js";

/** A probe: what it makes of an observation is linear in its features. */
export interface LinearProbe {
  /** [output][feature]; one output for numbers and for two classes, in favour of the second. */
  readonly coefficients: readonly (readonly number[])[];
  /** By output. */
  readonly intercepts: readonly number[];
}

const newtonSteps = 100;
const gradientTolerance = 1e-10;

/**
 * Weights that minimise Σ −log p(class) + ½ · penalty · ‖w‖², intercepts free: sigmoid for two classes, softmax for more.
 * Newton's method, each step by conjugate gradients as exactly as the gradient is small, until the largest entry of the
 * gradient is below 1e-10 · n.
 * @param classes of the observations, whole numbers below `count`, by row.
 * @param penalty above 0.
 * @source scikit-learn, `LogisticRegression(C=1 / penalty)`.
 */
export function logisticProbe(x: Matrix, classes: readonly number[], count: number, penalty: number): LinearProbe {
  const outputs = count === 2 ? 1 : count;
  const problem: Problem = { x, classes, outputs, penalty };
  let w: Float64Array = new Float64Array(outputs * (x.columns + 1));
  let scores = scoresOf(problem, w);
  let loss = lossOf(problem, w, scores);
  for (let step = 0; step < newtonSteps; step++) {
    const p = probabilities(scores, outputs);
    const residuals = p.map((value, i) => value - target(problem, i));
    const gradient = backward(problem, residuals, w);
    const size = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (size < gradientTolerance * x.rows) break;
    const curvature = (v: Float64Array): Float64Array => backward(problem, bent(p, scoresOf(problem, v), outputs), v);
    const direction = conjugateGradients(curvature, gradient, Math.min(0.1, size / x.rows));
    const slope = dot(gradient, direction);
    // Half of the step as often as the loss does not fall as it should.
    for (let share = 1; ; share /= 2) {
      const next = w.map((value, i) => value - share * (direction[i] ?? 0));
      const nextScores = scoresOf(problem, next);
      const nextLoss = lossOf(problem, next, nextScores);
      if (nextLoss > loss - 1e-4 * share * slope + 1e-12 * Math.abs(loss) && share > 1e-6) continue;
      [w, scores, loss] = [next, nextScores, nextLoss];
      break;
    }
  }
  return probeOf(w, outputs, x.columns);
}

/**
 * Weights that minimise Σ (y − ŷ)² + penalty · ‖w‖², with a free intercept.
 * @param penalty above 0.
 * @source scikit-learn, `Ridge(alpha=penalty)`.
 */
export function ridgeProbe(x: Matrix, y: readonly number[], penalty: number): LinearProbe {
  const centres = Array.from({ length: x.columns }, (_, f) => meanOf(x.rows, (i) => entry(x, i, f)));
  const centre = meanOf(x.rows, (i) => y[i] ?? 0);
  const centred = (i: number, f: number): number => entry(x, i, f) - (centres[f] ?? 0);
  const rows = Array.from({ length: x.rows }, (_, i) => Float64Array.from(centres, (_c, f) => centred(i, f)));
  const along = (v: Float64Array): Float64Array => Float64Array.from(rows, (row) => dot(row, v));
  const across = (r: Float64Array): Float64Array => {
    const sums = new Float64Array(x.columns);
    rows.forEach((row, i) => row.forEach((value, f) => (sums[f] = (sums[f] ?? 0) + value * (r[i] ?? 0))));
    return sums;
  };
  const image = (v: Float64Array): Float64Array => across(along(v)).map((value, f) => value + penalty * (v[f] ?? 0));
  const goal = across(Float64Array.from(rows, (_row, i) => (y[i] ?? 0) - centre));
  const w = conjugateGradients(image, goal, 1e-13);
  const intercept = centre - centres.reduce((sum, value, f) => sum + value * (w[f] ?? 0), 0);
  return { coefficients: [[...w]], intercepts: [intercept] };
}

/** What a probe makes of row `i`: a value for each output. */
export function outputsAt({ coefficients, intercepts }: LinearProbe, x: Matrix, i: number): readonly number[] {
  return coefficients.map((own, k) => own.reduce((sum, w, f) => sum + w * entry(x, i, f), intercepts[k] ?? 0));
}

/** The class that these outputs make most probable; of equally probable ones the first. */
export function mostProbable(outputs: readonly number[]): number {
  if (outputs.length === 1) return (outputs[0] ?? 0) > 0 ? 1 : 0;
  return outputs.reduce((best, score, k) => (score > (outputs[best] ?? 0) ? k : best), 0);
}

interface Problem {
  readonly x: Matrix;
  readonly classes: readonly number[];
  readonly outputs: number;
  readonly penalty: number;
}

/** 1 where an observation is of the class of an output, by observation and output. */
function target({ classes, outputs }: Problem, at: number): number {
  if (outputs === 1) return classes[at] === 1 ? 1 : 0;
  return classes[Math.floor(at / outputs)] === at % outputs ? 1 : 0;
}

/** [observation][output] for weights [output][feature, intercept]. */
function scoresOf({ x, outputs }: Problem, w: Float64Array): Float64Array {
  const { rows, columns, data } = x;
  const scores = new Float64Array(rows * outputs);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < outputs; k++) {
      const first = k * (columns + 1);
      let sum = w[first + columns] ?? 0;
      for (let f = 0; f < columns; f++) sum += (data[i * columns + f] ?? 0) * (w[first + f] ?? 0);
      scores[i * outputs + k] = sum;
    }
  }
  return scores;
}

/** Xᵀ r for r [observation][output], and the penalty's part for weights w. */
function backward({ x, outputs, penalty }: Problem, r: Float64Array, w: Float64Array): Float64Array {
  const { rows, columns, data } = x;
  const sums = w.map((value, at) => (at % (columns + 1) === columns ? 0 : penalty * value));
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < outputs; k++) {
      const first = k * (columns + 1);
      const part = r[i * outputs + k] ?? 0;
      for (let f = 0; f < columns; f++) sums[first + f] = (sums[first + f] ?? 0) + part * (data[i * columns + f] ?? 0);
      sums[first + columns] = (sums[first + columns] ?? 0) + part;
    }
  }
  return sums;
}

function lossOf({ x, classes, outputs, penalty }: Problem, w: Float64Array, scores: Float64Array): number {
  let loss = 0;
  for (let i = 0; i < x.rows; i++) {
    const own = scores.subarray(i * outputs, (i + 1) * outputs);
    const all = outputs === 1 ? Float64Array.of(0, own[0] ?? 0) : own;
    const most = Math.max(...all);
    loss += most + Math.log(all.reduce((sum, s) => sum + Math.exp(s - most), 0)) - (all[classes[i] ?? 0] ?? 0);
  }
  return w.reduce((sum, v, at) => (at % (x.columns + 1) === x.columns ? sum : sum + (penalty / 2) * v * v), loss);
}

/** Of each output: by sigmoid for one, by softmax for several. */
function probabilities(scores: Float64Array, outputs: number): Float64Array {
  if (outputs === 1) return scores.map((score) => 1 / (1 + Math.exp(-score)));
  const p = new Float64Array(scores.length);
  for (let at = 0; at < scores.length; at += outputs) {
    const own = scores.subarray(at, at + outputs);
    const most = Math.max(...own);
    const parts = own.map((score) => Math.exp(score - most));
    const total = parts.reduce((a, b) => a + b, 0);
    parts.forEach((part, k) => (p[at + k] = part / total));
  }
  return p;
}

/** How probabilities p change when scores change by s. */
function bent(p: Float64Array, s: Float64Array, outputs: number): Float64Array {
  if (outputs === 1) return s.map((value, i) => (p[i] ?? 0) * (1 - (p[i] ?? 0)) * value);
  return s.map((value, at) => {
    const first = at - (at % outputs);
    let along = 0;
    for (let k = first; k < first + outputs; k++) along += (p[k] ?? 0) * (s[k] ?? 0);
    return (p[at] ?? 0) * (value - along);
  });
}

function probeOf(w: Float64Array, outputs: number, columns: number): LinearProbe {
  const first = (k: number): number => k * (columns + 1);
  return {
    coefficients: Array.from({ length: outputs }, (_, k) => [...w.subarray(first(k), first(k) + columns)]),
    intercepts: Array.from({ length: outputs }, (_, k) => w[first(k) + columns] ?? 0),
  };
}

function entry({ columns, data }: Matrix, i: number, f: number): number {
  return data[i * columns + f] ?? 0;
}

function meanOf(n: number, at: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += at(i);
  return sum / n;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/**
 * Solves A s = g for a positive semidefinite A whose null space g has no part in, until what is left of g has at most the
 * share `within` of its length.
 */
function conjugateGradients(apply: (v: Float64Array) => Float64Array, g: Float64Array, within: number): Float64Array {
  const s = new Float64Array(g.length);
  const residual = g.slice();
  const along = g.slice();
  let size = dot(residual, residual);
  const enough = size * within ** 2;
  for (let i = 0; i < 4 * g.length && size > enough; i++) {
    const image = apply(along);
    const bend = dot(along, image);
    if (!(bend > 0)) break;
    const step = size / bend;
    for (let j = 0; j < s.length; j++) {
      s[j] = (s[j] ?? 0) + step * (along[j] ?? 0);
      residual[j] = (residual[j] ?? 0) - step * (image[j] ?? 0);
    }
    const next = dot(residual, residual);
    for (let j = 0; j < s.length; j++) along[j] = (residual[j] ?? 0) + (next / size) * (along[j] ?? 0);
    size = next;
  }
  return s;
}
