/** Making folders that are missing, one by one. */
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "./fault.js";

/**
 * Makes a folder and those above it that are missing. Rejects with node's own error (EACCES, ENOTDIR, ENOENT …). Node's
 * `mkdir` with `recursive` does the same, except where a system refuses new folders by saying that the parent is not
 * there, as /proc does: there it never returns.
 */
export async function makeFolder(folder: string): Promise<void> {
  const missing: string[] = [];
  let path = folder;
  while (!(await isFolder(path))) {
    missing.push(path);
    const parent = dirname(path);
    if (parent === path) break;
    path = parent;
  }
  for (const name of missing.reverse()) {
    try {
      await mkdir(name);
    } catch (error) {
      // Another process may have made it meanwhile.
      if (errorCode(error) !== "EEXIST") throw error;
    }
  }
}

/** False when there is nothing of that name. Rejects as `mkdir` does when there is something else. */
async function isFolder(path: string): Promise<boolean> {
  try {
    if (!(await stat(path)).isDirectory()) await mkdir(path);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}
