/**
 * Whether files of results are what they would be written as: making them takes longer than everything else of a run that
 * finds all of its work done.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, utimes } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "./store/atomic.js";
import { digestOfFile } from "./store/file-digest.js";
import { saveFormatOf, saveResults } from "./store/results.js";
import type { SavedTable } from "./store/saved-table.js";

/** To be raised when equal rows come to be written as other bytes. */
const writingVersion = 2;

/**
 * Writes the rows to `path`, unless the file there is, to its last byte, what was once written for equal rows. Which bytes
 * that were is noted in the folder `cache`; one that cannot be written costs time and nothing else. Resolves to the file's
 * SHA-256.
 */
export async function keepResults(cache: string, path: string, table: SavedTable): Promise<string> {
  const format = saveFormatOf(path) ?? "parquet";
  const note = join(cache, `results-${digestOf(format, table)}`);
  const wanted = await readFile(note, "utf8").catch(() => null);
  if (wanted !== null && wanted === (await digestOfFile(path).catch(() => null))) {
    const now = new Date();
    await utimes(note, now, now).catch(() => undefined);
    return wanted;
  }
  await saveResults(path, table);
  const written = await digestOfFile(path);
  try {
    await mkdir(cache, { recursive: true });
    await writeFileAtomic(note, written);
  } catch {
    // The results are there all the same.
  }
  return written;
}

function digestOf(format: string, table: SavedTable): string {
  const hash = createHash("sha256");
  hash.update(`${writingVersion} ${format}\n${JSON.stringify([table.length, table.axes])}\n`);
  table.digestInto(hash);
  return hash.digest("hex");
}
