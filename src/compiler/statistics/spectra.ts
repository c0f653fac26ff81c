/** Singular values and eigenvalues of dense matrices in float64. */
import { EigenvalueDecomposition, Matrix, SVD } from "ml-matrix";

/** Row-major values of a matrix as the library takes it. */
function matrixOf(values: ArrayLike<number>, rows: number, columns: number): Matrix {
  return Matrix.from1DArray(rows, columns, Array.from(values));
}

/**
 * The singular values of a matrix, largest first: min(rows, columns) of them, none for a matrix without entries. All are NaN
 * where an entry is not finite.
 *
 * @param values row-major, rows × columns.
 * @source numpy.linalg.svd, compute_uv=False. The library's SVD is Golub and Reinsch's, as JAMA has it.
 */
export function singularValues(values: ArrayLike<number>, rows: number, columns: number): readonly number[] {
  const count = Math.min(rows, columns);
  if (count === 0) return [];
  if (Array.from(values).some((value) => !Number.isFinite(value))) return Array.from({ length: count }, () => NaN);
  const { diagonal } = new SVD(matrixOf(values, rows, columns), {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    // The library wants at least as many rows as columns.
    autoTranspose: true,
  });
  return diagonal.slice(0, count);
}

/**
 * The eigenvalues of a symmetric matrix, largest first; of a matrix that is symmetric up to rounding those of its symmetric
 * part (A + Aᵀ) / 2. All are NaN where an entry is not finite.
 *
 * @param values row-major, side × side.
 * @source numpy.linalg.eigvalsh, in the opposite order.
 */
export function symmetricEigenvalues(values: ArrayLike<number>, side: number): readonly number[] {
  if (side === 0) return [];
  if (Array.from(values).some((value) => !Number.isFinite(value))) return Array.from({ length: side }, () => NaN);
  const matrix = matrixOf(values, side, side);
  const symmetric = Matrix.add(matrix, matrix.transpose()).mul(0.5);
  const { realEigenvalues } = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
  return [...realEigenvalues].sort((a, b) => b - a);
}

/**
 * By how much a matrix differs from its transpose, as a share of its largest entry; 0 for a matrix of zeros.
 *
 * @param values row-major, side × side.
 */
export function asymmetry(values: ArrayLike<number>, side: number): number {
  let [most, largest] = [0, 0];
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) {
      const [own, other] = [values[i * side + j] ?? NaN, values[j * side + i] ?? NaN];
      most = Math.max(most, Math.abs(own - other));
      largest = Math.max(largest, Math.abs(own));
    }
  }
  return largest === 0 ? 0 : most / largest;
}

/** Eigenvalues of a symmetric tridiagonal matrix and, for each, its eigenvector of length 1. */
export interface TridiagonalEigen {
  readonly values: readonly number[];
  /** [eigenvalue][entry]. */
  readonly vectors: readonly (readonly number[])[];
}

/** The eigenpairs of the matrix with this diagonal and, one shorter at least, these entries on both sides of it; smallest first. */
export function tridiagonalEigen(diagonal: readonly number[], beside: readonly number[]): TridiagonalEigen {
  const side = diagonal.length;
  const matrix = Matrix.zeros(side, side);
  diagonal.forEach((value, i) => matrix.set(i, i, value));
  for (let i = 0; i + 1 < side; i++) {
    matrix.set(i, i + 1, beside[i] ?? 0);
    matrix.set(i + 1, i, beside[i] ?? 0);
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const order = realEigenvalues.map((_, i) => i).sort((a, b) => (realEigenvalues[a] ?? 0) - (realEigenvalues[b] ?? 0));
  return {
    values: order.map((i) => realEigenvalues[i] ?? NaN),
    vectors: order.map((i) => eigenvectorMatrix.getColumn(i)),
  };
}
