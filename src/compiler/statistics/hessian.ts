/**
 * What a Hessian looks like, by products with it alone: extreme eigenvalues, trace, density of eigenvalues, and how strongly
 * groups of its entries depend on each other.
 */
import { blockNorms, type BlockNorms, type EntryGroups } from "./block-norms.js";
import { combined, lanczos } from "./lanczos.js";
import { addScaled, dot, norm, randomSigns, type ByProducts } from "./products.js";

/** What is asked of a Hessian. Plain JSON. */
export interface HessianQuestion {
  /** So many eigenvalues, the largest by absolute value first; null: none. */
  readonly top: number | null;
  readonly trace: boolean;
  readonly density: boolean;
  /** Norms of the blocks between groups of entries. */
  readonly coupling: boolean;
  /** Random vectors for trace, density and coupling. */
  readonly probes: number;
  /** Lanczos steps at most, for the eigenvalues and for each probe of the density. */
  readonly steps: number;
  readonly seed: number;
}

export interface HessianEigenvalue {
  readonly value: number;
  /** ‖H y − θ y‖ with y of length 1, measured by a product of its own: an eigenvalue of H lies within it of θ. */
  readonly residual: number;
  /** y, in the float32 that products have: of length 1, its entry of largest absolute value positive. Null: not kept. */
  readonly vector: Float32Array | null;
}

export interface HessianPicture {
  readonly eigenvalues: readonly HessianEigenvalue[];
  /** Lanczos steps that were done for them. */
  readonly steps: number;
  /** Hutchinson's estimate and its standard error, which a single probe does not have. */
  readonly trace: { readonly value: number; readonly error: number | null } | null;
  /** Nodes and weights, which sum to 1, of the quadrature that stands for the density of the eigenvalues. */
  readonly nodes: readonly { readonly value: number; readonly weight: number }[];
  /** Norms of the blocks between groups; null where nothing was asked. */
  readonly coupling: BlockNorms | null;
}

/** Eigenvalues are looked for until their residuals are below this share of the largest. Products in float32 tell no more. */
const wanted = 1e-6;

/** @param size the number of rows of the Hessian */
export function* hessianPicture(
  question: HessianQuestion,
  size: number,
  groups: EntryGroups | null,
): ByProducts<HessianPicture> {
  const extremes = question.top === null ? nothingFound : yield* extremeEigenvalues(question, question.top, size);
  const trace = question.trace ? yield* hutchinson(question, size) : null;
  const nodes = question.density ? yield* quadrature(question, size) : [];
  const { probes, seed } = question;
  const coupling = question.coupling && groups !== null ? yield* blockNorms(probes, seed, size, groups) : null;
  return { ...extremes, trace, nodes, coupling };
}

type Extremes = Pick<HessianPicture, "eigenvalues" | "steps">;

const nothingFound: Extremes = { eigenvalues: [], steps: 0 };

function* extremeEigenvalues({ steps, seed }: HessianQuestion, top: number, size: number): ByProducts<Extremes> {
  const largest = (values: readonly number[]): readonly number[] =>
    values
      .map((_, i) => i)
      .sort((a, b) => Math.abs(values[b] ?? 0) - Math.abs(values[a] ?? 0))
      .slice(0, top);
  const found = yield* lanczos(randomSigns(size, seed, 0), steps, seed, ({ values }, bounds) => {
    const chosen = largest(values);
    const limit = wanted * Math.abs(values[chosen[0] ?? 0] ?? 0);
    return chosen.length === top && chosen.every((i) => (bounds[i] ?? Infinity) <= limit);
  });
  const { basis, ritz } = found;
  const eigenvalues: HessianEigenvalue[] = [];
  for (const i of largest(ritz.values)) {
    const vector = combined(basis, ritz.vectors[i] ?? []);
    const value = ritz.values[i] ?? NaN;
    const left = Float64Array.from(yield vector);
    addScaled(left, -value, vector);
    eigenvalues.push({ value, residual: norm(left), vector: directed(vector) });
  }
  return { eigenvalues, steps: basis.length };
}

/** An eigenvector is known up to its sign and length: of length 1, and with the sign that its largest entry is positive. */
function directed(vector: Float64Array): Float32Array {
  const largest = vector.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
  const scale = (largest < 0 ? -1 : 1) / norm(vector);
  return Float32Array.from(vector, (entry) => entry * scale);
}

/** @source Hutchinson, "A stochastic estimator of the trace of the influence matrix", 1990. */
function* hutchinson(
  { probes, seed }: HessianQuestion,
  size: number,
): ByProducts<NonNullable<HessianPicture["trace"]>> {
  const samples: number[] = [];
  for (let probe = 1; probe <= probes; probe++) {
    const signs = randomSigns(size, seed, probe);
    samples.push(size * dot(signs, yield signs));
  }
  const value = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  const squares = samples.reduce((sum, sample) => sum + (sample - value) ** 2, 0);
  const error = samples.length < 2 ? null : Math.sqrt(squares / (samples.length - 1) / samples.length);
  return { value, error };
}

/**
 * Stochastic Lanczos quadrature.
 * @source Ubaru, Chen, Saad, "Fast estimation of tr(f(A)) via stochastic Lanczos quadrature", 2017.
 */
function* quadrature({ probes, steps, seed }: HessianQuestion, size: number): ByProducts<HessianPicture["nodes"]> {
  const nodes: { readonly value: number; readonly weight: number }[] = [];
  for (let probe = 1; probe <= probes; probe++) {
    const { ritz } = yield* lanczos(randomSigns(size, seed, probe), steps, seed);
    ritz.values.forEach((value, i) => nodes.push({ value, weight: (ritz.vectors[i]?.[0] ?? 0) ** 2 / probes }));
  }
  return nodes;
}

/** A density as a curve: the mean of normal distributions around the nodes, all of one width. */
export interface DensityCurve {
  /** Standard deviation of the normal distributions. */
  readonly width: number;
  readonly places: readonly number[];
}

/** Places of a curve for the nodes of several densities; the width is a hundredth of what lies between the outermost nodes. */
export function densityCurve(values: readonly number[], points: number): DensityCurve {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  // All eigenvalues are one: a width in proportion to it, or any where it is 0.
  const width = (most - least || Math.abs(most) || 1) / 100;
  const [first, last] = [least - 4 * width, most + 4 * width];
  return { width, places: Array.from({ length: points }, (_, i) => first + ((last - first) * i) / (points - 1)) };
}

/** The height of a density's curve. */
export function densityAt(nodes: HessianPicture["nodes"], width: number, place: number): number {
  const scale = 1 / (width * Math.sqrt(2 * Math.PI));
  return nodes.reduce(
    (sum, { value, weight }) => sum + weight * scale * Math.exp(-(((place - value) / width) ** 2) / 2),
    0,
  );
}
