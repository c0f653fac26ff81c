/** Whether the files of a run are those that it wrote: results, saved files, figures, report, judgements. */
import { join } from "node:path";
import { errorCode, reasonOf } from "../store/fault.js";
import { readJudgements } from "../store/judgements.js";
import { digestOfFile as digestOf } from "../store/file-digest.js";
import type { RunRecord } from "../store/record.js";
import { resultChunks } from "../store/results.js";
import type { RunFolder } from "../store/run-folder.js";
import { digestOfNumbers } from "../values-digest.js";
import { counted } from "../../compiler/base/counted.js";
import { type Checked, type Finding } from "./finding.js";

/** The files that the record names, by their digests; the results also by their values. */
export async function checkFiles({ folder, results }: RunFolder, record: RunRecord): Promise<Checked> {
  const findings: Finding[] = [];
  for (const { path, sha256: expected } of record.outputs) {
    const found = await digestOfFile(join(folder, path));
    if (found !== expected) findings.push({ what: path, expected, found });
  }
  // The same values in other bytes are another matter than other values.
  if (record.values !== null) {
    const found = await digestOfValues(results);
    if (found !== null && found !== record.values) {
      findings.push({ what: "the values in results.parquet", expected: record.values, found });
    }
  }
  return { looked: [counted(record.outputs.length, "file")], findings, notes: [] };
}

async function digestOfFile(path: string): Promise<string> {
  try {
    return await digestOf(path);
  } catch (error) {
    return errorCode(error) === "ENOENT" ? "missing" : reasonOf(error);
  }
}

/** null for a file that cannot be read, which its own digest tells. */
async function digestOfValues(path: string): Promise<string | null> {
  try {
    // A part of the file at a time: its rows may be many.
    const parts: Float64Array[] = [];
    for await (const rows of resultChunks(path)) parts.push(Float64Array.from(rows, ({ value }) => value));
    const values = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      values.set(part, at);
      at += part.length;
    }
    return digestOfNumbers(values);
  } catch {
    return null;
  }
}

/** Whether each judgement is well formed, follows the one before, and is of this request. */
export async function checkJudgements({ folder }: RunFolder, record: RunRecord): Promise<Checked> {
  const { entries, problems } = await readJudgements(folder);
  const findings: Finding[] = problems.map(({ file, problem }) => ({
    what: file,
    expected: "a judgement as it was written",
    found: problem,
  }));
  const [first] = record.runs;
  for (const { file, entry } of entries) {
    if (entry.of.digest !== record.protocol.digest) {
      findings.push({ what: `${file}: what it is of`, expected: record.protocol.digest, found: entry.of.digest });
    }
    if (first !== undefined && entry.time < first.times.asked) {
      findings.push({
        what: `${file}: its time`,
        expected: `after the first run (${first.times.asked})`,
        found: entry.time,
      });
    }
    const { hypothesis } = entry;
    if (hypothesis !== null && !record.decisions.some(({ title }) => title === hypothesis)) {
      findings.push({ what: `${file}: its hypothesis`, expected: "one of the record's", found: hypothesis });
    }
  }
  return { looked: entries.length === 0 ? [] : [counted(entries.length, "judgement")], findings, notes: [] };
}
