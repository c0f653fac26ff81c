/** Small arrays of numbers with a shape, and what moves their entries. */

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
  /** Whether these are integers, which divide without a rest. */
  readonly whole?: boolean;
}

/** How many entries a shape has. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** The shape that shapes are broadcast to; null where they do not fit. */
export function broadcastShapes(shapes: readonly (readonly number[])[]): readonly number[] | null {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result: number[] = Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (const [i, size] of shape.entries()) {
      const axis = rank - shape.length + i;
      if (size === 1) continue;
      if (result[axis] !== 1 && result[axis] !== size) return null;
      result[axis] = size;
    }
  }
  return result;
}

/** Steps from an entry to the next one along each axis. */
export function stridesOf(shape: readonly number[]): readonly number[] {
  const strides = Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  return strides;
}

/** For each entry of `shape`, in order: the sum over axes of place times `strides`, from `start` on. */
export function stridedIndices(shape: readonly number[], strides: readonly number[], start = 0): Int32Array {
  const indices = new Int32Array(sizeOf(shape));
  const place = Array<number>(shape.length).fill(0);
  let at = start;
  for (let i = 0; i < indices.length; i++) {
    indices[i] = at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place[axis] = (place[axis] ?? 0) + 1;
      at += strides[axis] ?? 0;
      if ((place[axis] ?? 0) < (shape[axis] ?? 0)) break;
      at -= (strides[axis] ?? 0) * (shape[axis] ?? 0);
      place[axis] = 0;
    }
  }
  return indices;
}

/** For each entry of `to`: which entry of a tensor of shape `from` is broadcast there. */
export function broadcastIndices(from: readonly number[], to: readonly number[]): Int32Array {
  const strides = stridesOf(from);
  const own = to.map((_, axis) => {
    const inner = axis - (to.length - from.length);
    return inner < 0 || from[inner] === 1 ? 0 : (strides[inner] ?? 0);
  });
  return stridedIndices(to, own);
}

/** Entries `indices` of a list. */
export function pick(data: ArrayLike<number>, indices: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: indices.length }, (_, i) => data[indices[i] ?? 0] ?? NaN);
}
