/** The best rate of f32 matrix products that onnxruntime reaches on this machine, with the settings of a run. */
import { defaultBackend } from "../src/runtime/engine/backends/index.js";
import type { Engine } from "../src/runtime/engine/engine.js";
import { measureMatrixRate, type MatrixProduct } from "../src/runtime/engine/matrix-rate.js";
import type { Settings } from "./settings.js";

export interface Rate {
  /** FLOP per second. */
  readonly rate: number;
  readonly shape: string;
}

/** The products of a layer's MLP and attention for a batch of a few rows and for one of many. */
export function layerProducts(width: number, tokens: readonly number[]): readonly MatrixProduct[] {
  return tokens.flatMap((rows): MatrixProduct[] => [
    { rows, inner: width, columns: 4 * width, prepacked: true },
    { rows, inner: 4 * width, columns: width, prepacked: true },
    { rows, inner: width, columns: 3 * width, prepacked: true },
  ]);
}

/** An engine with the settings of a run. The caller stops it. */
export function startRunEngine(settings: Settings): Promise<Engine> {
  return defaultBackend.start({
    threads: settings.threads,
    optimisation: "basic",
    prepacking: "short texts",
    tf32: false,
  });
}

/** Measurements of all products, one after the other: other work on the machine slows some of them down. */
const rounds = 4;

/** The best rate of any product in any round. */
export async function bestRate(settings: Settings, products: readonly MatrixProduct[]): Promise<Rate> {
  const engine = await startRunEngine(settings);
  let best: Rate = { rate: 0, shape: "" };
  try {
    for (let round = 0; round < rounds; round++) {
      const { rate, product } = await measureMatrixRate(engine, products);
      if (rate > best.rate) best = { rate, shape: `${product.rows} × ${product.inner} × ${product.columns}` };
    }
  } finally {
    await engine.stop();
  }
  return best;
}
