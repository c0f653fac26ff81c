/** Getting files of the Hub into the cache: all of them, or a sentence why not. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { LockHeldFault, lockFolder, type FolderLock } from "../store/lock.js";
import { makeFolder } from "../store/make-folder.js";
import { freeBytes, spareBytes } from "../store/room.js";
import { reasonOf } from "../store/fault.js";
import { sizeText } from "../read-text.js";
import { linkSnapshot } from "./cache.js";
import { downloadBlob, partPath, sizeOf } from "./download.js";
import { HubFault } from "./fault.js";
import type { Http } from "./http.js";
import { blobPath, cachedCommit, lockFolderOf, repositoryFolder, snapshotFolder, type RepositoryId } from "./layout.js";
import {
  describeRepository,
  isRepositoryName,
  isRevisionName,
  type RemoteFile,
  type Repository,
} from "./repository.js";
import { configFile, indexFile, singleFile, smallFiles, weightFiles } from "./wanted-files.js";

/** How far a download is. */
export interface PullProgress {
  readonly what: string;
  readonly done: number;
  readonly total: number;
  /** Bytes that were there before: they took no time. */
  readonly before: number;
  readonly seconds: number;
}

/** What a caller is told while files are fetched. */
export interface PullEvents {
  /** A sentence: what is downloaded, or what is waited for. */
  readonly say: (sentence: string) => void;
  readonly progress: (progress: PullProgress) => void;
}

/** A set of files in the cache. */
export interface Pulled {
  readonly commit: string;
  readonly folder: string;
  /** Bytes that were received; 0 when everything was there. */
  readonly received: number;
}

/** The folder of a model that is wholly in the cache; null where something is missing. */
export async function cachedModel(cache: string, name: string, revision: string): Promise<Pulled | null> {
  if (!isRepositoryName(name) || !isRevisionName(revision)) return null;
  const repository = repositoryFolder(cache, { kind: "models", name });
  const commit = cachedCommit(repository, revision);
  if (commit === null) return null;
  const folder = snapshotFolder(repository, commit);
  if (!existsSync(join(folder, configFile))) return null;
  if (existsSync(join(folder, singleFile))) return { commit, folder, received: 0 };
  const index = await readFile(join(folder, indexFile), "utf8").catch(() => null);
  if (index === null) return null;
  const shards = /"([^"\\/]+\.safetensors)"/g;
  const isWhole = [...index.matchAll(shards)].every(([, shard = ""]) => existsSync(join(folder, shard)));
  return isWhole ? { commit, folder, received: 0 } : null;
}

/**
 * Downloads what is needed of a model's revision, whatever of it is in the cache already. Nobody finds it there before all
 * of it is. Rejects with HubFault.
 */
export async function pullModel(http: Http, name: string, revision: string, events: PullEvents): Promise<Pulled> {
  const id: RepositoryId = { kind: "models", name };
  refuseNames(name, revision);
  return locked(http, id, events, async () => {
    const repository = await describeRepository(http, id, revision);
    const small = smallFiles(repository);
    const what = `${name}${revision === "main" ? "" : ` at ${revision}`}`;
    // Shards are known by the index alone, which is small and tells how much is to come.
    const index = small.find(({ path }) => path === indexFile) ?? null;
    if (index !== null) await fetchFiles(http, repository, [index], what, { ...events, say: () => undefined });
    const folder = repositoryFolder(http.settings.cache, id);
    const indexText = index === null ? null : await readFile(blobPath(folder, index.digest), "utf8");
    const files = [...small, ...weightFiles(repository, indexText)];
    const received = await fetchFiles(http, repository, files, what, events);
    await linkSnapshot(folder, { ...repository, files }, revision, configFile);
    return { commit: repository.commit, folder: snapshotFolder(folder, repository.commit), received };
  });
}

/** Downloads files of a repository that `choose` picks. Rejects with HubFault. */
export async function pullFiles(
  http: Http,
  id: RepositoryId,
  revision: string,
  choose: (repository: Repository) => readonly RemoteFile[],
  events: PullEvents,
): Promise<Pulled & { readonly files: readonly RemoteFile[] }> {
  refuseNames(id.name, revision);
  return locked(http, id, events, async () => {
    const repository = await describeRepository(http, id, revision);
    const files = choose(repository);
    const received = await fetchFiles(http, repository, files, id.name, events);
    const folder = repositoryFolder(http.settings.cache, id);
    await linkSnapshot(folder, { ...repository, files }, revision, files.at(-1)?.path ?? "");
    return { commit: repository.commit, folder: snapshotFolder(folder, repository.commit), received, files };
  });
}

function refuseNames(name: string, revision: string): void {
  if (!isRepositoryName(name)) {
    throw new HubFault("A4031", `${name} cannot be a name on the Hub`, 'names have the form "org/name"');
  }
  if (!isRevisionName(revision)) throw new HubFault("A4017", revision, "a revision is a branch, a tag or a commit");
}

/** Does something while no other process of this program downloads the same repository. */
async function locked<T>(http: Http, id: RepositoryId, events: PullEvents, work: () => Promise<T>): Promise<T> {
  const lock = await waitForLock(lockFolderOf(http.settings.cache, id), id.name, events);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

async function waitForLock(folder: string, name: string, events: PullEvents): Promise<FolderLock> {
  for (let told = false; ;) {
    try {
      return await lockFolder(folder);
    } catch (error) {
      if (!(error instanceof LockHeldFault)) {
        throw new HubFault("A4030", `the cache cannot be written: ${reasonOf(error)}`, "HF_HOME names another place");
      }
      if (!told) events.say(`waiting: another process downloads ${name} (${error.message})`);
      told = true;
      // Two that came in the same moment should not come again in the same moment.
      await pause(200 + Math.random() * 300);
    }
  }
}

/** Files that are fetched at the same time. */
const atOnce = 4;

/** Fetches what the cache lacks; resolves to the number of bytes that were received. */
async function fetchFiles(
  http: Http,
  repository: Repository,
  files: readonly RemoteFile[],
  what: string,
  events: PullEvents,
): Promise<number> {
  const { cache } = http.settings;
  const folder = repositoryFolder(cache, repository.id);
  const missing = new Map<string, RemoteFile>();
  for (const file of files) if (!existsSync(blobPath(folder, file.digest))) missing.set(file.digest, file);
  if (missing.size === 0) return 0;
  const total = [...missing.values()].reduce((sum, { size }) => sum + size, 0);
  const parts = await Promise.all([...missing.values()].map((file) => sizeOf(partPath(folder, file.digest))));
  const before = parts.reduce((sum, size) => sum + size, 0);
  await refuseFullDisk(cache, total - before, what);
  const count = `${missing.size} ${missing.size === 1 ? "file" : "files"}`;
  const resumed = before === 0 ? "" : `, ${sizeText(before)} of them here already`;
  events.say(`downloading ${what}: ${count}, ${sizeText(total)}${resumed}, to ${folder}`);

  const begun = Date.now();
  let done = 0;
  const onBytes = (bytes: number): void => {
    done += bytes;
    events.progress({ what, done, total, before, seconds: (Date.now() - begun) / 1000 });
  };
  const queue = [...missing.values()];
  const faults: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined && faults.length === 0; file = queue.shift()) {
      await downloadBlob(http, repository, file, onBytes).catch((error: unknown) => faults.push(error));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (faults.length > 0) throw faults[0];
  return total - before;
}

/** Rejects before anything is written when the disk has too little room. */
async function refuseFullDisk(cache: string, bytes: number, what: string): Promise<void> {
  await makeFolder(cache).catch((error: unknown) => {
    throw new HubFault("A4030", `the cache cannot be made: ${reasonOf(error)}`, "HF_HOME names another place");
  });
  const free = await freeBytes(cache);
  if (bytes + spareBytes <= free) return;
  const hint = "make room (`atlasc models` lists what is there), or let HF_HOME name a larger disk";
  throw new HubFault("A4033", `${what} needs ${sizeText(bytes)}, and ${cache} has ${sizeText(free)} left`, hint);
}
