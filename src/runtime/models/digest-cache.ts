import { createHash, randomUUID } from "node:crypto";
import { createReadStream, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Json } from "../../compiler/base/digest.js";

/**
 * Digests of large files, remembered between runs by path, size and time of last change. The cache is a convenience: a
 * file that cannot be read or written only costs the hashing again.
 */
export interface DigestCache {
  /** SHA-256 of a file's bytes, in hexadecimal. `path` must be a real path. Rejects when the file cannot be read. */
  digestOfFile(path: string): Promise<string>;
}

interface CacheEntry {
  readonly size: number;
  readonly modified: number;
  readonly digest: string;
}

/** The cache kept in `folder`/weight-digests.json. */
export function openDigestCache(folder: string): DigestCache {
  const file = join(folder, "weight-digests.json");
  return {
    async digestOfFile(path) {
      const { size, mtimeMs: modified } = statSync(path);
      const known = readEntries(file)[path];
      if (known?.size === size && known.modified === modified) return known.digest;
      const digest = await hashFile(path);
      // Read again: another process may have added to it meanwhile.
      writeEntries(file, { ...readEntries(file), [path]: { size, modified, digest } });
      return digest;
    },
  };
}

/** SHA-256 of a JSON value as JSON.parse gave it (the order of keys counts): fast enough for a tokenizer of 10 MB. */
export function digestOfJson(value: Json): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
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
