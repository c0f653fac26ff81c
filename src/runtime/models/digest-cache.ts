import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Json } from "../../compiler/base/digest.js";
import { digestOfFile as hashFile } from "../store/file-digest.js";
import { fileChange, settledFileIdentity, settlesIn, type FileIdentity } from "./file-identity.js";

/**
 * Digests of large files, remembered between runs for as long as the file is the same one in the same state: device,
 * inode, size and both times, of which nobody can set the last one back. The cache is a convenience: a file that cannot be
 * read or written only costs the hashing again.
 */
export interface DigestCache {
  /**
   * SHA-256 of a file's bytes, in hexadecimal. `path` must be a real path. Rejects when the file cannot be read, and when
   * it changes meanwhile.
   */
  digestOfFile(path: string): Promise<string>;
}

export interface DigestCacheOptions {
  /** Hash every file, whatever is remembered of it. */
  readonly verify?: boolean;
  /** Told of a file that turns out to hold other bytes than what is remembered of it in the same state. */
  readonly onMismatch?: (path: string) => void;
}

interface CacheEntry {
  readonly identity: FileIdentity;
  readonly digest: string;
}

/** The cache kept in `folder`/weight-digests.json. */
export function openDigestCache(folder: string, { verify = false, onMismatch }: DigestCacheOptions = {}): DigestCache {
  const file = join(folder, "weight-digests.json");
  return {
    async digestOfFile(path) {
      const identity = await settledFileIdentity(path);
      const known = readEntries(file)[path];
      const remembered = known !== undefined && sameIdentity(known.identity, identity) ? known.digest : null;
      if (remembered !== null && !verify) return remembered;
      // A change right after the last one may leave no mark, so nothing is remembered of a file that is being written.
      const settled = settlesIn(identity) === 0;
      const digest = await hashFile(path);
      const change = fileChange({ path, identity });
      if (change !== null) throw new Error(`while it was being read, it ${change}`);
      if (remembered !== null && remembered !== digest) onMismatch?.(path);
      // Read again: another process may have added to it meanwhile.
      if (settled) writeEntries(file, { ...readEntries(file), [path]: { identity, digest } });
      return digest;
    },
  };
}

/** Entries of other versions hold no identity, and what a file holds is believed only as far as it can be compared. */
function sameIdentity(known: Partial<FileIdentity> | undefined, now: FileIdentity): boolean {
  const keys = ["device", "inode", "size", "modified", "changed"] as const;
  return keys.every((key) => known?.[key] === now[key]);
}

/** SHA-256 of a JSON value as JSON.parse gave it (the order of keys counts): fast enough for a tokenizer of 10 MB. */
export function digestOfJson(value: Json): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

function readEntries(file: string): Readonly<Record<string, CacheEntry>> {
  try {
    const entries: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof entries === "object" && entries !== null ? (entries as Record<string, CacheEntry>) : {};
  } catch {
    return {};
  }
}

function writeEntries(file: string, entries: Readonly<Record<string, CacheEntry>>): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const temporary = `${file}.${randomUUID()}.tmp`;
    writeFileSync(temporary, JSON.stringify(entries));
    // A rename is atomic, so that a reader never sees half a file.
    renameSync(temporary, file);
  } catch {
    // Nothing is lost: the digest is computed again next time.
  }
}
