/** A report that was written before a judgement: its section is made anew, and the rest of the page stays as it is. */
import { readFile } from "node:fs/promises";
import { judgementViews } from "./judgement-views.js";
import { replaceJudgementSection } from "./report/judgement-html.js";
import { writeFileAtomic } from "./store/atomic.js";
import { reasonOf } from "./store/fault.js";
import type { StoredJudgement } from "./store/judgements.js";
import { sha256, writeRecord, type RunRecord } from "./store/record.js";
import type { RunFolder } from "./store/run-folder.js";

/**
 * Shows the judgements of a run in its report, and notes the report's new digest in the record. Resolves to why it could
 * not be done, in a sentence, or to null. The folder must be locked.
 */
export async function renewJudgements(
  folder: RunFolder,
  record: RunRecord,
  judgements: readonly StoredJudgement[],
): Promise<string | null> {
  try {
    const html = replaceJudgementSection(await readFile(folder.report, "utf8"), judgementViews(record, judgements));
    if (html === null) return `${folder.report} has no place for judgements`;
    await writeFileAtomic(folder.report, html);
    const outputs = record.outputs.map((file) => (file.kind === "report" ? { ...file, sha256: sha256(html) } : file));
    await writeRecord(folder.record, { ...record, outputs });
    return null;
  } catch (error) {
    return `${folder.report} could not be written anew: ${reasonOf(error)}`;
  }
}
