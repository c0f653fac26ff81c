import { createHash } from "node:crypto";
import { mkdir, open, rename, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { errorCode } from "./fault.js";
import { ownStartMark } from "./lock.js";

const temporarySuffix = ".part";
let written = 0;

/** True for the names that `writeFileAtomic` uses before a file is complete: readers of a folder pass them over. */
export function isTemporaryName(name: string): boolean {
  return name.startsWith(".") && name.endsWith(temporarySuffix);
}

/** Who writes, or wrote, a temporary file, as far as its name says it. */
export interface TemporaryWriter {
  /** A digest of the machine's name; null: the file is of a version of atlasc that did not note it. */
  readonly host: string | null;
  /** The start mark of the process, see `LockHolder`; null when there is none. */
  readonly started: string | null;
  readonly processId: number;
}

/** This machine, in a few letters that every file system takes. */
export function hostMark(): string {
  return createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
}

/** Letters of a file's name that its temporary file repeats, for a person who wonders; a name has an end. */
const repeatedLetters = 32;

/** `.<name>.<host>-<start mark>.<process id>.<number>.part`: unique in time, on every machine that shares the folder. */
function temporaryName(name: string): string {
  written += 1;
  const writer = `${hostMark()}-${ownStartMark() ?? "0"}.${process.pid}.${written}`;
  return `.${Array.from(name).slice(0, repeatedLetters).join("")}.${writer}${temporarySuffix}`;
}

/** Whose temporary file has this name; null when it is not the name of one. */
export function temporaryWriter(name: string): TemporaryWriter | null {
  const parts = /^\..*?(?:\.([0-9a-f]{8})-(\d+))?\.(\d+)\.\d+\.part$/s.exec(name);
  if (parts === null) return null;
  const [, host = null, started = null, processId] = parts;
  return { host, started: started === "0" ? null : started, processId: Number(processId) };
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
    if (!["EINVAL", "EPERM", "ENOTSUP", "EISDIR"].includes(errorCode(error) ?? "")) throw error;
  } finally {
    await handle.close();
  }
}

/** Times that a file is written again because its folder, or the temporary file, was deleted at that moment. */
const writingTrials = 5;

/**
 * Writes a file so that whoever opens `path`, at any moment and after any crash, finds the old content or the new one,
 * never a part: temporary file beside it, fsync, rename, fsync of the folder. Makes the folder when it is missing, also
 * when it is deleted meanwhile. Rejects with node's own error (ENOSPC, EACCES …), and then leaves no temporary file
 * behind. A process that is killed in the middle leaves one, whose name `isTemporaryName` recognises.
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  for (let trial = 1; ; trial += 1) {
    try {
      await writeOnce(path, content);
      break;
    } catch (error) {
      if (errorCode(error) !== "ENOENT" || trial === writingTrials) throw error;
    }
  }
  await syncFolder(dirname(path));
}

async function writeOnce(path: string, content: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, temporaryName(basename(path)));
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
}
