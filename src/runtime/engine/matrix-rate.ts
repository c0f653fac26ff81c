/**
 * How fast this machine multiplies matrices of f32: what is left when everything else of a run costs nothing. Measured
 * through an engine with the run's own options, so that threads, device and TF32 are those of the run.
 */
import { createGraphBuilder } from "../../compiler/onnx/builder.js";
import { encodeModel } from "../../compiler/onnx/encode.js";
import type { Graph } from "../../compiler/onnx/graph.js";
import type { Engine } from "./engine.js";

/** [rows × inner] · [inner × columns]; the right one is a weight, which onnxruntime may rearrange beforehand. */
export interface MatrixProduct {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly prepacked: boolean;
  /** How often the product is multiplied again, for devices, which do one in less time than a run takes. Absent: not at all. */
  readonly repeated?: number;
}

export interface MatrixRate {
  /** Floating-point operations per second, 2 per multiply-add. */
  readonly rate: number;
  /** The product that reached it. */
  readonly product: MatrixProduct;
}

/** Seconds of one product after which it is not repeated any more, and repetitions at most. */
const enough = { seconds: 0.1, repetitions: 8 };

/**
 * The best rate of several repetitions of each product in an engine, by the clock inside the process that owns
 * onnxruntime. Weights travel inside a graph: some million elements at most.
 *
 * @throws EngineFault when the engine ends
 * @throws RangeError (a fault of ours) when there is no product
 */
export async function measureMatrixRate(engine: Engine, products: readonly MatrixProduct[]): Promise<MatrixRate> {
  let best: MatrixRate | null = null;
  for (const product of products) {
    const rate = await rateOf(engine, product);
    if (best === null || rate > best.rate) best = { rate, product };
  }
  if (best === null) throw new RangeError("measureMatrixRate: no product is given");
  return best;
}

async function rateOf(engine: Engine, product: MatrixProduct): Promise<number> {
  const { rows, inner, columns, prepacked, repeated = 0 } = product;
  const id = `product ${rows} × ${inner} × ${columns}`;
  await engine.open({ id, bytes: encodeModel(productGraph(product)), weights: [], prepacked });
  // Of a device's product only the first row is fed, since what is measured is not the way there.
  const fed = repeated > 0 ? 1 : rows;
  const data = Float32Array.from({ length: fed * inner }, (_, i) => (i % 13) / 13 - 0.5);
  const feeds = { x: { type: "float32" as const, dims: [fed, inner], data } };
  let best = Infinity;
  let spent = 0;
  for (let i = 0; i < enough.repetitions && spent < enough.seconds; i++) {
    const { seconds } = await engine.run({ graphs: [id], feeds, fetches: ["corner"] });
    best = Math.min(best, seconds);
    spent += seconds;
  }
  await engine.close(id);
  return (2 * rows * inner * columns * (1 + repeated)) / best;
}

/** One number leaves the graph: the whole product would have to cross to this process, which is not what is measured. */
function productGraph({ rows, inner, columns, repeated = 0 }: MatrixProduct): Graph {
  if (repeated > 0 && inner !== columns) throw new RangeError("productGraph: only a square weight is multiplied again");
  const builder = createGraphBuilder("product");
  const fed = builder.input("x", "float32", [repeated > 0 ? 1 : rows, inner]);
  const left = repeated > 0 ? builder.node("Expand", [fed, builder.constant("int64", [2], [rows, inner])]) : fed;
  // Multiplied again and again, larger numbers would become infinite, which a device may do faster.
  const size = repeated > 0 ? 1 / Math.sqrt(inner) : 1;
  const weights = Array.from({ length: inner * columns }, (_, i) => size * ((i % 17) / 17 - 0.5));
  let product = builder.node("MatMul", [left, "w"]);
  for (let i = 0; i < repeated; i++) product = builder.node("MatMul", [product, "w"]);
  const corner = [
    [0, 0],
    [1, 1],
    [0, 1],
  ].map((bounds) => builder.constant("int64", [2], bounds));
  builder.node("Slice", [product, ...corner], {}, "corner");
  const graph = builder.finish([{ name: "corner", type: "float32", shape: [1, 1] }]);
  const weight = {
    name: "w",
    type: "float32" as const,
    shape: [inner, columns],
    data: { kind: "inline" as const, values: weights },
  };
  return { ...graph, initializers: [...graph.initializers, weight] };
}
