/** Which models of the Hub are not on this machine, and how one that was downloaded is removed again. */
import { isHubSource, processEnvironment } from "../models/places.js";
import type { Evicting } from "../run-evicting.js";
import { cachedRepository, removeRevisions } from "./cached-repositories.js";
import { cachedCommit, repositoryFolder } from "./layout.js";
import { cachedModel } from "./pull.js";
import { hubSettings, type HubSettings } from "./settings.js";

export function hubEviction(
  { cache, offline }: HubSettings = hubSettings(processEnvironment()),
): Pick<Evicting, "isAbsent" | "remove"> {
  return {
    isAbsent: async ({ source, revision }) =>
      !offline && isHubSource(source) && (await cachedModel(cache, source, revision ?? "main")) === null,
    async remove({ source, revision }) {
      const id = { kind: "models", name: source } as const;
      const commit = cachedCommit(repositoryFolder(cache, id), revision ?? "main");
      const repository = cachedRepository(cache, id);
      const own = repository.revisions.filter((one) => one.commit === commit);
      if (own.length > 0) await removeRevisions(cache, repository, own);
    },
  };
}
