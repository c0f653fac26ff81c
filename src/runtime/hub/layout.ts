/**
 * The cache of Hugging Face's tools, as they lay it out: `models--org--name/` with `blobs/DIGEST`, `refs/NAME` (a commit) and
 * `snapshots/COMMIT/FILE`, which are relative links to blobs. Whatever fills it, everybody else reads it.
 * @source huggingface_hub, docs/guides/manage-cache
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export type RepositoryKind = "models" | "datasets";

/** A repository by kind and name: `models`, `EleutherAI/pythia-70m`. */
export interface RepositoryId {
  readonly kind: RepositoryKind;
  readonly name: string;
}

/** What people and addresses of the Hub call a repository: `EleutherAI/pythia-70m`, `datasets/org/texts`. */
export function addressOf({ kind, name }: RepositoryId): string {
  return kind === "models" ? name : `datasets/${name}`;
}

function folderName({ kind, name }: RepositoryId): string {
  return `${kind}--${name.replaceAll("/", "--")}`;
}

/** The folder of a repository: `models--EleutherAI--pythia-70m`. */
export function repositoryFolder(cache: string, id: RepositoryId): string {
  return join(cache, folderName(id));
}

/** Where processes of this program wait for one another. */
export function lockFolderOf(cache: string, id: RepositoryId): string {
  return join(cache, ".locks", folderName(id));
}

export function blobPath(folder: string, digest: string): string {
  return join(folder, "blobs", digest);
}

/** The folder of a commit's files. */
export function snapshotFolder(folder: string, commit: string): string {
  return join(folder, "snapshots", commit);
}

/** Whether a text is a commit: 40 hex digits. */
export function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}

/** The commit that a file below `refs` holds; null where there is no such file, or another thing in it. */
export function commitIn(path: string): string | null {
  try {
    const stat = statSync(path);
    // A commit has 40 letters; whatever is larger is none.
    if (!stat.isFile() || stat.size > 100) return null;
    const commit = readFileSync(path, "utf8").trim();
    return isCommit(commit) ? commit : null;
  } catch {
    return null;
  }
}

/** The commit that a revision means in the cache: one that is written down, or itself; null where nothing is known. */
export function cachedCommit(folder: string, revision: string): string | null {
  return commitIn(join(folder, "refs", revision)) ?? (isCommit(revision) ? revision : null);
}
