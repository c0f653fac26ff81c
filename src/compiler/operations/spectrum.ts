/**
 * Singular values and eigenvalues. ONNX cannot compute them: the graph yields the matrix, and they are computed from it in
 * float64 when results are read, with whatever is computed from them (`tail.ts`).
 */
import type { OperationAttributes } from "../ir/expression.js";
import { limitExtent } from "./typing.js";
import { sameExtent, typeText, type Axis, type Extent, type TensorType } from "../ir/tensor-type.js";
import { asymmetry, singularValues, symmetricEigenvalues } from "../statistics/spectra.js";
import { addOwnReferenceFault, reduceReferenceFault } from "./faults.js";
import { pairNames, squarePair } from "./linear-algebra.js";
import type { Lowered, Operation, ReferenceTensor, TypeFault } from "./operation.js";
import { elementCount, offsetsIn, sizeOf, type ReferenceAxes } from "./reference-tensor.js";
import { axisNames, consumedAxes, findAxis, numberFault, typeFault } from "./typing.js";

/** The axis of the result: components in the order of their sizes. */
const component = "component";

/** How far a matrix computed in float32 may be from symmetric. */
const symmetryTolerance = 1e-4;

/** The shorter of two lengths; null where that depends on the text in a way that no extent says. */
function shorterExtent(a: Extent, b: Extent): Extent | null {
  if (sameExtent(a, b)) return a;
  if (a.kind === "fixed") return limitExtent(b, a.size);
  if (b.kind === "fixed") return limitExtent(a, b.size);
  if (a.kind === "positions" && b.kind === "positions") return a.minus > b.minus ? a : b;
  return null;
}

function inGraph(name: string): Lowered {
  throw new RangeError(`${name} is computed outside of the graph`);
}

/** The result's axes: those that stay, and the components last. */
function withComponents(operation: string, input: TensorType, gone: readonly string[], extent: Extent) {
  const kept = input.axes.filter(({ name }) => !gone.includes(name));
  if (kept.some(({ name }) => name === component)) {
    const fault = `${operation} makes an axis ${component}, which the tensor has already`;
    return typeFault(fault, `no axis ${component}`, typeText(input), `rename it first: rename(x, ${component}: other)`);
  }
  const axes: readonly Axis[] = [...kept, { name: component, extent }];
  return { axes, unit: input.unit, element: input.element };
}

/** `of` for every matrix along two axes: the values of the others come one after the other. */
function eachMatrix(
  input: ReferenceTensor,
  [row, column]: readonly [string, string],
  count: number,
  of: (matrix: Float64Array, group: number) => readonly number[],
): { readonly axes: ReferenceAxes; readonly data: Float64Array; readonly fault: Int32Array | null } {
  const kept = input.axes.filter(({ name }) => name !== row && name !== column);
  const sides = [row, column].map((name) => ({ name, size: sizeOf(input.axes, name) }));
  const offsets = offsetsIn([...kept, ...sides], input.axes);
  const size = elementCount(sides);
  const groups = elementCount(kept);
  const axes = [...kept, { name: component, size: count }];
  const data = new Float64Array(groups * count);
  for (let group = 0; group < groups; group++) {
    const places = offsets.subarray(group * size, (group + 1) * size);
    data.set(
      of(
        Float64Array.from(places, (place) => input.data[place] ?? Number.NaN),
        group,
      ),
      group * count,
    );
  }
  const merged = reduceReferenceFault(input.fault, offsetsIn(input.axes, kept), groups);
  const fault = merged === null ? null : Int32Array.from(data, (_, place) => merged[Math.floor(place / count)] ?? 0);
  return { axes, data, fault };
}

/** The two axes that `over` names, or a tensor's only two. */
function twoAxes(input: TensorType, attributes: OperationAttributes): readonly [Axis, Axis] | TypeFault {
  const names = consumedAxes("singular_values", input, attributes);
  if ("fault" in names) return names;
  const [row, column, ...more] = names.map((name) => findAxis(input, name));
  if (row == null || column == null || more.length > 0) {
    const hint = "name the rows and the columns: singular_values(resid_post[L3] over pos, d_model)";
    return typeFault("singular_values needs the two axes of a matrix", "two axes after over", axisNames(input), hint);
  }
  return [row, column];
}

const singular: Operation = {
  name: "singular_values",
  documentation:
    "The singular values of the matrix along two axes, largest first, as the axis component: as many as the shorter axis has entries. Computed outside of the graph, in float64.",
  source: "numpy.linalg.svd",
  arity: 1,
  attributes: { over: "axes" },
  written: { form: "singular_values(x over row, column)", call: { kind: "over" }, operator: null },
  failure: null,
  range: { kind: "growing" },
  outside: true,
  decides: false,
  gradient: "it is computed outside of the graph",
  type: ([input], attributes): TensorType | TypeFault => {
    if (input === undefined) throw new RangeError("singular_values: one input is needed");
    const wrong = numberFault("singular_values", [input]);
    if (wrong !== null) return wrong;
    const sides = twoAxes(input, attributes);
    if ("fault" in sides) return sides;
    const [row, column] = sides;
    const extent = shorterExtent(row.extent, column.extent);
    if (extent === null) {
      return typeFault("singular_values: no length is the shorter one in every text", "lengths to compare", typeText(input)); // prettier-ignore
    }
    return withComponents("singular_values", input, [row.name, column.name], extent);
  },
  lower: () => inGraph("singular_values"),
  reference: ([input], attributes) => {
    if (input === undefined) throw new RangeError("singular_values: one input is needed");
    const over = attributes["over"];
    const named = Array.isArray(over) && over.length > 0 ? (over as readonly string[]) : input.axes.map((a) => a.name);
    const [row = "", column = ""] = named;
    const [rows, columns] = [sizeOf(input.axes, row), sizeOf(input.axes, column)];
    const values = (matrix: Float64Array): readonly number[] => singularValues(matrix, rows, columns);
    return eachMatrix(input, [row, column], Math.min(rows, columns), values);
  },
};

const eigenvalues: Operation = {
  name: "eigenvalues",
  documentation:
    "The eigenvalues of a symmetric matrix, largest first, as the axis component: along the pair that gram made (row, row'), else along the tensor's only two axes. NaN with a reason for a matrix that is not symmetric. Computed outside of the graph, in float64.",
  source: "numpy.linalg.eigvalsh",
  arity: 1,
  attributes: {},
  written: { form: "eigenvalues(x)", call: { kind: "tensors" }, operator: null },
  failure: {
    reason: "eigenvalues are of a symmetric matrix",
    written: ([x = ""]) => `eigenvalues are of a symmetric matrix, and ${x} is not symmetric`,
  },
  range: { kind: "growing" },
  outside: true,
  decides: false,
  gradient: "it is computed outside of the graph",
  type: ([input]): TensorType | TypeFault => {
    if (input === undefined) throw new RangeError("eigenvalues: one input is needed");
    const wrong = numberFault("eigenvalues", [input]);
    if (wrong !== null) return wrong;
    const names = pairNames(
      input.axes.map(({ name }) => name),
      {},
    );
    if (names === null) {
      const hint =
        "take those of a Gram matrix, eigenvalues(gram(x over pos)), or singular_values(x over pos, d_model)";
      return typeFault("eigenvalues needs two axes of equal length", "a square matrix", axisNames(input), hint);
    }
    const pair = squarePair("eigenvalues", input, ...names);
    const hint = "take those of a Gram matrix, eigenvalues(gram(x over pos)), or singular_values(x over pos, d_model)";
    if ("fault" in pair) return { ...pair, hint };
    const extent = findAxis(input, names[0])?.extent ?? { kind: "fixed", size: 0 };
    return withComponents("eigenvalues", input, names, extent);
  },
  lower: () => inGraph("eigenvalues"),
  reference: ([input], _attributes, reason) => {
    if (input === undefined) throw new RangeError("eigenvalues: one input is needed");
    const pair = pairNames(
      input.axes.map(({ name }) => name),
      {},
    );
    if (pair === null) throw new RangeError("eigenvalues: the tensor has no pair of axes");
    const side = sizeOf(input.axes, pair[0]);
    const skew = new Set<number>();
    const made = eachMatrix(input, pair, side, (matrix, group) => {
      if (asymmetry(matrix, side) > symmetryTolerance) skew.add(group);
      return symmetricEigenvalues(matrix, side);
    });
    const fails = (place: number): boolean => skew.has(Math.floor(place / side));
    return { ...made, fault: addOwnReferenceFault(made.axes, made.fault, reason, fails) };
  },
};

/** The operations on whole matrices that are computed outside of the graph. */
export const spectra: readonly Operation[] = [singular, eigenvalues];
