/** Reading the files that a protocol names: imports and texts. */
import { stat } from "node:fs/promises";
import type { FileFact } from "../compiler/base/file-fact.js";
import { problemOf, readTextFile } from "./read-text.js";

/** A file of at most `most` bytes as text, parquet as JSON Lines; a problem in words where that fails. */
export async function readNamedFile(path: string, most: number): Promise<FileFact> {
  try {
    const found = await stat(path);
    // Opening a pipe waits for somebody who writes, and a device need not end.
    if (!found.isFile() && !found.isDirectory()) return { problem: "it is a pipe or a device, not a file" };
    if (!path.toLowerCase().endsWith(".parquet") || found.isDirectory()) return await readTextFile(path, most);
    // Opened when a protocol names such a file: most do not, and it takes longer than reading a text.
    const { readParquetFile } = await import("./read-parquet.js");
    return await readParquetFile(path, most);
  } catch (error) {
    return { problem: problemOf(error) };
  }
}
