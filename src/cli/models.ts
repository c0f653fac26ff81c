/** `atlasc models`: what is in the cache of the Hub, and getting and removing models. */
import { cachedRepositories, cachedRepository, freedBy, removeRevisions } from "../runtime/hub/cached-repositories.js";
import type { CachedRepository, CachedRevision } from "../runtime/hub/cached-repositories.js";
import { HubFault } from "../runtime/hub/fault.js";
import { hubDiagnostic } from "../runtime/hub/download-models.js";
import { createHttp } from "../runtime/hub/http.js";
import { addressOf } from "../runtime/hub/layout.js";
import { pullModel } from "../runtime/hub/pull.js";
import { isRepositoryName, isRevisionName } from "../runtime/hub/repository.js";
import { hubSettings } from "../runtime/hub/settings.js";
import { processEnvironment } from "../runtime/models/places.js";
import { sizeText } from "../runtime/read-text.js";
import { LockHeldFault } from "../runtime/store/lock.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import { createDownloadDisplay } from "./download-display.js";
import { exitCodes } from "./exit-codes.js";
import { messages, output } from "./screen.js";
import { printRejection } from "./source.js";
import { counted } from "../compiler/base/counted.js";

/** Lists what the cache holds. */
export function listModels({ json }: { readonly json: boolean }): number {
  const { cache } = hubSettings(processEnvironment());
  const repositories = cachedRepositories(cache);
  if (json) {
    output.json({ cache, repositories: repositories.map(describe) });
    return exitCodes.done;
  }
  for (const { id, size, revisions } of repositories) {
    output.line(`${sizeText(size).padStart(10)}  ${addressOf(id)}`);
    for (const revision of revisions) {
      const { commit, names } = revision;
      const own = sizeText(bytesOf(revision));
      output.line(`${own.padStart(12)}  ${names.join(", ") || "no name"} (${commit.slice(0, 8)})`);
    }
  }
  const total = repositories.reduce((sum, { size }) => sum + size, 0);
  output.line(`${counted(repositories.length, "repository", "repositories")}, ${sizeText(total)} in ${cache}`);
  return exitCodes.done;
}

function describe({ id, folder, size, revisions }: CachedRepository): object {
  return {
    ...id,
    folder,
    bytes: size,
    revisions: revisions.map((revision) => ({
      commit: revision.commit,
      names: revision.names,
      bytes: bytesOf(revision),
    })),
  };
}

/** Bytes of a revision, those that it shares with others among them. */
function bytesOf({ blobs }: CachedRevision): number {
  return [...blobs.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** Downloads revisions of a model, each as far as it can be had. */
export async function pullModels(
  name: string,
  { revision, json }: { readonly revision: readonly string[]; readonly json: boolean },
): Promise<number> {
  const settings = hubSettings(processEnvironment());
  const http = createHttp(settings);
  const display = createDownloadDisplay();
  const failed: Diagnostic[] = [];
  const pulled: object[] = [];
  try {
    for (const one of revision.length === 0 ? ["main"] : revision) {
      try {
        if (settings.offline) throw new HubFault("A4030", "HF_HUB_OFFLINE is set", "unset it to download");
        const { commit, folder, received } = await pullModel(http, name, one, display);
        pulled.push({ revision: one, commit, folder, received });
        if (!json) output.line(`${name} at ${one} (${commit.slice(0, 8)}): ${folder}`);
      } catch (error) {
        // One that is not there keeps no other one away.
        failed.push(hubDiagnostic(error, name, null));
      }
    }
  } finally {
    display.end();
    await http.close();
  }
  if (failed.length > 0 && !json) printRejection(failed, new Map(), false);
  if (json) output.json({ pulled, failed: failed.map(({ code, message }) => ({ code, message })) });
  return failed.length === 0 ? exitCodes.done : exitCodes.wrongInput;
}

/** Removes a repository, or revisions of it, from the cache. */
export async function removeModels(
  name: string,
  { revision, dryRun }: { readonly revision: readonly string[]; readonly dryRun: boolean },
): Promise<number> {
  const { cache } = hubSettings(processEnvironment());
  const kind = name.startsWith("datasets/") ? "datasets" : "models";
  const id = { kind, name: name.replace(/^datasets\//, "") } as const;
  const repository = isRepositoryName(id.name) ? cachedRepository(cache, id) : null;
  if (repository === null || (repository.size === 0 && repository.revisions.length === 0)) {
    messages.line(`atlasc: ${name} is not in ${cache}`);
    return exitCodes.wrongInput;
  }
  const removed: CachedRevision[] = [];
  for (const one of revision) {
    const found = repository.revisions.find(
      ({ commit, names }) => isRevisionName(one) && (names.includes(one) || commit.startsWith(one)),
    );
    if (found === undefined) {
      const known = repository.revisions.map(({ commit, names }) => names[0] ?? commit.slice(0, 8)).join(", ");
      messages.line(`atlasc: ${name} has no revision ${one} in the cache; it has ${known || "none"}`);
      return exitCodes.wrongInput;
    }
    if (!removed.includes(found)) removed.push(found);
  }
  const all = revision.length === 0 ? repository.revisions : removed;
  const freed = all.length === repository.revisions.length ? repository.size : freedBy(repository, all);
  if (!dryRun) {
    try {
      await removeRevisions(cache, repository, all);
    } catch (error) {
      if (!(error instanceof LockHeldFault)) throw error;
      messages.line(`atlasc: ${name} is being downloaded: ${error.message}`);
      return exitCodes.wrongInput;
    }
  }
  output.line(`${dryRun ? "would free" : "freed"} ${sizeText(freed)}: ${counted(all.length, "revision")} of ${name}`);
  return exitCodes.done;
}
