/** What the cache holds: repositories with their revisions and sizes, and how revisions are removed. */
import { lstatSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { rm, unlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { lockFolder } from "../store/lock.js";
import {
  commitIn,
  isCommit,
  lockFolderOf,
  repositoryFolder,
  type RepositoryId,
  type RepositoryKind,
} from "./layout.js";

/** A commit in the cache. */
export interface CachedRevision {
  readonly commit: string;
  /** Names that mean it: `main`, `step1000`. */
  readonly names: readonly string[];
  /** Digests of its blobs with their sizes in bytes. */
  readonly blobs: ReadonlyMap<string, number>;
}

export interface CachedRepository {
  readonly id: RepositoryId;
  readonly folder: string;
  /** Bytes on the disk, parts of files that are not complete among them. */
  readonly size: number;
  readonly revisions: readonly CachedRevision[];
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch {
    return [];
  }
}

/** Everything in a cache, by name. */
export function cachedRepositories(cache: string): readonly CachedRepository[] {
  let folders: readonly string[];
  try {
    folders = readdirSync(cache);
  } catch {
    return [];
  }
  return [...folders].sort().flatMap((name) => {
    const [, kind, rest] = /^(models|datasets)--(.+)$/.exec(name) ?? [];
    if (kind === undefined || rest === undefined) return [];
    const id = { kind: kind as RepositoryKind, name: rest.replaceAll("--", "/") };
    return [cachedRepository(cache, id)];
  });
}

/** One repository as the cache has it; without revisions where it has none. */
export function cachedRepository(cache: string, id: RepositoryId): CachedRepository {
  const folder = repositoryFolder(cache, id);
  const names = new Map<string, string[]>();
  for (const name of namesIn(join(folder, "refs"))) {
    const commit = commitIn(join(folder, "refs", name));
    if (commit === null) continue;
    names.set(commit, [...(names.get(commit) ?? []), name]);
  }
  const blobs = namesIn(join(folder, "blobs")).map((name) => lstatSync(join(folder, "blobs", name)).size);
  const commits = namesIn(join(folder, "snapshots")).filter(isCommit);
  return {
    id,
    folder,
    size: blobs.reduce((sum, size) => sum + size, 0),
    revisions: commits.map((commit) => revisionOf(folder, commit, names.get(commit) ?? [])),
  };
}

function revisionOf(folder: string, commit: string, names: readonly string[]): CachedRevision {
  const snapshot = join(folder, "snapshots", commit);
  const blobs = new Map<string, number>();
  for (const name of namesIn(snapshot)) {
    const path = join(snapshot, name);
    if (!lstatSync(path).isSymbolicLink()) continue;
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) continue;
    blobs.set(basename(readlinkSync(path)), found.size);
  }
  return { commit, names, blobs };
}

/** Bytes that removing these revisions would free: those of blobs that no other one has. */
export function freedBy({ revisions }: CachedRepository, removed: readonly CachedRevision[]): number {
  return exclusiveBlobs(revisions, removed).reduce((sum, [, size]) => sum + size, 0);
}

function exclusiveBlobs(
  revisions: readonly CachedRevision[],
  removed: readonly CachedRevision[],
): readonly (readonly [digest: string, size: number])[] {
  const kept = new Set(revisions.filter((one) => !removed.includes(one)).flatMap(({ blobs }) => [...blobs.keys()]));
  return [...new Map(removed.flatMap(({ blobs }) => [...blobs]))].filter(([digest]) => !kept.has(digest));
}

/**
 * Removes revisions with the blobs that no other one has; the whole repository when nothing is left. Rejects with
 * LockHeldFault while another process of this program downloads it.
 */
export async function removeRevisions(
  cache: string,
  repository: CachedRepository,
  removed: readonly CachedRevision[],
): Promise<void> {
  const lock = await lockFolder(lockFolderOf(cache, repository.id));
  try {
    const { folder, revisions } = repository;
    if (removed.length === revisions.length) {
      await rm(folder, { recursive: true, force: true });
      return;
    }
    for (const { commit, names } of removed) {
      // What is found first goes first: half a snapshot is not found by its name.
      for (const name of names) await rm(join(folder, "refs", name), { force: true });
      await rm(join(folder, "snapshots", commit), { recursive: true, force: true });
    }
    for (const [digest] of exclusiveBlobs(revisions, removed)) {
      await unlink(join(folder, "blobs", digest)).catch(() => undefined);
    }
  } finally {
    await lock.release();
  }
}
