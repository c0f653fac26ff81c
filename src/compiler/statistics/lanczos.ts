/** The Lanczos iteration (Lanczos 1950) with full reorthogonalisation, in float64. */
import { tridiagonalEigen, type TridiagonalEigen } from "./spectra.js";
import { addScaled, dot, norm, randomSigns, type ByProducts } from "./products.js";

/** A symmetric matrix in the space that so many steps have explored. */
export interface Lanczos {
  /** Orthonormal vectors, one a step. */
  readonly basis: readonly Float64Array[];
  /** Eigenvalues and eigenvectors of the tridiagonal matrix in this basis: the Ritz values and vectors. */
  readonly ritz: TridiagonalEigen;
  /** How far each Ritz pair is from an eigenpair: ‖A y − θ y‖, were every product exact. */
  readonly bounds: readonly number[];
}

/** Steps after which Ritz pairs are looked at. */
const between = 5;

/** A vector so much shorter than the matrix is large holds nothing but rounding errors. */
const nothing = 1e-12;

/**
 * Runs `steps` steps from a vector of length 1, fewer where `isEnough` says so or the whole space is explored. A start that
 * lies in fewer directions than it is asked for goes on with a random one, drawn from `seed`.
 *
 * @source Golub & Van Loan, "Matrix Computations", 4th edition, §10.1 and §10.3.
 */
export function* lanczos(
  start: Float64Array,
  steps: number,
  seed: number,
  isEnough: (ritz: TridiagonalEigen, bounds: readonly number[]) => boolean = () => false,
): ByProducts<Lanczos> {
  const most = Math.min(steps, start.length);
  const basis: Float64Array[] = [];
  const diagonal: number[] = [];
  const beside: number[] = [];
  let scale = 0;
  let next: Float64Array = start;
  for (;;) {
    basis.push(next);
    const product: Float64Array = yield next;
    scale = Math.max(scale, norm(product));
    const rest = Float64Array.from(product);
    diagonal.push(dot(next, rest));
    // Twice is enough (Giraud et al., "The loss of orthogonality in the Gram-Schmidt process", 2005).
    removeAll(rest, basis);
    removeAll(rest, basis);
    const length = norm(rest);
    const isLast = basis.length === most;
    if (isLast || basis.length % between === 0) {
      const ritz = tridiagonalEigen(diagonal, beside);
      const bounds = ritz.vectors.map((vector) => Math.abs(length * (vector.at(-1) ?? 0)));
      if (isLast || isEnough(ritz, bounds)) return { basis, ritz, bounds };
    }
    if (length > nothing * scale) {
      beside.push(length);
      next = rest.map((value) => value / length);
    } else {
      beside.push(0);
      next = anotherDirection(basis, seed);
    }
  }
}

/** Takes away what a vector has along each of these directions. */
function removeAll(vector: Float64Array, basis: readonly Float64Array[]): void {
  for (const direction of basis) addScaled(vector, -dot(direction, vector), direction);
}

/** A direction that is orthogonal to all that are there, which do not span the whole space. */
function anotherDirection(basis: readonly Float64Array[], seed: number): Float64Array {
  for (let trial = 0; ; trial++) {
    const vector = randomSigns(basis[0]?.length ?? 0, seed, -2 - basis.length - trial);
    removeAll(vector, basis);
    removeAll(vector, basis);
    const length = norm(vector);
    if (length > 1e-6) return vector.map((value) => value / length);
  }
}

/** The vector with these coordinates in a basis. */
export function combined(basis: readonly Float64Array[], coordinates: readonly number[]): Float64Array {
  const sum = new Float64Array(basis[0]?.length ?? 0);
  coordinates.forEach((coordinate, i) => {
    const direction = basis[i];
    if (direction !== undefined) addScaled(sum, coordinate, direction);
  });
  return sum;
}
