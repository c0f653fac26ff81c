/** The best rate of f32 matrix products on this machine, whichever library reaches it. */
import { defaultBackend } from "../src/runtime/engine/backends/index.js";
import type { Engine } from "../src/runtime/engine/engine.js";
import { measureMatrixRate, type MatrixProduct } from "../src/runtime/engine/matrix-rate.js";
import { runPeer } from "./peer.js";
import type { Settings } from "./settings.js";

export interface Rate {
  /** FLOP per second. */
  readonly rate: number;
  readonly shape: string;
  /** What reached it. */
  readonly library: string;
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

/** How long PyTorch repeats a product in a round, and how often at most. */
const enough = { seconds: 0.2, repetitions: 16 };

const textOf = (rows: number, inner: number, columns: number): string => `${rows} × ${inner} × ${columns}`;

/** The best rate of any product in any round: onnxruntime's with the settings of a run, or PyTorch's where it is there. */
export async function bestRate(settings: Settings, products: readonly MatrixProduct[]): Promise<Rate> {
  const engine = await startRunEngine(settings);
  let best: Rate = { rate: 0, shape: "", library: "onnxruntime" };
  try {
    for (let round = 0; round < rounds; round++) {
      const { rate, product } = await measureMatrixRate(engine, products);
      const { rows, inner, columns } = product;
      if (rate > best.rate) best = { rate, shape: textOf(rows, inner, columns), library: "onnxruntime" };
    }
  } finally {
    await engine.stop();
  }
  const peer = { name: "PyTorch", file: "products.py", packages: null };
  const sizes = products.map(({ rows, inner, columns }) => [rows, inner, columns]);
  for (let round = 0; round < rounds; round++) {
    const ran = await runPeer<TorchRate>(settings, peer, { products: sizes, ...enough });
    if (typeof ran === "string") break;
    const { rate, product } = ran.answer;
    if (rate > best.rate) best = { rate, shape: textOf(...product), library: "PyTorch" };
  }
  return best;
}

/** What bench/peers/products.py answers. */
interface TorchRate {
  readonly rate: number;
  readonly product: readonly [rows: number, inner: number, columns: number];
}
