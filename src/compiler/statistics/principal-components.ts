/** Principal component analysis. */
import { Matrix, SVD } from "ml-matrix";
import { undecided, type Undecided } from "./outcome.js";
import { mean } from "./samples.js";

export interface PrincipalComponents {
  readonly kind: "components";
  /** Variance along each component, largest first, with n − 1. */
  readonly variances: readonly number[];
  /** The share of the total variance along each component. */
  readonly explained: readonly number[];
  /** The share of every component there is, of which the first are kept: what a scree plot shows. */
  readonly spectrum: readonly number[];
  /** [component][feature]: unit vectors. The entry of the largest size is above 0, which fixes the sign. */
  readonly loadings: readonly (readonly number[])[];
  /** [component][observation]: coordinates of the centred observations. */
  readonly scores: readonly (readonly number[])[];
}

/**
 * @param observations [observation][feature], all of one length.
 * @param count how many components at most.
 * @source scikit-learn, `PCA`: features are centred, not scaled.
 */
export function principalComponents(
  observations: readonly (readonly number[])[],
  count: number,
): PrincipalComponents | Undecided {
  const n = observations.length;
  if (n < 2)
    return undecided(`principal components need at least two observations, and there ${n === 1 ? "is 1" : `are ${n}`}`);
  const features = observations[0]?.length ?? 0;
  if (features === 0) return undecided("the observations have no features");
  if (observations.some((row) => row.some((value) => !Number.isFinite(value))))
    return undecided("a value is not finite");
  const centres = Array.from({ length: features }, (_, f) => mean(observations.map((row) => row[f] ?? 0)));
  const centred = observations.map((row) => row.map((value, f) => value - (centres[f] ?? 0)));
  const total = centred.reduce((sum, row) => sum + row.reduce((part, value) => part + value ** 2, 0), 0);
  if (total === 0) return undecided("all observations are equal");
  // The library wants at least as many rows as columns.
  const { rightSingularVectors: vectors, diagonal } = new SVD(new Matrix(centred), { autoTranspose: true });
  const kept = Math.min(count, n - 1, features);
  const loadings = Array.from({ length: kept }, (_, c) => withPositiveLargest(vectors.getColumn(c)));
  return {
    kind: "components",
    variances: diagonal.slice(0, kept).map((size) => size ** 2 / (n - 1)),
    explained: diagonal.slice(0, kept).map((size) => size ** 2 / total),
    spectrum: diagonal.slice(0, Math.min(n - 1, features)).map((size) => size ** 2 / total),
    loadings,
    scores: loadings.map((loading) =>
      centred.map((row) => row.reduce((sum, value, f) => sum + value * (loading[f] ?? 0), 0)),
    ),
  };
}

function withPositiveLargest(vector: readonly number[]): readonly number[] {
  const largest = vector.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  return largest < 0 ? vector.map((value) => -value) : vector;
}
