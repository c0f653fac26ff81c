import { readdir, readFile, unlink, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { errorCode, reasonOf, StoreFault } from "./fault.js";
import { makeFolder } from "./make-folder.js";

/** Who holds a folder. `started` tells two processes apart that had the same id one after the other. */
export interface LockHolder {
  readonly processId: number;
  readonly host: string;
  /** The system's start mark of the process (clock ticks since boot on Linux), or null where there is none. */
  readonly started: string | null;
  /** When the lock was taken, ISO 8601. */
  readonly since: string;
}

/** The right to write in a folder. */
export interface FolderLock {
  readonly holder: LockHolder;
  /** Gives the folder back. Doing so twice is harmless. */
  release(): Promise<void>;
}

/** Another process is writing in the folder. `file` is the lock file that says so. */
export class LockHeldFault extends Error {
  readonly holder: LockHolder;
  readonly file: string;

  constructor(folder: string, file: string, holder: LockHolder) {
    const elsewhere = holder.host === hostname() ? "" : ` on ${holder.host} (delete ${file} if that process is gone)`;
    super(`${folder} is in use by process ${holder.processId}${elsewhere}, since ${holder.since}`);
    this.name = "LockHeldFault";
    this.holder = holder;
    this.file = file;
  }
}

/**
 * State letter and start mark of a process from the system's process table, or null where there is no such table. A
 * process that has ended and was not yet collected by its parent ("Z") counts as gone.
 */
function processEntry(processId: number): { readonly state: string; readonly started: string } | null {
  try {
    const text = readFileSync(join("/proc", String(processId), "stat"), "latin1");
    // The second field is the program's name in parentheses and may hold anything, spaces and parentheses too.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", started: fields[19] ?? "" };
  } catch {
    return null;
  }
}

/** True when a process with this id runs on this machine; with `started`, only when it is that very process. */
export function processRuns(processId: number, started: string | null): boolean {
  const entry = processEntry(processId);
  if (entry !== null) return entry.state !== "Z" && (started === null || entry.started === started);
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // EPERM: it runs and belongs to somebody else.
    return errorCode(error) === "EPERM";
  }
}

/** The start mark of this process, or null. */
export function ownStartMark(): string | null {
  return processEntry(process.pid)?.started ?? null;
}

const prefix = "writer.";
const suffix = ".lock";

async function readHolder(file: string): Promise<LockHolder | null> {
  try {
    const value = JSON.parse(await readFile(file, "utf8")) as Partial<LockHolder>;
    if (typeof value.processId !== "number" || typeof value.host !== "string") return null;
    return {
      processId: value.processId,
      host: value.host,
      started: value.started ?? null,
      since: value.since ?? "an unknown time",
    };
  } catch {
    return null;
  }
}

/** Whether a lock still counts. Of a process on another machine nothing can be known, so its lock counts. */
function holds(holder: LockHolder): boolean {
  return holder.host !== hostname() || processRuns(holder.processId, holder.started);
}

/** Who holds a folder now, or null. Changes nothing; a folder that cannot be read is held by nobody. */
export async function holderOf(folder: string): Promise<LockHolder | null> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(prefix) || !name.endsWith(suffix)) continue;
    const holder = await readHolder(join(folder, name));
    if (holder !== null && holds(holder)) return holder;
  }
  return null;
}

/**
 * Takes a folder for this process, making it when it is missing. Locks of processes that are gone (killed, machine
 * restarted) are removed. Rejects with LockHeldFault, which names the process that has it, or with StoreFault.
 *
 * Each process writes a file of its own and only then looks for others, so that of two that come at the same moment at
 * least one sees the other; a file is only ever removed by its owner or after its owner's end. Two that start in the
 * same instant may both be turned away.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const holder: LockHolder = {
    processId: process.pid,
    host: hostname(),
    started: ownStartMark(),
    since: new Date().toISOString(),
  };
  const own = `${prefix}${holder.host.replace(/[^\w-]/g, "_")}.${holder.processId}${suffix}`;
  const ownFile = join(folder, own);
  const release = async (): Promise<void> => {
    await unlink(ownFile).catch(() => undefined);
  };
  try {
    await makeFolder(folder);
    const earlier = await readHolder(ownFile);
    // Our own id in the name: either this process has the folder already, or a dead one had the same id.
    if (earlier !== null && earlier.started === holder.started && holds(earlier)) {
      throw new LockHeldFault(folder, ownFile, earlier);
    }
    await writeFile(ownFile, JSON.stringify(holder));
    for (const name of await readdir(folder)) {
      if (name === own || !name.startsWith(prefix) || !name.endsWith(suffix)) continue;
      const file = join(folder, name);
      const other = await readHolder(file);
      // A file that cannot be read is being written just now, or its writer died while writing: ask the name.
      const unread = other === null ? Number(name.slice(prefix.length, -suffix.length).split(".").at(-1)) : Number.NaN;
      const last = other ?? { processId: unread, host: holder.host, started: null, since: "just now" };
      if (holds(last)) {
        await release();
        throw new LockHeldFault(folder, file, last);
      }
      await unlink(file).catch(() => undefined);
    }
  } catch (error) {
    if (error instanceof LockHeldFault) throw error;
    throw new StoreFault(`cannot lock ${folder}: ${reasonOf(error)}`, folder, null, error);
  }
  return { holder, release };
}
