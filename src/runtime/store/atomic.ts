/** Writing files so that no reader and no crash ever finds half of one. */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access, open, readlink, realpath, rename, stat, unlink, writeFile, type FileHandle } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { errorCode, reasonOf } from "./fault.js";
import { ownStartMark } from "./lock.js";
import { makeFolder } from "./make-folder.js";

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

/** A path beside `path` that no other file of any running process has. */
function temporaryPath(path: string): string {
  return join(dirname(path), temporaryName(basename(path)));
}

async function openTemporary(path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx");
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    // An earlier process with the same id died and left this very name.
    await unlink(path);
    return await open(path, "wx");
  }
}

/** What a file is to hold: all of it, or its parts, made anew each time that the file is written. */
export type FileContent =
  Uint8Array | string | (() => AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>);

/** Writes `path` by way of a temporary file that is already open; `prepare` does what is to be done to that first. */
async function replaceWith(
  temporary: string,
  handle: FileHandle,
  path: string,
  content: FileContent,
  prepare: (handle: FileHandle) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  try {
    try {
      await prepare(handle);
      await writeFile(handle, typeof content === "function" ? content() : content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    // Node does not know the path of a handle: a full disk shows itself when one is written to.
    if (error instanceof Error && "syscall" in error && !("path" in error)) Object.assign(error, { path });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Times that a file is written again because its folder, or the temporary file, was deleted at that moment. */
const writingTrials = 5;

/**
 * Writes a file so that whoever opens `path`, at any moment and after any crash, finds the old content or the new one,
 * never a part: temporary file beside it, fsync, rename, fsync of the folder. Makes the folder when it is missing, also
 * when it is deleted meanwhile. Rejects with node's own error (ENOSPC, EACCES …), and then leaves no temporary file
 * behind. A process that is killed in the middle leaves one, whose name `isTemporaryName` recognises.
 */
export async function writeFileAtomic(path: string, content: FileContent): Promise<void> {
  for (let trial = 1; ; trial += 1) {
    try {
      await makeFolder(dirname(path));
      const temporary = temporaryPath(path);
      await replaceWith(temporary, await openTemporary(temporary), path, content);
      return;
    } catch (error) {
      if (errorCode(error) !== "ENOENT" || trial === writingTrials) throw error;
    }
  }
}

/** What a path leads to through symbolic links, whether or not it is there. */
async function linkTarget(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
  const link = await readlink(path).catch(() => null);
  return link === null ? path : linkTarget(resolve(dirname(path), link));
}

/**
 * Replaces a file of the user's as {@link writeFileAtomic} does. A symbolic link stays one, and what it leads to is
 * written; permissions stay, and owner and group as far as this process may set them. A file that may not be written is
 * refused, though its folder would allow the rename. Resolves to why it could not be done (the old content is then
 * whole), in words, or to null. Another name of the same file (a hard link) keeps the old content.
 */
export async function replaceFile(path: string, content: Uint8Array | string): Promise<string | null> {
  try {
    const target = await linkTarget(path);
    const before = await stat(target).catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") return null;
      throw error;
    });
    if (before?.isFile() === false) return before.isDirectory() ? "it is a folder" : "it is no ordinary file";
    if (before !== null) await access(target, constants.W_OK);
    const temporary = temporaryPath(target);
    let handle;
    try {
      handle = await openTemporary(temporary);
    } catch (error) {
      return `no file can be made in its folder ${dirname(target)}: ${reasonOf(error)}`;
    }
    await replaceWith(temporary, handle, target, content, async (fresh) => {
      if (before === null) return;
      // Only root may give a file away, and a group may be one that this process is not in.
      await fresh.chown(before.uid, before.gid).catch(() => undefined);
      await fresh.chmod(before.mode & 0o7777);
    });
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}
