/** Checks a model's identities before its first run, and for `atlasc inspect`; verdicts are kept. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { IdentityResult } from "../../compiler/models/identities.js";
import type { ModelGraph } from "../../compiler/models/model.js";
import type { EngineOptions } from "../engine/backend.js";
import { defaultBackend } from "../engine/backends/index.js";
import type { Engine } from "../engine/engine.js";
import { writeFileAtomic } from "../store/atomic.js";
import { checkModelIn, type ModelCheck } from "./check-model.js";
import type { OpenedModel } from "./open-model.js";
import { localWeights } from "./weight-files.js";

/** Runs the model on eight arbitrary ids with taps at every site that the identities read, in an engine of its own. */
export async function checkModel(
  model: ModelGraph,
  opened: Pick<OpenedModel, "externalDataFolder" | "weightFiles" | "original" | "facts">,
  options: EngineOptions,
): Promise<readonly IdentityResult[]> {
  const engine = await options.backend.start(options, { weights: localWeights([opened]) });
  try {
    return await checkModelIn(engine, model, opened);
  } finally {
    await engine.stop();
  }
}

/** How a model is checked with an engine: a device that asks for it is compared with the processor before it computes anything. */
export function modelCheck(
  { backend, ...settings }: EngineOptions,
  opened: Pick<OpenedModel, "externalDataFolder" | "weightFiles">,
): ModelCheck {
  const { compute = "float32", ...plain } = settings;
  if (backend.compared !== true) return { compute };
  const reference = (): Promise<Engine> => defaultBackend.start(plain, { weights: localWeights([opened]) });
  return { compute, against: { device: backend.name, reference } };
}

/**
 * The identities of a model, checked once for each weights digest, in the engine that `engine` gives: the verdict is kept
 * in `folder`. A verdict that cannot be kept is not an error, because it can be found again; one about other weights than
 * those of the digest, as `unchanged` tells when the model has run, is not kept.
 */
export async function verifiedIdentities(
  model: ModelGraph,
  digest: string,
  opened: Pick<OpenedModel, "weightFiles" | "original" | "facts">,
  engine: () => Promise<Engine>,
  folder: string,
  unchanged: () => boolean = () => true,
  check: ModelCheck = {},
): Promise<readonly IdentityResult[]> {
  const path = join(folder, `${digest}.json`);
  try {
    const kept = JSON.parse(await readFile(path, "utf8")) as readonly IdentityResult[];
    if (kept.every((identity) => identity.ok)) return kept;
  } catch {
    // Not checked yet, or not readable: check (again).
  }
  const identities = await checkModelIn(await engine(), model, opened, check);
  if (identities.every((identity) => identity.ok) && unchanged()) {
    await writeFileAtomic(path, JSON.stringify(identities)).catch(() => undefined);
  }
  return identities;
}
