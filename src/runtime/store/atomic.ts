import { mkdir, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const temporarySuffix = ".part";
let written = 0;

/** True for the names that `writeFileAtomic` uses before a file is complete: readers of a folder pass them over. */
export function isTemporaryName(name: string): boolean {
  return name.startsWith(".") && name.endsWith(temporarySuffix);
}

/** Makes a rename survive a power failure. Systems that cannot open a folder (Windows) have no such call. */
async function syncFolder(folder: string): Promise<void> {
  let handle;
  try {
    handle = await open(folder, "r");
  } catch {
    return;
  }
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems refuse to sync a folder; the data itself has been synced by then.
    if (!["EINVAL", "EPERM", "ENOTSUP", "EISDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file so that whoever opens `path`, at any moment and after any crash, finds the old content or the new one,
 * never a part: temporary file beside it, fsync, rename, fsync of the folder. Makes the folder when it is missing.
 * Rejects with node's own error (ENOSPC, EACCES …), and then leaves no temporary file behind. A process that is killed
 * in the middle leaves one, whose name `isTemporaryName` recognises.
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  written += 1;
  const temporary = join(folder, `.${basename(path)}.${process.pid}.${written}${temporarySuffix}`);
  // "w", not "wx": an earlier process with the same id may have died and left this very name.
  const handle = await open(temporary, "w");
  try {
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
}
