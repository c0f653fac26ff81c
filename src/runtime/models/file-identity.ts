/**
 * Which file lies under a path, and in which state: what tells a file that was hashed from another one in its place, and
 * from itself after a change. Every write changes the time of the last change of status, and no call sets it back.
 */
import { statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode, reasonOf } from "../store/fault.js";

/** Plain data, so that it may be kept in a file. Times are nanoseconds since 1970, as text: they do not fit a number. */
export interface FileIdentity {
  readonly device: string;
  readonly inode: string;
  /** Bytes. */
  readonly size: number;
  /** Last change of the content, which anybody may set to what they like. */
  readonly modified: string;
  /** Last change of the content or of anything that is known of the file, which only the system sets. */
  readonly changed: string;
}

/** A file of which somebody relies on what it was. */
export interface IdentifiedFile {
  /** The real path, without links. */
  readonly path: string;
  readonly identity: FileIdentity;
}

/** The file that lies under a path now; links are followed. Throws node's own error when there is none. */
export function fileIdentity(path: string): FileIdentity {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return {
    device: String(dev),
    inode: String(ino),
    size: Number(size),
    modified: String(mtimeNs),
    changed: String(ctimeNs),
  };
}

/** Two changes within such a time may leave the same mark; the system's clock for files ticks every 10 ms at most. */
const tickMs = 20;

/** The same on file systems that keep whole seconds (two of them, on the coarsest). */
const coarseTickMs = 2100;

const settlingRounds = 5;

/**
 * Milliseconds until every further change of a file shows in its identity; 0 when that is so already. More than any tick
 * where the file's clock is ahead of this machine's.
 */
export function settlesIn(identity: FileIdentity): number {
  return Math.max(0, tickOf(identity) - (Date.now() - Number(BigInt(identity.changed) / 1_000_000n)));
}

function tickOf({ changed }: FileIdentity): number {
  return BigInt(changed) % 1_000_000_000n === 0n ? coarseTickMs : tickMs;
}

/**
 * The identity of a file that was not changed just now: afterwards every change shows in it. Waits for that, a moment as a
 * rule and some seconds at most; a file that is being written all the time shows its change soon enough.
 */
export async function settledFileIdentity(path: string): Promise<FileIdentity> {
  for (let round = 1; ; round += 1) {
    const identity = fileIdentity(path);
    const wait = settlesIn(identity);
    if (wait === 0 || round === settlingRounds) return identity;
    // A clock that was set back may be far behind the file's time.
    await sleep(Math.min(wait, tickOf(identity)));
  }
}

/** What is different about a file, as a clause after its name (`is gone`); null when it is the file that it was. */
export function fileChange({ path, identity }: IdentifiedFile): string | null {
  let now: FileIdentity;
  try {
    now = fileIdentity(path);
  } catch (error) {
    return errorCode(error) === "ENOENT" ? "is gone" : `cannot be looked at any more: ${reasonOf(error)}`;
  }
  if (now.device !== identity.device || now.inode !== identity.inode) return "was replaced by another file";
  if (now.size !== identity.size) return `has ${now.size} bytes instead of ${identity.size}`;
  if (now.modified !== identity.modified) return "was written to or touched";
  return now.changed === identity.changed ? null : "was changed (the time of its last change moved)";
}
