/** Runs operations and measures in onnxruntime and compares them with the float64 reference. */
import assert from "node:assert/strict";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { extentSize, type Axis, type Extent, type TensorType, type Unit } from "../../src/compiler/ir/tensor-type.js";
import type { GraphBuilder } from "../../src/compiler/onnx/builder.js";
import { encodeModel } from "../../src/compiler/onnx/encode.js";
import type { Graph } from "../../src/compiler/onnx/graph.js";
import { assertGraph } from "../../src/compiler/onnx/verify.js";
import type { ReferenceTensor } from "../../src/compiler/operations/operation.js";

/** Relative spacing of float32 numbers. */
export const epsilon = 2 ** -23;

/** The token counts at which everything is tried: one token, two, and more than any window in the tests. */
export const lengths = [1, 2, 17] as const;

export const positions: Extent = { kind: "positions", minus: 0 };

/** `axes("pos", ["head", 3])`: a number is a fixed length, a name alone is as long as the text. */
export function axes(...list: readonly (string | readonly [string, number | Extent])[]): readonly Axis[] {
  return list.map((entry) => {
    if (typeof entry === "string") return { name: entry, extent: positions };
    const [name, extent] = entry;
    return { name, extent: typeof extent === "number" ? { kind: "fixed", size: extent } : extent };
  });
}

export function real(list: readonly Axis[], unit: Unit = "none"): TensorType {
  return { axes: list, unit, element: "real" };
}

export function truth(list: readonly Axis[]): TensorType {
  return { axes: list, unit: "none", element: "truth" };
}

/** A small seeded generator (mulberry32) of numbers in [0, 1). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What the entries of an input are like. All are float32 numbers, so that both sides see the same. */
export type Values = "normal" | "positive" | "someZeros" | "masked" | "integers" | "truth" | "zeros" | "huge";

export function drawValue(values: Values, random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  switch (values) {
    case "normal":
      return Math.fround(normal);
    case "positive":
      return Math.fround(random() + 0.01);
    case "someZeros":
      return random() < 0.3 ? 0 : Math.fround(normal);
    case "masked":
      return random() < 0.3 ? Number.NEGATIVE_INFINITY : Math.fround(normal);
    case "integers":
      return Math.floor(random() * 7) - 3;
    case "truth":
      return random() < 0.5 ? 1 : 0;
    case "zeros":
      return 0;
    case "huge":
      return Math.fround(1e30 * normal);
  }
}

export function drawTensor(
  type: TensorType,
  length: number,
  values: Values,
  random: () => number,
  withFaults = false,
): ReferenceTensor {
  const sized = type.axes.map(({ name, extent }) => ({ name, size: extentSize(extent, length) }));
  const count = sized.reduce((product, axis) => product * axis.size, 1);
  const data = Float64Array.from({ length: count }, () => drawValue(values, random));
  if (values === "masked" && count > 0) data[0] = 1;
  const fault = withFaults
    ? Int32Array.from({ length: count }, () => (random() < 0.25 ? 5 + Math.floor(random() * 3) : 0))
    : null;
  return { axes: sized, data, fault };
}

/** Declares a graph input for a tensor of that type: [row, …axes]. */
export function declareInput(builder: GraphBuilder, name: string, type: TensorType, fault = false): string {
  const shape = [
    "row",
    ...type.axes.map((axis, i) => (axis.extent.kind === "fixed" ? axis.extent.size : `${name}_${i}`)),
  ];
  return builder.input(name, fault ? "int32" : type.element === "truth" ? "bool" : "float32", shape);
}

/** Rows of a tensor as one feed. */
export function feedOf(rows: readonly ReferenceTensor[], kind: "real" | "truth" | "fault"): Tensor {
  const dims = [rows.length, ...(rows[0]?.axes.map((axis) => axis.size) ?? [])];
  const flat = rows.flatMap((row) => Array.from(kind === "fault" ? (row.fault ?? row.data.map(() => 0)) : row.data));
  if (kind === "real") return new Tensor("float32", Float32Array.from(flat), dims);
  return kind === "truth"
    ? new Tensor("bool", Uint8Array.from(flat), dims)
    : new Tensor("int32", Int32Array.from(flat), dims);
}

export async function openGraph(graph: Graph): Promise<InferenceSession> {
  return InferenceSession.create(encodeModel(assertGraph(graph)), {
    graphOptimizationLevel: "basic",
    logSeverityLevel: 3,
  });
}

/** One row of a result: what onnxruntime gave, with its fault. */
export interface RowResult {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly fault: readonly number[] | null;
}

/** Splits results along the row axis. A fault smaller than the value is repeated, as the contract allows both. */
export function splitRows(rows: number, value: Tensor, fault: Tensor | null): readonly RowResult[] {
  const shape = value.dims.slice(1);
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  const wholeFault = fault === null ? null : expand(Array.from(fault.data as Int32Array), fault.dims, [rows, ...shape]);
  const whole = expand(Array.from(value.data as Float32Array, Number), value.dims, [rows, ...shape]);
  return Array.from({ length: rows }, (_, row) => ({
    shape,
    data: whole.slice(row * size, (row + 1) * size),
    fault: wholeFault?.slice(row * size, (row + 1) * size) ?? null,
  }));
}

/** Repeats dimensions of size 1. */
function expand(data: readonly number[], from: readonly number[], to: readonly number[]): readonly number[] {
  assert.equal(from.length, to.length, `rank of [${from.join(", ")}] and [${to.join(", ")}]`);
  from.forEach((size, i) => {
    assert.ok(size === 1 || size === to[i], `[${from.join(", ")}] to [${to.join(", ")}]`);
  });
  const count = to.reduce((product, size) => product * size, 1);
  return Array.from({ length: count }, (_, place) => {
    let rest = place;
    let offset = 0;
    let stride = 1;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const size = to[axis] ?? 1;
      if (from[axis] !== 1) offset += (rest % size) * stride;
      stride *= from[axis] ?? 1;
      rest = Math.floor(rest / size);
    }
    return data[offset] ?? Number.NaN;
  });
}

/** Bit equality of two rows (all NaN are one). */
export function assertSameBits(actual: RowResult, expected: RowResult, what: string): void {
  assert.deepEqual(actual.shape, expected.shape, what);
  actual.data.forEach((value, i) => {
    assert.ok(Object.is(value, expected.data[i]), `${what}: place ${i} differs in bits`);
  });
  assert.deepEqual(actual.fault, expected.fault, `${what}: faults`);
}

/** Multiplies every value by 1 ± up to `size`, as rounding in float32 does. Zeros stay. */
export function addNoise(tensor: ReferenceTensor, size: number, random: () => number): ReferenceTensor {
  return { ...tensor, data: tensor.data.map((value) => value * (1 + size * (2 * random() - 1))) };
}
