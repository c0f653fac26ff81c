/** Judgements of a run as the report and the terminal show them. */
import type { Judgement, JudgementsView } from "./report/report-input.js";
import { isOfOthers, type StoredJudgement } from "./store/judgements.js";
import type { RunRecord } from "./store/record.js";

/** What people said of a run, and of which hypotheses nobody has said anything. */
export function judgementViews(record: RunRecord, judgements: readonly StoredJudgement[]): JudgementsView {
  return {
    inRecord: judgementOf(record),
    given: judgements.map(({ entry }) => {
      const { time, by, verdict, note, hypothesis } = entry;
      return { time, by, verdict, note, hypothesis, ofOthers: isOfOthers(entry, record) };
    }),
    hypotheses: record.decisions.flatMap(({ title }) => title ?? []),
  };
}

/** What a person wrote into the record itself; blanks are nothing. */
function judgementOf({ judgement }: RunRecord): Judgement | null {
  if (judgement === null) return null;
  if (typeof judgement === "string") return judgement.trim() === "" ? null : { text: judgement, by: null };
  const { text, name, date } = judgement;
  return { text, by: { name, date } };
}
