/** The check of a run's models before anything is computed with them. */
import { join } from "node:path";
import { digestOf } from "../compiler/base/digest.js";
import { diagnostic } from "../compiler/diagnostics/create.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import type { Protocol } from "../compiler/ir/protocol.js";
import type { IdentityResult } from "../compiler/models/identities.js";
import type { OpenedModel as CheckedModel } from "../compiler/models/model.js";
import { numericsOf, type EngineOptions } from "./engine/backend.js";
import { EngineFault } from "./engine/fault.js";
import type { EngineKeeper } from "./engine/keeper.js";
import type { Loaded } from "./load.js";
import { cacheFolder, processEnvironment } from "./models/places.js";
import { modelCheck, verifiedIdentities } from "./models/verify-model.js";
import type { WeightsGuard } from "./models/weights-guard.js";
import { recordedIdentities } from "./recorded.js";
import type { RunRecord } from "./store/record.js";
import { atlascVersion } from "./version.js";

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new RangeError(`the model ${name} is not open`);
  return value;
}

/** Where verdicts on models are kept. */
export function identitiesFolder(): string {
  return join(cacheFolder(processEnvironment()), "identities");
}

/**
 * Checks the identities of every model of the protocol; a failed one is an error that names the site. Nothing is said of
 * a model whose weights have changed since they were hashed: the run says that.
 */
export async function checkModels(
  loaded: Loaded,
  models: ReadonlyMap<string, CheckedModel>,
  protocol: Protocol,
  engine: EngineOptions,
  keeper: EngineKeeper,
  guard: WeightsGuard,
): Promise<{ readonly recorded: RunRecord["identities"]; readonly diagnostics: readonly Diagnostic[] }> {
  const recorded: RunRecord["identities"][number][] = [];
  const diagnostics: Diagnostic[] = [];
  for (const { id } of protocol.models) {
    const { graph, facts } = required(models.get(id), id);
    if (facts.missing !== undefined) continue;
    const opened = required(loaded.models.get(id), id);
    const verify = (): Promise<readonly IdentityResult[]> =>
      verifiedIdentities(
        graph,
        // Another atlasc may build another graph from the same weights, and another engine may compute it differently.
        digestOf([facts.digest, atlascVersion(), numericsOf(engine)]),
        opened,
        () => keeper.engine(),
        identitiesFolder(),
        () => guard(id) === null,
        modelCheck(engine, opened),
      );
    const identities = await verify()
      .catch((error: unknown) => {
        // An engine that is killed here is replaced, like one that is killed in the middle of a unit.
        if (error instanceof EngineFault && error.kind === "exit" && guard(id) === null) return verify();
        throw error;
      })
      .catch((error: unknown) => {
        if (error instanceof EngineFault && guard(id) !== null) return [];
        throw error;
      });
    if (guard(id) !== null) continue;
    recorded.push(...recordedIdentities(id, identities));
    for (const identity of identities.filter((i) => !i.ok)) {
      diagnostics.push(
        diagnostic("A4020", null, {
          source: id,
          identity: identity.name,
          site: identity.site,
          difference: identity.maxAbsDifference.toExponential(1),
          tolerance: identity.tolerance.toExponential(1),
        }),
      );
    }
  }
  return { recorded, diagnostics };
}
