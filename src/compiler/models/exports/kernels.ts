/**
 * What operators compute, on small arrays and in float64: for masks, positions and angles, which are known before any token
 * is, and for the parts of a graph whose meaning is found by trying them out.
 */
import { dimensionOf } from "../../onnx/attributes.js";
import { normalBelow } from "../../statistics/distributions.js";
import { floatOf, intOf, intsOf, stringOf } from "./attributes.js";
import type { ExportedNode } from "../../onnx/exported-graph.js";
import { broadcastIndices, broadcastShapes, pick, sizeOf, stridesOf, type Tensor } from "./tensors.js";

/** The outputs of a node; null where its inputs do not fit. An input that is absent is undefined. */
export type Kernel = (node: ExportedNode, inputs: readonly (Tensor | undefined)[]) => readonly Tensor[] | null;

/** The kernel of a node's operator; undefined where there is none. */
export function kernelOf({ op, domain }: ExportedNode): Kernel | undefined {
  return domain === "" || domain === "com.microsoft" ? kernels.get(op) : undefined;
}

/** Operators that compute each entry of their result from the entries at its place. */
export function isElementwise({ op }: ExportedNode): boolean {
  return elementwise.has(op);
}

/** Operators that compute along the last axis what norms are made of. */
export function isOfRows({ op }: ExportedNode): boolean {
  return op === "ReduceMean" || op === "ReduceSum" || op === "ReduceSumSquare" || op === "ReduceL2" || isFusedNorm(op);
}

function isFusedNorm(op: string): boolean {
  return op === "LayerNormalization" || op === "SimplifiedLayerNormalization" || op === "RMSNormalization";
}

function each(f: (...values: number[]) => number): Kernel {
  return (_, inputs) => {
    const given = inputs.filter((input) => input !== undefined);
    const shape = broadcastShapes(given.map((input) => input.shape));
    if (shape === null) return null;
    const lists = given.map((input) => pick(input.data, broadcastIndices(input.shape, shape)));
    const data = Float64Array.from({ length: sizeOf(shape) }, (_, i) => f(...lists.map((list) => list[i] ?? NaN)));
    return [{ shape, data }];
  };
}

/** A function that the node's attributes decide. */
function eachBy(choose: (node: ExportedNode) => (...values: number[]) => number): Kernel {
  return (node, inputs) => each(choose(node))(node, inputs);
}

const truth = (value: boolean): number => (value ? 1 : 0);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const gelu = (x: number): number => x * normalBelow(x);
const geluTanh = (x: number): number => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2;

const elementwise: ReadonlyMap<string, Kernel> = new Map<string, Kernel>([
  ["Add", each((a = 0, b = 0) => a + b)],
  ["Sub", each((a = 0, b = 0) => a - b)],
  ["Mul", each((a = 0, b = 0) => a * b)],
  ["Div", divide],
  ["Pow", each((a = 0, b = 0) => a ** b)],
  [
    "Mod",
    eachBy(
      (node) =>
        (a = 0, b = 1) =>
          intOf(node, "fmod", 0) === 1 ? a % b : a - b * Math.floor(a / b),
    ),
  ],
  ["Min", each((...values) => Math.min(...values))],
  ["Max", each((...values) => Math.max(...values))],
  ["Sum", each((...values) => values.reduce((sum, value) => sum + value, 0))],
  ["Equal", each((a, b) => truth(a === b))],
  ["Greater", each((a = 0, b = 0) => truth(a > b))],
  ["GreaterOrEqual", each((a = 0, b = 0) => truth(a >= b))],
  ["Less", each((a = 0, b = 0) => truth(a < b))],
  ["LessOrEqual", each((a = 0, b = 0) => truth(a <= b))],
  ["And", each((a, b) => truth(a !== 0 && b !== 0))],
  ["Or", each((a, b) => truth(a !== 0 || b !== 0))],
  ["Xor", each((a, b) => truth((a !== 0) !== (b !== 0)))],
  ["Not", each((a) => truth(a === 0))],
  ["Where", each((c, a = 0, b = 0) => (c !== 0 ? a : b))],
  ["IsNaN", each((a) => truth(Number.isNaN(a)))],
  ["IsInf", each((a = 0) => truth(Math.abs(a) === Infinity))],
  ["Neg", each((a = 0) => -a)],
  ["Abs", each((a = 0) => Math.abs(a))],
  ["Sign", each((a = 0) => Math.sign(a))],
  ["Sqrt", each((a = 0) => Math.sqrt(a))],
  ["Reciprocal", each((a = 1) => 1 / a)],
  ["Exp", each((a = 0) => Math.exp(a))],
  ["Log", each((a = 0) => Math.log(a))],
  ["Cos", each((a = 0) => Math.cos(a))],
  ["Sin", each((a = 0) => Math.sin(a))],
  ["Floor", each((a = 0) => Math.floor(a))],
  ["Ceil", each((a = 0) => Math.ceil(a))],
  ["Round", each((a = 0) => (Math.abs(a % 1) === 0.5 ? 2 * Math.round(a / 2) : Math.round(a)))],
  ["Tanh", each((a = 0) => Math.tanh(a))],
  ["Erf", each((a = 0) => 2 * normalBelow(a * Math.SQRT2) - 1)],
  ["Sigmoid", each((a = 0) => sigmoid(a))],
  ["Softplus", each((a = 0) => Math.log1p(Math.exp(a)))],
  ["Relu", each((a = 0) => Math.max(0, a))],
  ["Clip", each((a = 0, least = -Infinity, most = Infinity) => Math.min(most, Math.max(least, a)))],
  [
    "Gelu",
    eachBy(
      (node) =>
        (a = 0) =>
          stringOf(node, "approximate", "none") === "tanh" ? geluTanh(a) : gelu(a),
    ),
  ],
  ["FastGelu", each((a = 0, bias = 0) => geluTanh(a + bias))],
  ["BiasGelu", each((a = 0, bias = 0) => gelu(a + bias))],
  [
    "QuickGelu",
    eachBy(
      (node) =>
        (a = 0) =>
          a * sigmoid(floatOf(node, "alpha", 1.702) * a),
    ),
  ],
  [
    "Swish",
    eachBy(
      (node) =>
        (a = 0) =>
          a * sigmoid(floatOf(node, "alpha", 1) * a),
    ),
  ],
  ["Identity", each((a = 0) => a)],
  ["Cast", castTo],
  ["CastLike", (_, [a]) => (a === undefined ? null : [a])],
  ["Dropout", (_, [a]) => (a === undefined ? null : [a])],
]);

function divide(node: ExportedNode, inputs: readonly (Tensor | undefined)[]): readonly Tensor[] | null {
  const isWhole = inputs.every((input) => input?.whole === true);
  return each((a = 0, b = 0) => (isWhole ? Math.trunc(a / b) : a / b))(node, inputs);
}

/** Integers and truths lose what they cannot hold; floats stay as they are. */
function castTo(node: ExportedNode, [a]: readonly (Tensor | undefined)[]): readonly Tensor[] | null {
  if (a === undefined) return null;
  const to = intOf(node, "to", 1);
  const convert = to === 9 ? (x: number) => truth(x !== 0) : to >= 2 && to <= 7 ? Math.trunc : (x: number) => x;
  return [{ shape: a.shape, data: Float64Array.from(a.data, convert) }];
}

function axesOf(node: ExportedNode, axes: Tensor | undefined, rank: number): readonly number[] {
  const stated = axes === undefined ? intsOf(node, "axes") : Array.from(axes.data);
  if (stated !== null && stated.length > 0) return stated.map((axis) => dimensionOf(axis, rank));
  return intOf(node, "noop_with_empty_axes", 0) === 1 ? [] : Array.from({ length: rank }, (_, axis) => axis);
}

/** The shape of a reduction. */
export function reducedShape(
  node: ExportedNode,
  shape: readonly number[],
  axesInput: Tensor | undefined,
): readonly number[] {
  const axes = axesOf(node, axesInput, shape.length);
  if (intOf(node, "keepdims", 1) === 1) return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return shape.filter((_, axis) => !axes.includes(axis));
}

function reduction(
  start: number,
  join: (total: number, value: number) => number,
  end: (total: number, count: number) => number = (total) => total,
): Kernel {
  return (node, [a, axes]) => {
    if (a === undefined) return null;
    const reduced = axesOf(node, axes, a.shape.length);
    const kept = a.shape.map((size, axis) => (reduced.includes(axis) ? 1 : size));
    const totals = new Float64Array(sizeOf(kept)).fill(start);
    const places = broadcastIndices(kept, a.shape);
    for (let i = 0; i < places.length; i++) {
      const at = places[i] ?? 0;
      totals[at] = join(totals[at] ?? 0, a.data[i] ?? NaN);
    }
    const count = sizeOf(a.shape) / Math.max(1, totals.length);
    return [{ shape: reducedShape(node, a.shape, axes), data: totals.map((total) => end(total, count)) }];
  };
}

/** A norm over the last axis, in one operator. */
function fusedNorm(centred: boolean): Kernel {
  return (node, [x, weight, bias]) => {
    if (x === undefined) return null;
    const width = x.shape.at(-1) ?? 1;
    const epsilon = floatOf(node, "epsilon", 1e-5);
    const data = new Float64Array(x.data.length);
    for (let start = 0; start < data.length; start += width) {
      const row = Array.from({ length: width }, (_, i) => x.data[start + i] ?? NaN);
      const mean = centred ? row.reduce((sum, value) => sum + value, 0) / width : 0;
      const scale = Math.sqrt(row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width + epsilon);
      row.forEach((value, i) => {
        data[start + i] = ((value - mean) / scale) * (weight?.data[i] ?? 1) + (bias?.data[i] ?? 0);
      });
    }
    return [{ shape: x.shape, data }];
  };
}

const others: ReadonlyMap<string, Kernel> = new Map<string, Kernel>([
  ["Shape", shapeOf],
  ["Size", (_, [a]) => (a === undefined ? null : [{ shape: [], data: [sizeOf(a.shape)] }])],
  ["Range", range],
  ["ConstantOfShape", constantOfShape],
  ["CumSum", cumulativeSum],
  ["Trilu", trilu],
  ["MatMul", matMul],
  ["ScatterND", scatterNd],
  ["ReduceSum", reduction(0, (total, value) => total + value)],
  ["ReduceProd", reduction(1, (total, value) => total * value)],
  ["ReduceMax", reduction(-Infinity, Math.max)],
  ["ReduceMin", reduction(Infinity, Math.min)],
  ["ReduceSumSquare", reduction(0, (total, value) => total + value * value)],
  [
    "ReduceMean",
    reduction(
      0,
      (total, value) => total + value,
      (total, count) => total / count,
    ),
  ],
  ["ReduceL2", reduction(0, (total, value) => total + value * value, Math.sqrt)],
  ["LayerNormalization", fusedNorm(true)],
  ["SimplifiedLayerNormalization", fusedNorm(false)],
  ["RMSNormalization", fusedNorm(false)],
]);

const kernels: ReadonlyMap<string, Kernel> = new Map([...elementwise, ...others]);

function shapeOf(node: ExportedNode, [a]: readonly (Tensor | undefined)[]): readonly Tensor[] | null {
  if (a === undefined) return null;
  const place = (at: number): number => Math.min(a.shape.length, Math.max(0, at < 0 ? at + a.shape.length : at));
  const part = a.shape.slice(place(intOf(node, "start", 0)), place(intOf(node, "end", a.shape.length)));
  return [{ shape: [part.length], data: part }];
}

/** The longest list of positions that is written out. */
const longestRange = 1 << 22;

function range(_: ExportedNode, [start, limit, delta]: readonly (Tensor | undefined)[]): readonly Tensor[] | null {
  const [from = NaN, to = NaN, step = NaN] = [start?.data[0], limit?.data[0], delta?.data[0]];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= longestRange)) return null;
  return [{ shape: [length], data: Float64Array.from({ length }, (_, i) => from + i * step) }];
}

function constantOfShape(node: ExportedNode, [shape]: readonly (Tensor | undefined)[]): readonly Tensor[] | null {
  if (shape === undefined) return null;
  const sizes = Array.from(shape.data);
  if (!(sizeOf(sizes) <= longestRange)) return null;
  const value = node.attributes.get("value");
  const filled = value?.kind === "tensor" && value.value.data.kind === "values" ? (value.value.data.values[0] ?? 0) : 0;
  return [{ shape: sizes, data: new Float64Array(sizeOf(sizes)).fill(filled) }];
}

function cumulativeSum(node: ExportedNode, [a, axisOf]: readonly (Tensor | undefined)[]): readonly Tensor[] | null {
  if (a === undefined || axisOf === undefined) return null;
  if (intOf(node, "exclusive", 0) === 1 || intOf(node, "reverse", 0) === 1) return null;
  const axis = dimensionOf(axisOf.data[0] ?? 0, a.shape.length);
  const stride = stridesOf(a.shape)[axis] ?? 1;
  const data = Float64Array.from(a.data);
  for (let i = 0; i < data.length; i++) {
    if (Math.floor(i / stride) % (a.shape[axis] ?? 1) > 0) data[i] = (data[i] ?? 0) + (data[i - stride] ?? 0);
  }
  return [{ shape: a.shape, data }];
}

function trilu(node: ExportedNode, [a, shift]: readonly (Tensor | undefined)[]): readonly Tensor[] | null {
  if (a === undefined) return null;
  const k = shift?.data[0] ?? 0;
  const upper = intOf(node, "upper", 1) === 1;
  const [rows = 1, columns = 1] = a.shape.slice(-2);
  const keeps = (row: number, column: number): boolean => (upper ? column - row >= k : column - row <= k);
  const data = Float64Array.from(a.data, (value, i) =>
    keeps(Math.floor(i / columns) % rows, i % columns) ? value : 0,
  );
  return [{ shape: a.shape, data }];
}

function matMul(_: ExportedNode, [a, b]: readonly (Tensor | undefined)[]): readonly Tensor[] | null {
  if (a === undefined || b === undefined) return null;
  const shape = productShape(a.shape, b.shape);
  if (shape === null || sizeOf(shape) > longestRange || a.shape.length < 2 || b.shape.length < 2) return null;
  const [rows = 1, inner = 1] = a.shape.slice(-2);
  const columns = b.shape.at(-1) ?? 1;
  const batches = shape.slice(0, -2);
  const startsOf = ({ shape: own }: Tensor): Int32Array => broadcastIndices(own.slice(0, -2), batches);
  const [startsA, startsB] = [startsOf(a), startsOf(b)];
  const data = new Float64Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    const batch = Math.floor(i / (rows * columns));
    const row = Math.floor(i / columns) % rows;
    let total = 0;
    for (let j = 0; j < inner; j++) {
      const left = a.data[((startsA[batch] ?? 0) * rows + row) * inner + j] ?? NaN;
      total += left * (b.data[((startsB[batch] ?? 0) * inner + j) * columns + (i % columns)] ?? NaN);
    }
    data[i] = total;
  }
  return [{ shape, data }];
}

/** The shape of a product of matrices, of which there may be several; null where they do not fit. */
export function productShape(a: readonly number[], b: readonly number[]): readonly number[] | null {
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  if (left.at(-1) !== right.at(-2)) return null;
  const batches = broadcastShapes([left.slice(0, -2), right.slice(0, -2)]);
  if (batches === null) return null;
  const rows = a.length === 1 ? [] : [left.at(-2) ?? 1];
  return [...batches, ...rows, ...(b.length === 1 ? [] : [right.at(-1) ?? 1])];
}

function scatterNd(
  node: ExportedNode,
  [a, places, updates]: readonly (Tensor | undefined)[],
): readonly Tensor[] | null {
  if (a === undefined || places === undefined || updates === undefined) return null;
  if (stringOf(node, "reduction", "none") !== "none") return null;
  const depth = places.shape.at(-1) ?? 0;
  const strides = stridesOf(a.shape);
  const inner = sizeOf(a.shape.slice(depth));
  const data = Float64Array.from(a.data);
  for (let row = 0; row * depth < places.data.length; row++) {
    let at = 0;
    for (let axis = 0; axis < depth; axis++) {
      at += dimensionOf(places.data[row * depth + axis] ?? 0, a.shape[axis] ?? 0) * (strides[axis] ?? 0);
    }
    for (let i = 0; i < inner; i++) data[at + i] = updates.data[row * inner + i] ?? NaN;
  }
  return [{ shape: a.shape, data }];
}
