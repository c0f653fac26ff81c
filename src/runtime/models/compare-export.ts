/** Compares what was built of an ONNX export with the file's own graph. */
import type { IdentityResult, TappedTensor } from "../../compiler/models/identities.js";
import type { ModelFacts } from "../../compiler/models/model.js";
import { exportOf } from "../../compiler/models/exports/export-facts.js";
import { fedNumbers, type ExportFeed } from "../../compiler/models/exports/recognise.js";
import type { Engine } from "../engine/engine.js";
import { EngineFault } from "../engine/fault.js";
import type { EngineTensor, EngineTensors } from "../engine/messages.js";
import type { ReadModel } from "./read-model.js";

/** Tokens of the run that models are checked on: enough for attention to look back, few enough to be quick. */
const usualLength = 8;

/** Tokens of the run that a model is checked on: as many as its file fixes, if it does. */
export function textLength(facts: ModelFacts): number {
  const stated = exportOf(facts)?.feeds.find(({ kind }) => kind === "tokens")?.shape[1] ?? -1;
  return stated === -1 ? usualLength : stated;
}

/**
 * Logits may differ by this much, relative to the largest: sums are added up in other orders, and exporters round constants of
 * activations and angles to float32.
 */
const tolerance = 1e-4;

/**
 * Runs the file's own graph on the same ids. `logits` [1, pos, sample] are those of what was built, at entries of the vocabulary
 * that are evenly spread. Null for models that are no exports.
 */
export async function comparedWithOriginal(
  engine: Engine,
  { original, facts, weightFiles }: Pick<ReadModel, "weightFiles" | "original" | "facts">,
  ids: BigInt64Array,
  logits: TappedTensor | undefined,
): Promise<IdentityResult | null> {
  const exported = exportOf(facts);
  if (original === undefined || exported === null || logits === undefined) return null;
  const weights = weightFiles.map(({ digest, name }) => ({ digest, name }));
  try {
    await engine.open({ id: "original", bytes: original, weights, prepacked: false });
    const feeds: EngineTensors = Object.fromEntries(exported.feeds.map((feed) => [feed.name, tensorOf(feed, ids)]));
    const result = await engine.run({ graphs: ["original"], feeds, fetches: [exported.logits] });
    const { dims = [], data = [] } = result.outputs[exported.logits] ?? {};
    const vocab = dims.at(-1) ?? 0;
    const count = logits.shape.at(-1) ?? 0;
    let difference = logits.data.length === 0 || data.length !== ids.length * vocab ? NaN : 0;
    let largest = 1;
    for (let i = 0; i < logits.data.length; i++) {
      const [row, entry] = [Math.floor(i / count), i % count];
      const own = Number(data[row * vocab + Math.floor((entry * vocab) / count)] ?? NaN);
      largest = Math.max(largest, Math.abs(own));
      const here = Math.abs(own - (logits.data[i] ?? NaN));
      difference = Number.isNaN(here) ? NaN : Math.max(difference, here);
    }
    const allowed = tolerance * (Number.isFinite(largest) ? largest : 1);
    return {
      name: "logits = those of the file's own graph",
      site: "logits",
      maxAbsDifference: difference,
      tolerance: allowed,
      ok: difference <= allowed,
    };
  } catch (error) {
    // What the file's own graph does cannot be known where it does not run; an engine that has ended is another matter.
    if (!(error instanceof EngineFault) || error.kind === "exit" || error.kind === "stopped") throw error;
    const name = `logits = those of the file's own graph (which does not run: ${error.message})`;
    return { name, site: "logits", maxAbsDifference: NaN, tolerance, ok: false };
  } finally {
    if (engine.alive()) await engine.close("original");
  }
}

function tensorOf(feed: ExportFeed, ids: BigInt64Array): EngineTensor {
  const { shape: dims, data } = fedNumbers(feed, ids.length);
  const numbers = data ?? Float64Array.from(ids, Number);
  switch (feed.type) {
    case "int64":
      return { type: "int64", dims, data: data === null ? ids : BigInt64Array.from(numbers, BigInt) };
    case "int32":
      return { type: "int32", dims, data: Int32Array.from(numbers) };
    case "bool":
      return { type: "bool", dims, data: Uint8Array.from(numbers) };
    default:
      return { type: "float32", dims, data: Float32Array.from(numbers) };
  }
}
