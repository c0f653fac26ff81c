/**
 * Whether results.parquet is what it would be written as: making it takes longer than everything else of a run that finds
 * all of its work done.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { SavedRow } from "../compiler/ir/results.js";
import { writeFileAtomic } from "./store/atomic.js";
import { writeResults } from "./store/results.js";

/** To be raised when equal rows come to be written as other bytes. */
const writingVersion = 1;
/** Rows that are put into the digest at once. */
const block = 2000;

/**
 * Writes the rows to `path`, unless the file there is, to its last byte, what was once written for equal rows. Which bytes
 * that were is noted in the folder `cache`; one that cannot be written costs time and nothing else.
 */
export async function keepResults(cache: string, path: string, rows: readonly SavedRow[]): Promise<void> {
  const note = join(cache, `results-${digestOf(rows)}`);
  const wanted = await readFile(note, "utf8").catch(() => null);
  if (wanted !== null && wanted === (await fileDigest(path))) {
    const now = new Date();
    await utimes(note, now, now).catch(() => undefined);
    return;
  }
  await writeResults(path, rows);
  try {
    await mkdir(cache, { recursive: true });
    await writeFileAtomic(note, (await fileDigest(path)) ?? "");
  } catch {
    // The results are there all the same.
  }
}

/** Of everything in the rows. JSON has no NaN and no −0, so that numbers go into the digest as they are in memory. */
function digestOf(rows: readonly SavedRow[]): string {
  const hash = createHash("sha256").update(`${writingVersion}\n`);
  for (let at = 0; at < rows.length; at += block) {
    const some = rows.slice(at, at + block);
    hash.update(JSON.stringify(some));
    hash.update(Float64Array.from(some.flatMap(numbersOf)));
  }
  return hash.digest("hex");
}

/** A missing number is 0 here and null in JSON, a NaN is NaN here and null there. */
function numbersOf({ value, baseline, impact, relative }: SavedRow): readonly number[] {
  return [value, baseline ?? 0, impact ?? 0, relative ?? 0];
}

async function fileDigest(path: string): Promise<string | null> {
  const bytes = await readFile(path).catch(() => null);
  return bytes === null ? null : createHash("sha256").update(bytes).digest("hex");
}
