/** The best rate of f32 matrix products that onnxruntime reaches on this machine, with the settings of a run. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGraphBuilder } from "../src/compiler/onnx/builder.js";
import { encodeModel } from "../src/compiler/onnx/encode.js";
import { startEngine, type Engine } from "../src/runtime/engine/client.js";
import type { Settings } from "./settings.js";

export interface Rate {
  /** FLOP per second. */
  readonly rate: number;
  readonly shape: string;
}

/** [m × k] · [k × n]; the right one is a weight, which onnxruntime may rearrange beforehand. */
type Product = readonly [m: number, k: number, n: number];

/** The products of a layer's MLP and attention for a batch of a few rows and for one of many. */
export function layerProducts(width: number, tokens: readonly number[]): readonly Product[] {
  return tokens.flatMap((rows): Product[] => [
    [rows, width, 4 * width],
    [rows, 4 * width, width],
    [rows, width, 3 * width],
  ]);
}

const repetitions = 8;

/** The best of several repetitions of several products, by the clock inside the process that owns onnxruntime. */
export async function bestRate(settings: Settings, products: readonly Product[]): Promise<Rate> {
  const engine = await startEngine({
    device: { kind: "cpu" },
    threads: settings.threads,
    optimisation: "basic",
    prepacking: true,
    tf32: false,
  });
  try {
    let best: Rate = { rate: 0, shape: "" };
    for (const product of products) {
      const rate = await rateOf(engine, settings.work, product);
      if (rate > best.rate) best = { rate, shape: product.join(" × ") };
    }
    return best;
  } finally {
    await engine.stop();
  }
}

async function rateOf(engine: Engine, work: string, [m, k, n]: Product): Promise<number> {
  mkdirSync(work, { recursive: true });
  const file = "matrix.bin";
  const weights = Float32Array.from({ length: k * n }, (_, i) => (i % 17) / 17 - 0.5);
  writeFileSync(join(work, file), weights);
  const builder = createGraphBuilder("product");
  const input = builder.input("x", "float32", [m, k]);
  const weight = builder.external("w", "float32", [k, n], { file, offset: 0, length: weights.byteLength });
  const product = builder.node("MatMul", [input, weight]);
  // One number leaves the graph: the whole product would have to cross to this process, which is not what is measured.
  const corner = [
    [0, 0],
    [1, 1],
    [0, 1],
  ].map((bounds) => builder.constant("int64", [2], bounds));
  const output = builder.node("Slice", [product, ...corner], {}, "y");
  const graph = builder.finish([{ name: output, type: "float32", shape: [1, 1] }]);
  const id = `${m}x${k}x${n}`;
  await engine.open({ id, bytes: encodeModel(graph), folder: work });
  const data = Float32Array.from({ length: m * k }, (_, i) => (i % 13) / 13 - 0.5);
  let seconds = Infinity;
  for (let i = 0; i < repetitions; i++) {
    const feeds = { x: { type: "float32" as const, dims: [m, k], data } };
    seconds = Math.min(seconds, (await engine.run({ graphs: [id], feeds, fetches: [output] })).seconds);
  }
  await engine.close(id);
  return (2 * m * k * n) / seconds;
}
