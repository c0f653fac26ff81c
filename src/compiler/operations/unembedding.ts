/** What leads from the residual stream to logits: the unembedding of vectors, and the directions of tokens in it. */
import { int } from "../onnx/attributes.js";
import { extentSize, typeText, type TensorType } from "../ir/tensor-type.js";
import { permute } from "./broadcast.js";
import {
  addOwnFault,
  addOwnReferenceFault,
  expandFault,
  mergeFaults,
  reduceFault,
  reduceReferenceFault,
} from "./faults.js";
import { integers } from "../onnx/lists.js";
import { cast, dimensions, joinLists, reshape, slice } from "./lowering.js";
import type { Lowered, LoweringContext, Operation, ReferenceTensor, TypeFault } from "./operation.js";
import { elementCount, offsetsIn, sizeOf, stridesIn } from "./reference-tensor.js";
import { findAxis, layoutPosition, missingAxisFault, numberFault, typeFault, unitFault, inOrder } from "./typing.js";

/** The axes of W_U that an unembedding consumes and makes. */
const [from, to] = ["d_model", "vocab"] as const;

/** The fault of a second input that is not a matrix of numbers over d_model and vocab. */
function matrixFault(operation: string, matrix: TensorType): TypeFault | null {
  const known = (name: string): boolean => findAxis(matrix, name)?.extent.kind === "fixed";
  const fits = matrix.axes.length === 2 && known(from) && known(to);
  return fits
    ? numberFault(operation, [matrix])
    : typeFault(`${operation}: the second value is no unembedding`, "[d_model, vocab]", typeText(matrix));
}

/** The largest fault of a matrix for each row, raised to the rank of a result with that many axes; null without faults. */
function wholeFault(context: LoweringContext, matrix: Lowered, axes: number): string | null {
  if (matrix.fault === null) return null;
  const { builder } = context;
  const perRow = reduceFault(context, matrix.fault, matrix.value, [1, 2]);
  return reshape(builder, perRow, integers(builder, -1, ...Array.from({ length: axes }, () => 1)));
}

/** {@link wholeFault} for references, merged with the faults of every place. */
function withWholeFault(fault: Int32Array | null, matrix: ReferenceTensor, count: number): Int32Array | null {
  if (matrix.fault === null) return fault;
  const whole = matrix.fault.reduce((largest, one) => Math.max(largest, one), 0);
  return Int32Array.from({ length: count }, (_, place) => Math.max(whole, fault?.[place] ?? 0));
}

const project: Operation = {
  name: "project",
  documentation:
    "Σ x[…, d_model] · W[d_model, vocab] over d_model: vectors of the residual stream, normed already, as logits. A matrix product in float32, row by row, as the model's own unembedding is.",
  source: "Elhage et al., A mathematical framework for transformer circuits, 2021",
  arity: 2,
  attributes: {},
  written: {
    form: null,
    call: null,
    operator: null,
    spelling: "`unembed`",
    text: ({ plain }) => `unembed(${plain(0)})`,
  },
  failure: null,
  range: { kind: "growing", alone: true },
  decides: false,
  gradient: null,
  type: ([input, matrix]): TensorType | TypeFault => {
    if (input === undefined || matrix === undefined) throw new RangeError("project: two inputs are needed");
    const fault =
      numberFault("project", [input, matrix]) ??
      unitFault("project", [input, matrix], "divide by a value in that unit first") ??
      matrixFault("project", matrix);
    if (fault !== null) return fault;
    const vocab = findAxis(matrix, to);
    if (findAxis(input, from) === null) return missingAxisFault("project", from, input);
    if (vocab === null || findAxis(input, to) !== null) {
      return typeFault("project: there is an axis vocab already", "vectors of d_model", typeText(input));
    }
    return { axes: [...input.axes.filter((axis) => axis.name !== from), vocab], unit: "none", element: "real" };
  },
  lower: (context, [input, matrix], _attributes, type) => {
    if (input === undefined || matrix === undefined) throw new RangeError("project: two inputs are needed");
    const { builder } = context;
    const consumed = input.type.axes.filter((axis) => axis.name === from);
    const kept = input.type.axes.filter((axis) => axis.name !== from);
    const vectors = permute(builder, input.value, input.type.axes, [...kept, ...consumed]);
    const weights = permute(builder, matrix.value, matrix.type.axes, inOrder(matrix.type.axes, [from, to]));
    const flat = kept.length === 0 ? builder.node("Unsqueeze", [vectors, integers(builder, 1)]) : vectors;
    const extra = Math.max(0, kept.length - 1);
    // One vector more, of zeros: onnxruntime multiplies a matrix of a single row in another order, and then the last bit
    // of a single vector would depend on whether it is alone in its batch.
    const rank = extra + 3;
    const pads = Array.from({ length: 2 * rank }, (_, i) => (i === 2 * rank - 2 ? 1 : 0));
    const companied = builder.node("Pad", [flat, integers(builder, ...pads)]);
    const raised =
      extra === 0
        ? weights
        : builder.node("Unsqueeze", [weights, integers(builder, ...Array.from({ length: extra }, (_, i) => i + 1))]);
    const products = slice(builder, builder.node("MatMul", [companied, raised]), extra + 1, 0, -1);
    const value = kept.length === 0 ? builder.node("Squeeze", [products, integers(builder, 1)]) : products;
    const ofMatrix = wholeFault(context, matrix, type.axes.length);
    if (input.fault === null) return { value, fault: ofMatrix, type };
    const position = layoutPosition(input.type, from);
    const perVector = reduceFault(context, input.fault, input.value, [position]);
    const ofVectors = builder.node("Unsqueeze", [perVector, integers(builder, kept.length + 1)]);
    return { value, fault: mergeFaults(context, [ofVectors, ofMatrix]), type };
  },
  reference: ([input, matrix]) => {
    if (input === undefined || matrix === undefined) throw new RangeError("project: two inputs are needed");
    const size = sizeOf(matrix.axes, to);
    const kept = input.axes.filter((axis) => axis.name !== from);
    const axes = [...kept, { name: to, size }];
    const vectors = offsetsIn(input.axes, kept);
    const [down = 0, right = 0] = stridesIn(
      [
        { name: from, size: sizeOf(matrix.axes, from) },
        { name: to, size },
      ],
      matrix.axes,
    );
    const along = stridesIn([{ name: from, size: 0 }], input.axes)[0] ?? 0;
    const data = new Float64Array(elementCount(axes));
    vectors.forEach((vector, place) => {
      const component = Math.floor(place / along) % sizeOf(input.axes, from);
      for (let token = 0; token < size; token++) {
        const at = vector * size + token;
        const weight = matrix.data[component * down + token * right] ?? NaN;
        data[at] = (data[at] ?? 0) + (input.data[place] ?? NaN) * weight;
      }
    });
    const perVector = reduceReferenceFault(input.fault, vectors, elementCount(kept));
    const fault = perVector === null ? null : Int32Array.from(data, (_, i) => perVector[Math.floor(i / size)] ?? 0);
    return { axes, data, fault: withWholeFault(fault, matrix, data.length) };
  },
};

const unembedding: Operation = {
  name: "unembedding",
  documentation:
    "W[:, token]: the vector of the residual stream that raises the logit of a token most, its column of the unembedding. NaN with a reason where there is no such token.",
  source: "Elhage et al., A mathematical framework for transformer circuits, 2021",
  arity: 2,
  attributes: {},
  written: {
    form: "unembedding(token)",
    call: { kind: "token" },
    operator: null,
    text: ({ plain }) => `unembedding(${plain(1)})`,
  },
  failure: {
    reason: "there is no such token",
    written: ([token = ""]) => `the vocabulary has no token ${token}`,
  },
  range: { kind: "view" },
  decides: false,
  gradient: null,
  type: ([matrix, token]): TensorType | TypeFault => {
    if (matrix === undefined || token === undefined) throw new RangeError("unembedding: two inputs are needed");
    const fault = matrixFault("unembedding", matrix);
    if (fault !== null) return fault;
    if (token.unit !== "token" || token.element !== "real") {
      return typeFault("unembedding: that is no token", "a token such as answer", typeText(token));
    }
    const width = findAxis(matrix, from);
    if (width === null || findAxis(token, from) !== null) return missingAxisFault("unembedding", from, matrix);
    return { axes: [...token.axes, width], unit: "none", element: "real" };
  },
  lower: (context, [matrix, token], _attributes, type) => {
    if (matrix === undefined || token === undefined) throw new RangeError("unembedding: two inputs are needed");
    const { builder } = context;
    const vocab = findAxis(matrix.type, to);
    const none = builder.constant("float32", [1], [0]);
    const count = builder.constant("float32", [1], [vocab === null ? 0 : extentSize(vocab.extent, 0)]);
    const listed = builder.node("And", [
      builder.node("GreaterOrEqual", [token.value, none]),
      builder.node("Less", [token.value, count]),
    ]);
    const whole = builder.node("Equal", [builder.node("Floor", [token.value]), token.value]);
    const within = builder.node("And", [listed, whole]);
    const id = cast(builder, builder.node("Where", [within, token.value, none]), "int64");
    const table = permute(builder, matrix.value, matrix.type.axes, inOrder(matrix.type.axes, [to, from]));
    // The table as a list of columns. A parameter has one row for all; otherwise each row has vocab columns of its own.
    const own = builder.node("Min", [
      builder.node("Sub", [dimensions(builder, table, 0, 1), integers(builder, 1)]),
      integers(builder, 1),
    ]);
    const rows = builder.node("Range", [
      builder.constant("int64", [], [0]),
      builder.node("Squeeze", [dimensions(builder, id, 0, 1)]),
      builder.constant("int64", [], [1]),
    ]);
    const stride = builder.node("Mul", [own, dimensions(builder, table, 1, 2)]);
    const raise = integers(builder, -1, ...token.type.axes.map(() => 1));
    const offset = reshape(builder, builder.node("Mul", [rows, stride]), raise);
    const list = reshape(builder, table, joinLists(builder, integers(builder, -1), dimensions(builder, table, 2)));
    const value = builder.node("Gather", [list, builder.node("Add", [id, offset])], { axis: int(0) });
    const raised = (name: string): string =>
      builder.node("Unsqueeze", [name, integers(builder, token.type.axes.length + 1)]);
    const before = mergeFaults(context, [
      token.fault === null ? null : raised(expandFault(context.builder, token.fault, token.value)),
      wholeFault(context, matrix, type.axes.length),
    ]);
    return { value, fault: addOwnFault(context, before, raised(builder.node("Not", [within]))), type };
  },
  reference: ([matrix, token], _attributes, reason) => {
    if (matrix === undefined || token === undefined) throw new RangeError("unembedding: two inputs are needed");
    const width = sizeOf(matrix.axes, from);
    const size = sizeOf(matrix.axes, to);
    const axes = [...token.axes, { name: from, size: width }];
    const [down = 0, right = 0] = stridesIn(
      [
        { name: from, size: width },
        { name: to, size },
      ],
      matrix.axes,
    );
    const exists = (id: number): boolean => id >= 0 && id < size && Number.isInteger(id);
    const idAt = (place: number): number => token.data[Math.floor(place / width)] ?? NaN;
    const data = Float64Array.from({ length: elementCount(axes) }, (_, place) => {
      const id = idAt(place);
      return matrix.data[(place % width) * down + (exists(id) ? id : 0) * right] ?? NaN;
    });
    const carried =
      token.fault === null ? null : Int32Array.from(data, (_, place) => token.fault?.[Math.floor(place / width)] ?? 0);
    const before = withWholeFault(carried, matrix, data.length);
    return { axes, data, fault: addOwnReferenceFault(axes, before, reason, (place) => !exists(idAt(place))) };
  },
};

/** The operations that use the unembedding. */
export const unembeddings: readonly Operation[] = [project, unembedding];
