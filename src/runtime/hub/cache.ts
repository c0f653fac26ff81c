/** Files of the Hub in its cache: blobs become snapshots. Where things lie is in `layout.ts`. */
import { existsSync } from "node:fs";
import { copyFile, lstat, rename, symlink, unlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { errorCode } from "../store/fault.js";
import { writeFileAtomic } from "../store/atomic.js";
import { makeFolder } from "../store/make-folder.js";
import { blobPath, snapshotFolder } from "./layout.js";
import type { Repository } from "./repository.js";

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
