/** Removes what writers that were killed left behind. */
import { readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { hostMark, temporaryWriter } from "./atomic.js";
import { processRuns } from "./lock.js";

/** A temporary file of another machine is left alone as long as its writer could still be at work on it. */
const longestWriteMs = 24 * 3600 * 1000;

/**
 * Removes temporary files of dead processes from folders and everything below them; those of living ones stay, and so do
 * files of other names. Whatever cannot be listed or removed is passed over: it does no harm.
 */
export async function sweepTemporaries(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && (await isAbandoned(path, entry.name))) await unlink(path).catch(() => undefined);
    }
  }
}

async function isAbandoned(path: string, name: string): Promise<boolean> {
  const writer = temporaryWriter(name);
  if (writer === null) return false;
  if (writer.host === null || writer.host === hostMark()) return !processRuns(writer.processId, writer.started);
  // Of a process on another machine nothing can be known but how long ago it last wrote.
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
  return Date.now() - mtimeMs > longestWriteMs;
}
