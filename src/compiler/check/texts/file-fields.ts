/** Which fields the records of prompt files have: for editors, which propose them. */
import type { FileFact } from "../../base/file-fact.js";
import { readRecords, type RecordFormat } from "./text-files.js";
import { formatOf } from "../../base/text-format.js";

/** How much of a file is read, in characters: its first records. */
const readCharacters = 65_536;
const readRecordsOf = 100;

/** Fields by the path of the file, in the order in which they come; none of a file that cannot be read. */
export function fieldsOfFiles(files: ReadonlyMap<string, FileFact>): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, readonly string[]>();
  for (const [path, fact] of files) {
    const format = formatOf(path, false);
    if ("problem" in fact || typeof format !== "string" || format === "plain") continue;
    fields.set(path, fieldsOf(format, fact.text));
  }
  return fields;
}

function fieldsOf(format: RecordFormat, text: string): readonly string[] {
  // An array of JSON is one value, which cannot be cut; lines can.
  const isWhole = text.length <= readCharacters || format === "json";
  const records = readRecords(format, isWhole ? text : text.slice(0, text.lastIndexOf("\n", readCharacters) + 1));
  if ("problem" in records) return [];
  return [...new Set(records.slice(0, readRecordsOf).flatMap(({ fields }) => [...fields.keys()]))];
}
