/**
 * The cache of Hugging Face's tools, as they lay it out: `models--org--name/` with `blobs/DIGEST`, `refs/NAME` (a commit) and
 * `snapshots/COMMIT/FILE`, which are relative links to blobs. Whatever fills it, everybody else reads it.
 * @source huggingface_hub, docs/guides/manage-cache
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { copyFile, lstat, rename, symlink, unlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { errorCode } from "../store/fault.js";
import { writeFileAtomic } from "../store/atomic.js";
import { makeFolder } from "../store/make-folder.js";
import type { Repository, RepositoryId } from "./repository.js";

const commitForm = /^[0-9a-f]{40}$/;

/** The folder of a repository: `models--EleutherAI--pythia-70m`. */
export function repositoryFolder(cache: string, { kind, name }: RepositoryId): string {
  return join(cache, `${kind}--${name.replaceAll("/", "--")}`);
}

/** Where processes of this program wait for one another. */
export function lockFolderOf(cache: string, { kind, name }: RepositoryId): string {
  return join(cache, ".locks", `${kind}--${name.replaceAll("/", "--")}`);
}

export function blobPath(folder: string, digest: string): string {
  return join(folder, "blobs", digest);
}

/** The commit that a revision means in the cache: one that is written down, or itself; null where nothing is known. */
export function cachedCommit(folder: string, revision: string): string | null {
  const path = join(folder, "refs", revision);
  try {
    // A commit has 40 letters; whatever is larger is none.
    if (statSync(path).isFile() && statSync(path).size <= 100) {
      const commit = readFileSync(path, "utf8").trim();
      if (commitForm.test(commit)) return commit;
    }
  } catch {
    // It is no name that anybody has written down.
  }
  return commitForm.test(revision) ? revision : null;
}

/** The folder of a commit's files. */
export function snapshotFolder(folder: string, commit: string): string {
  return join(folder, "snapshots", commit);
}

/**
 * Makes the files of a snapshot from blobs that are there, `last` at the end: whoever finds it finds all others. Then
 * writes down which commit the revision means.
 */
export async function linkSnapshot(
  folder: string,
  { commit, files }: Repository,
  revision: string,
  last: string,
): Promise<void> {
  const snapshot = snapshotFolder(folder, commit);
  const ordered = [...files].sort((a, b) => Number(a.path === last) - Number(b.path === last));
  for (const { path, digest } of ordered) {
    const place = join(snapshot, ...path.split("/"));
    if (existsSync(place)) continue;
    await makeFolder(dirname(place));
    await linkBlob(blobPath(folder, digest), place);
  }
  // A commit is its own name.
  if (revision !== commit) await writeFileAtomic(join(folder, "refs", ...revision.split("/")), commit);
}

async function linkBlob(blob: string, place: string): Promise<void> {
  // A link whose blob was deleted is in the way.
  if ((await lstat(place).catch(() => null)) !== null) await unlink(place);
  try {
    await symlink(relative(dirname(place), blob), place);
  } catch (error) {
    const code = errorCode(error);
    if (code === "EEXIST") return;
    // Systems on which not everybody may make links.
    if (code !== "EPERM" && code !== "ENOSYS" && code !== "EACCES" && code !== "EOPNOTSUPP") throw error;
    const whole = `${place}.atlasc-part`;
    await copyFile(blob, whole);
    await rename(whole, place);
  }
}
