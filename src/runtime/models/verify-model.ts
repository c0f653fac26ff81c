/** Runs a model once on a few tokens and checks its identities: before the first run, and for `atlasc inspect`. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { seededIntegers } from "../../compiler/base/random.js";
import {
  checkIdentities,
  identityParameters,
  identitySites,
  type IdentityResult,
  type TappedTensor,
} from "../../compiler/models/identities.js";
import type { ModelGraph } from "../../compiler/models/model.js";
import { encodeModel } from "../../compiler/onnx/encode.js";
import { addOutput, eliminateDeadNodes } from "../../compiler/onnx/edit.js";
import { startEngine, type Engine } from "../engine/client.js";
import type { EngineOptions, EngineTensor } from "../engine/messages.js";
import { writeFileAtomic } from "../store/atomic.js";

/** Tokens of the run that identities are checked on: enough for attention to look back, few enough to be quick. */
const tokens = 8;

/** What one short run shows of a model. */
export interface ModelCheck {
  readonly identities: readonly IdentityResult[];
  /** Shapes of all tapped sites, [row, …axes], by site key. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
}

/** Runs the model on eight arbitrary ids with taps at every site that the identities read, in an engine of its own. */
export async function checkModel(
  model: ModelGraph,
  externalDataFolder: string,
  options: EngineOptions,
): Promise<ModelCheck> {
  const engine = await startEngine(options);
  try {
    return await checkModelIn(engine, model, externalDataFolder);
  } finally {
    await engine.stop();
  }
}

async function checkModelIn(engine: Engine, model: ModelGraph, externalDataFolder: string): Promise<ModelCheck> {
  const { signature } = model;
  const taps = identitySites(signature).filter((key) => model.values[key] !== undefined);
  const parameters = identityParameters(signature).filter((name) => model.parameters[name] !== undefined);
  let graph = model.graph;
  const outputs: { readonly key: string; readonly output: string }[] = [];
  for (const [kind, keys, values] of [
    ["site", taps, model.values],
    ["parameter", parameters, model.parameters],
  ] as const) {
    for (const key of keys) {
      const output = `${kind}/${key}`;
      graph = addOutput(graph, values[key] ?? "", { name: output, type: "float32", shape: dynamicShape(output, key) });
      outputs.push({ key, output });
    }
  }
  const next = seededIntegers(1);
  const length = Math.min(tokens, signature.maxPositions ?? tokens);
  const ids = BigInt64Array.from({ length }, () => BigInt(next(signature.vocab)));
  try {
    const bytes = encodeModel(eliminateDeadNodes(graph));
    // A few tokens are not worth rearranging all weights for.
    await engine.open({ id: "identities", bytes, folder: externalDataFolder, prepacked: false });
    const result = await engine.run({
      graphs: ["identities"],
      feeds: { input_ids: { type: "int64", dims: [1, length], data: ids } },
      fetches: outputs.map((o) => o.output),
    });
    const read = (kind: "site" | "parameter"): Record<string, TappedTensor> =>
      Object.fromEntries(
        outputs.flatMap(({ key, output }) => {
          const tensor = result.outputs[output];
          return output.startsWith(`${kind}/`) && tensor !== undefined ? [[key, tapped(tensor)]] : [];
        }),
      );
    const sites = read("site");
    return {
      identities: checkIdentities(signature, sites, read("parameter")),
      shapes: Object.fromEntries(Object.entries(sites).map(([key, tensor]) => [key, tensor.shape])),
    };
  } finally {
    // An engine that has ended has forgotten the graph, too.
    if (engine.alive()) await engine.close("identities");
  }
}

function tapped(tensor: EngineTensor): TappedTensor {
  return { shape: tensor.dims, data: tensor.type === "int64" ? Float64Array.from(tensor.data, Number) : tensor.data };
}

/** Ranks that differ by site need no names here: onnxruntime accepts an output without a declared shape of its own. */
function dynamicShape(output: string, key: string): readonly string[] {
  const site = key.replace(/\[.*/, "");
  const rank =
    site === "pattern" || site === "z" || site === "v" || site === "head_out"
      ? 4
      : site === "W_U"
        ? 2
        : site === "b_O" || site.startsWith("final_norm")
          ? 1
          : 3;
  return Array.from({ length: rank }, (_, i) => `${output}.${i}`);
}

/**
 * The identities of a model, checked once for each weights digest, in the engine that `engine` gives: the verdict is kept
 * in `folder`. A verdict that cannot be kept is not an error, because it can be found again.
 */
export async function verifiedIdentities(
  model: ModelGraph,
  digest: string,
  externalDataFolder: string,
  engine: () => Promise<Engine>,
  folder: string,
): Promise<readonly IdentityResult[]> {
  const path = join(folder, `${digest}.json`);
  try {
    const kept = JSON.parse(await readFile(path, "utf8")) as readonly IdentityResult[];
    if (kept.every((identity) => identity.ok)) return kept;
  } catch {
    // Not checked yet, or not readable: check (again).
  }
  const { identities } = await checkModelIn(await engine(), model, externalDataFolder);
  if (identities.every((identity) => identity.ok)) {
    await mkdir(folder, { recursive: true })
      .then(() => writeFileAtomic(path, JSON.stringify(identities)))
      .catch(() => undefined);
  }
  return identities;
}
