/** record.json on the disk: read with what is known of older formats, and written whole. */
import { readFile } from "node:fs/promises";
import { writeFileAtomic } from "./atomic.js";
import { errorCode, reasonOf, StoreFault } from "./fault.js";
import { RecordFault } from "./record-fault.js";
import { recordProblems } from "./record-schema.js";
import { recordFormat, type RunRecord } from "./record-types.js";

/** The first format, which knew one run only: the last one, whatever it had computed. */
const firstFormat = "atlasc-record-1";

/** A record of the first format as one of this; anything else as it is. What it did not know of its run is null. */
function upgraded(value: Readonly<Record<string, unknown>>): unknown {
  if (value["format"] !== firstFormat) return value;
  const object = (key: string): Readonly<Record<string, unknown>> | undefined => {
    const found = value[key];
    return typeof found === "object" && found !== null ? (found as Readonly<Record<string, unknown>>) : undefined;
  };
  const facts = {
    times: value["times"],
    versions: value["versions"],
    machine: { host: null, ...object("machine") },
    execution: value["execution"],
    counts: { left: null, ...object("counts") },
  };
  const isOver = value["status"] !== "asked" && value["status"] !== "running";
  const run = { file: null, status: value["status"], ...facts, ...(isOver ? {} : { counts: null }), values: null };
  return { ...value, format: recordFormat, ...facts, values: null, runs: [run] };
}

/** Those of the parts that an object does not have. */
function lacking(object: object, parts: Readonly<Record<string, null>>): Readonly<Record<string, null>> {
  return Object.fromEntries(Object.entries(parts).filter(([key]) => !(key in object)));
}

/** Records of earlier versions lack what these did not know: outcomes of statements, how work was divided, lists of units. */
function completed(earlier: unknown): unknown {
  if (typeof earlier !== "object" || earlier === null) return earlier;
  // What is there keeps its place: a record that is read and written again reads as before.
  const value = { ...earlier, ...lacking(earlier, { planning: null, units: null }) };
  const decisions: unknown = "decisions" in earlier ? earlier.decisions : null;
  if (!Array.isArray(decisions)) return value;
  const complete = decisions.map((decision: unknown): unknown =>
    typeof decision === "object" && decision !== null
      ? { ...decision, ...lacking(decision, { outcome: null }) }
      : decision,
  );
  return { ...value, decisions: complete };
}

function formatProblems(format: unknown): string[] {
  if (format === recordFormat || format === firstFormat) return [];
  const version = /^atlasc-record-(\d+)$/.exec(String(format))?.[1];
  const known = `this one reads ${firstFormat} and ${recordFormat}`;
  const name = format === undefined ? "not named" : JSON.stringify(format);
  if (version === undefined) return [`its format is ${name}; ${known}`];
  return [`its format is ${String(format)}, which another version of atlasc wrote; ${known}`];
}

/**
 * Reads and checks a record, one of the first format as if it were of this; null when there is none. Rejects with
 * RecordFault (not valid, or of a format that this version does not read) or StoreFault (not readable).
 */
export async function readRecord(path: string): Promise<RunRecord | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw new StoreFault(`cannot read ${path}: ${reasonOf(error)}`, path, null, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The message can quote some of the text.
    const message = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ");
    throw new RecordFault(path, [`it is not JSON: ${message}`]);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RecordFault(path, ["it is not a JSON object"]);
  }
  const object = value as Readonly<Record<string, unknown>>;
  const foreign = formatProblems(object["format"]);
  if (foreign.length > 0) throw new RecordFault(path, foreign);
  const record = completed(upgraded(object));
  const problems = recordProblems(record);
  if (problems.length > 0) throw new RecordFault(path, problems);
  return record as RunRecord;
}

/**
 * Writes a record, checked first and atomically, and returns what was written: the judgement of a record that is
 * there already is carried over, since a person wrote it. Rejects with RecordFault, also when the record that
 * is there is damaged (it is left as it is, for a person to look at), or with StoreFault.
 */
export async function writeRecord(path: string, record: RunRecord): Promise<RunRecord> {
  const earlier = await readRecord(path);
  const merged: RunRecord = earlier === null ? record : { ...record, judgement: earlier.judgement };
  const problems = recordProblems(merged);
  if (problems.length > 0) throw new RecordFault(path, problems);
  try {
    await writeFileAtomic(path, `${JSON.stringify(merged, null, 2)}\n`);
  } catch (error) {
    throw new StoreFault(`cannot write ${path}: ${reasonOf(error)}`, path, null, error);
  }
  return merged;
}
