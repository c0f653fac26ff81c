/** Part 7: what rearranged weights are worth, by the length of a text: what `lower/prepacking.ts` decides by. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { measureMatrixRate } from "../../src/runtime/engine/matrix-rate.js";
import { runAtlasc, protocolFile } from "../atlasc.js";
import { busyShare, machineOf } from "../machine.js";
import { layerProducts, startRunEngine } from "../rate.js";
import type { Prepacking } from "../results.js";
import { root, type Settings } from "../settings.js";
import { smollm2 } from "../workload.js";
import type { LlamaShape } from "../limit.js";

/** The width of GPT-2 small. */
const width = 768;

const lengths = [8, 32, 128, 256, 512, 768, 1024, 2048];

/** The kinds take turns, because the machine changes from minute to minute; of each product the best turn counts. */
const turns = 4;

/** Seconds of the products of a layer, each at its best. */
async function layerSeconds(
  settings: Settings,
  tokens: number,
): Promise<{ readonly packed: number; readonly unpacked: number }> {
  const engine = await startRunEngine(settings);
  try {
    const products = layerProducts(settings.quick ? 96 : width, [tokens]);
    const best = { packed: products.map(() => Infinity), unpacked: products.map(() => Infinity) };
    for (let turn = 0; turn < turns; turn++) {
      for (const [at, product] of products.entries()) {
        for (const kind of ["packed", "unpacked"] as const) {
          const own = { ...product, prepacked: kind === "packed" };
          const { rate } = await measureMatrixRate(engine, [own]);
          const seconds = (2 * own.rows * own.inner * own.columns) / rate;
          best[kind][at] = Math.min(best[kind][at] ?? Infinity, seconds);
        }
      }
    }
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    return { packed: sum(best.packed), unpacked: sum(best.unpacked) };
  } finally {
    await engine.stop();
  }
}

export async function prepacking(settings: Settings, say: (line: string) => void): Promise<Prepacking> {
  const busy = await busyShare();
  const products: Prepacking["products"][number][] = [];
  for (const tokens of settings.quick ? lengths.slice(0, 3) : lengths) {
    const measured = { tokens, ...(await layerSeconds(settings, tokens)) };
    products.push(measured);
    say(`7  ${tokens} tokens: ${(measured.unpacked / measured.packed).toFixed(2)}`);
  }
  const model = await smollm2(settings);
  const { num_hidden_layers: layers } = JSON.parse(readFileSync(join(model, "config.json"), "utf8")) as LlamaShape;
  const limit = settings.quick ? 400 : 4000;
  const protocol = protocolFile(
    settings.work,
    "part-7",
    `model subject from "${model}"
corpus text from "${join(root, "docs/language.md")}" window 1024 stride 768 limit ${limit} tokens bos off

experiment whole
  with text
  measure loss
`,
  );
  const runs: Prepacking["runs"][number][] = [];
  for (const option of ["--prepacking", "--no-prepacking"]) {
    const { timing, memory } = await runAtlasc(settings, protocol, [option]);
    runs.push({ option, timing, memory });
    say(`7  ${option}: ${timing.work.toFixed(2)} s of work, ${timing.whole.toFixed(2)} s in all`);
  }
  return {
    kind: "prepacking",
    part: "7",
    machine: machineOf(settings, {}),
    quick: settings.quick,
    busy,
    workload: `The products of a layer of width ${width} at each length; and SmolLM2-135M (${layers} layers) on ${limit} tokens in windows of 1024`,
    products,
    runs,
  };
}
