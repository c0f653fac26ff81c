/** What a probe sees of its observations: standardised features, without directions in which no training text lies. */

/** Row by row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** The observations of one fold, and all others, by the features that a probe is trained on. */
export interface SplitFeatures {
  readonly train: Matrix;
  readonly test: Matrix;
}

export function matrixOf(rows: readonly (readonly number[] | Float64Array)[]): Matrix {
  const columns = rows[0]?.length ?? 0;
  const data = new Float64Array(rows.length * columns);
  rows.forEach((row, i) => {
    data.set(row, i * columns);
  });
  return { rows: rows.length, columns, data };
}

/**
 * Features with mean 0 and standard deviation 1 (with n) among the training texts, as scikit-learn's `StandardScaler`; one
 * that is constant there becomes 0. Where there are more features than training texts, they are replaced by coordinates in
 * the space that the training texts span: weights with the least penalty lie in it, so that predictions are the same.
 */
export function splitFeatures(train: readonly Float64Array[], test: readonly Float64Array[]): SplitFeatures {
  const scale = standardiser(train);
  const [known, asked] = [train.map(scale), test.map(scale)];
  if ((known[0]?.length ?? 0) <= known.length) return { train: matrixOf(known), test: matrixOf(asked) };
  const basis = orthonormalBasis(known);
  const inBasis = (row: Float64Array): Float64Array => Float64Array.from(basis, (direction) => dot(row, direction));
  return { train: matrixOf(known.map(inBasis)), test: matrixOf(asked.map(inBasis)) };
}

function standardiser(rows: readonly Float64Array[]): (row: Float64Array) => Float64Array {
  const features = rows[0]?.length ?? 0;
  const centres = new Float64Array(features);
  const widths = new Float64Array(features);
  for (const row of rows) row.forEach((value, f) => (centres[f] = (centres[f] ?? 0) + value / rows.length));
  for (const row of rows) {
    row.forEach((value, f) => (widths[f] = (widths[f] ?? 0) + (value - (centres[f] ?? 0)) ** 2 / rows.length));
  }
  // What rounding leaves of a constant is no spread: scikit-learn has the same bound.
  const isConstant = widths.map((square, f) => {
    const noise = 10 * Number.EPSILON;
    return square <= rows.length * noise * square + (rows.length * (centres[f] ?? 0) * noise) ** 2 ? 1 : 0;
  });
  return (row) =>
    row.map((value, f) => (isConstant[f] === 1 ? 0 : (value - (centres[f] ?? 0)) / Math.sqrt(widths[f] ?? 1)));
}

/** Orthonormal directions that span the rows, by Gram and Schmidt's method, done twice so that rounding leaves no angle. */
function orthonormalBasis(rows: readonly Float64Array[]): readonly Float64Array[] {
  const basis: Float64Array[] = [];
  for (const row of rows) {
    const rest = row.slice();
    for (let pass = 0; pass < 2; pass++) {
      for (const direction of basis) {
        const along = dot(rest, direction);
        for (let f = 0; f < rest.length; f++) rest[f] = (rest[f] ?? 0) - along * (direction[f] ?? 0);
      }
    }
    const length = Math.sqrt(dot(rest, rest));
    if (length > 1e-10 * Math.sqrt(dot(row, row))) basis.push(rest.map((value) => value / length));
  }
  return basis;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
