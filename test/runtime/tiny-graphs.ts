/** Graphs and plans that are small enough to write down, for tests of the engine and of what drives it. */
import onnxProto from "onnx-proto";
import type { Evaluation, GraphPlan, Plan, Unit } from "../../src/compiler/ir/plan.js";
import type { EngineOptions } from "../../src/runtime/engine/backend.js";
import { cpuBackend } from "../../src/runtime/engine/backends/cpu.js";
import type { EngineTensors } from "../../src/runtime/engine/messages.js";
import type { PreparedSegment } from "../../src/runtime/engine/keeper.js";
import type { Preparation } from "../../src/runtime/execution.js";
import { renamingGraph } from "./layer-graphs.js";

const { onnx } = onnxProto;
const { AttributeProto, TensorProto } = onnx;

export const width = 256;

export const engineOptions: EngineOptions = {
  backend: cpuBackend,
  threads: 1,
  optimisation: "basic",
  prepacking: "always",
  tf32: false,
};

type ValueInfo = onnxProto.onnx.IValueInfoProto;
type Node = onnxProto.onnx.INodeProto;

function value(name: string, elemType: number, shape: readonly (number | string)[]): ValueInfo {
  const dim = shape.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

function node(opType: string, input: string[], output: string[], attribute: Node["attribute"] = []): Node {
  return { opType, input, output, attribute };
}

/** The matrix that moves every entry of a row one place on: `x · shift` = x rotated by 1. */
export function shiftMatrix(): Float32Array {
  const matrix = new Float32Array(width * width);
  for (let i = 0; i < width; i += 1) matrix[i * width + ((i + 1) % width)] = 1;
  return matrix;
}

/**
 * Inputs `x` [row, 256] f32, `flag` [row, 1] bool, `steps` [] int64. Output `y` [row, 256] f32 is x rotated by `steps`
 * places where the flag is set, else 0; `positive` bool is y > 0; `largest` [row] int64 is the index of the largest x;
 * `small` [row] int32 is the same. The rotation is a loop of matrix products, about 10 µs a step, so `steps` sets how
 * long a run takes. With `file`, the matrix is external data in that file.
 */
export function rotationGraph(file: string | null = null): Uint8Array {
  const matrix = shiftMatrix();
  const head = { name: "shift", dataType: TensorProto.DataType.FLOAT, dims: [width, width] };
  const shift =
    file === null
      ? { ...head, rawData: new Uint8Array(matrix.buffer) }
      : {
          ...head,
          dataLocation: TensorProto.DataLocation.EXTERNAL,
          externalData: [
            { key: "location", value: file },
            { key: "offset", value: "0" },
            { key: "length", value: String(matrix.byteLength) },
          ],
        };
  const body = {
    name: "body",
    input: [value("i", 7, []), value("again", 9, []), value("before", 1, ["row", width])],
    output: [value("again_out", 9, []), value("after", 1, ["row", width])],
    node: [node("Identity", ["again"], ["again_out"]), node("MatMul", ["before", "shift"], ["after"])],
  };
  const number = (name: string, i: number): NonNullable<Node["attribute"]>[number] => {
    return { name, type: AttributeProto.AttributeType.INT, i };
  };
  const loopBody = { name: "body", type: AttributeProto.AttributeType.GRAPH, g: body };
  const graph = {
    name: "rotation",
    input: [value("x", 1, ["row", width]), value("flag", 9, ["row", 1]), value("steps", 7, [])],
    output: [
      value("y", 1, ["row", width]),
      value("positive", 9, ["row", width]),
      value("largest", 7, ["row"]),
      value("small", 6, ["row"]),
    ],
    initializer: [
      shift,
      { name: "yes", dataType: 9, dims: [], rawData: new Uint8Array([1]) },
      { name: "zero", dataType: 1, dims: [], rawData: new Uint8Array(4) },
    ],
    node: [
      node("Loop", ["steps", "yes", "x"], ["rotated"], [loopBody]),
      node("Where", ["flag", "rotated", "zero"], ["y"]),
      node("Greater", ["y", "zero"], ["positive"]),
      node("ArgMax", ["x"], ["largest"], [number("axis", 1), number("keepdims", 0)]),
      node("Cast", ["largest"], ["small"], [number("to", 6)]),
    ],
  };
  const model = { irVersion: 8, opsetImport: [{ domain: "", version: 17 }], graph };
  return onnx.ModelProto.encode(onnx.ModelProto.create(model)).finish();
}

/** Feeds of one row per seed: entry `seed` of the row is 1, the others are 0. */
export function rotationFeeds(seeds: readonly number[], steps: number): EngineTensors {
  const x = new Float32Array(seeds.length * width);
  for (const [row, seed] of seeds.entries()) x[row * width + (seed % width)] = 1;
  return {
    x: { type: "float32", dims: [seeds.length, width], data: x },
    flag: { type: "bool", dims: [seeds.length, 1], data: new Uint8Array(seeds.length).fill(1) },
    steps: { type: "int64", dims: [], data: BigInt64Array.of(BigInt(steps)) },
  };
}

/** Where the 1 of each row of `y` is: (seed + steps) mod 256 when the run was right. */
export function positionsOfOne(tensors: EngineTensors): number[] {
  const y = tensors["y"];
  if (y?.type !== "float32") throw new Error("no y");
  return Array.from({ length: y.dims[0] ?? 0 }, (_, row) => y.data.subarray(row * width, (row + 1) * width).indexOf(1));
}

/** A unit's id as a digest would look, from a small number. */
export function unitId(number: number): string {
  return (0xa0 + number).toString(16).padStart(2, "0").repeat(32);
}

export function tinyUnit(number: number, graph = "rotation"): Unit {
  return {
    id: unitId(number),
    graph,
    rows: [
      { prompt: number, condition: 0 },
      { prompt: number, condition: 1 },
    ],
    positions: 8,
    prepacked: true,
  };
}

export function tinyEvaluation(id: string, units: readonly Unit[], changes: Partial<Evaluation> = {}): Evaluation {
  return {
    id,
    purpose: "measure",
    study: 0,
    texts: "texts",
    model: "model",
    conditions: [],
    units,
    unaffected: [],
    needs: [],
    ...changes,
  };
}

function tinyGraph(id: string): GraphPlan {
  const output = { fault: null, cause: null, reasons: [] } as unknown as GraphPlan["outputs"][number];
  return {
    id,
    model: "model",
    start: 0,
    inputs: [],
    gates: [],
    settings: { whole: false, restrictPositions: false, chunkAttention: false, streamLoss: false },
    outputs: [
      { ...output, name: "y" },
      { ...output, name: "positive" },
    ],
  };
}

export function tinyPlan(evaluations: readonly Evaluation[]): Plan {
  const ids = [...new Set(evaluations.flatMap(({ units }) => units.map((unit) => unit.graph)))];
  const cost = { rows: 0, units: 0, layerRuns: 0, naiveLayerRuns: 0, flops: 0, weightBytes: 0, peakActivationBytes: 0 };
  return { graphs: ids.map(tinyGraph), cuts: {}, evaluations, cost, digest: "d".repeat(64) };
}

/** Feeds of a tiny unit: its rows have the seeds `prompt` and `prompt` + 1, rotated by `steps`. */
export function tinyPreparation(steps: number, changes: Partial<Preparation> = {}): Preparation {
  return {
    segments: ({ graph: id, prepacked }) => [
      { id, weights: [], prepacked, weightBytes: 4 * width * width, bytes: () => rotationGraph() },
    ],
    feedsOf: (_evaluation, unit) =>
      rotationFeeds(
        unit.rows.map((row) => row.prompt + row.condition),
        steps,
      ),
    ...changes,
  };
}

/**
 * The same in three segments: `x0` is passed on as `x`, rotated to `y`, and passed on as `z`, which the engine is asked
 * for together with `positive`. The rotation of the middle segment takes as long as `steps` says.
 */
export function chainPreparation(changes: Partial<Preparation> = {}): Preparation {
  const segment = (id: string, bytes: () => Uint8Array): PreparedSegment => ({
    id,
    weights: [],
    prepacked: true,
    weightBytes: 0,
    bytes,
  });
  return {
    segments: () => [
      segment("before", () => renamingGraph("x0", "x")),
      segment("rotation", () => rotationGraph()),
      segment("after", () => renamingGraph("y", "z")),
    ],
    feedsOf: (_evaluation, unit) => chainFeeds(unit.rows[0]?.prompt ?? 0, 1),
    ...changes,
  };
}

export function chainFeeds(seed: number, steps: number): EngineTensors {
  const { x, ...rest } = rotationFeeds([seed], steps);
  if (x === undefined) throw new Error("no x");
  return { ...rest, x0: x };
}

/** A plan whose graph yields `z` beside what the rotation yields. */
export function chainPlan(evaluations: readonly Evaluation[]): Plan {
  const plan = tinyPlan(evaluations);
  const graphs = plan.graphs.map((graph) => {
    const [first] = graph.outputs;
    return first === undefined ? graph : { ...graph, outputs: [...graph.outputs, { ...first, name: "z" }] };
  });
  return { ...plan, graphs };
}
