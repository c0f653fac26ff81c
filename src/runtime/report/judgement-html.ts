/** The section of the report in which people say what the results mean. What nobody has said is left blank. */
import { escapeHtml } from "./escape.js";
import type { GivenJudgement, Judgement, JudgementsView } from "./report-input.js";

const opening = '<section id="judgement"';
const closing = "</section>";

const empty =
  "Empty. What these results mean is for a person to say, with a name and a date; the machine never fills this in.";

/** The section, with a row of blank fields for the run and for each hypothesis that nobody has judged. */
export function judgementHtml({ inRecord, given, hypotheses }: JudgementsView): string {
  const isEmpty = inRecord === null && given.length === 0;
  const subjects = [...(inRecord === null ? [null] : []), ...hypotheses];
  const blank = [...new Set(subjects)].filter((own) => !given.some(({ hypothesis }) => hypothesis === own));
  const rows = [...given.map(rowHtml), ...blank.map(blankHtml)];
  const head = ["Of", "Verdict", "By", "Date", "Note"].map((name) => `<th scope="col">${name}</th>`).join("");
  const table = `<table class="data judgements">
<thead><tr>${head}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>`;
  const parts = [
    isEmpty ? `<p class="empty">${empty}</p>` : "",
    inRecord === null ? "" : writtenHtml(inRecord),
    rows.length === 0
      ? ""
      : `<div class="table-scroll" tabindex="0" role="region" aria-label="Judgements given">${table}</div>`,
  ];
  return `${opening} class="card judgement"><h2>Judgement</h2>${parts.join("")}${closing}`;
}

function writtenHtml({ text, by }: Judgement): string {
  const who = by === null ? "Without a name and a date." : `${escapeHtml(by.name)}, ${escapeHtml(by.date)}`;
  return `<blockquote>${escapeHtml(text)}</blockquote><p class="note">${who}</p>`;
}

/** What a judgement is of, in words. */
export function subjectText(hypothesis: string | null): string {
  return hypothesis ?? "the run";
}

/** What is said of a judgement whose results are gone. */
export const ofOthersText = "the results have changed since";

function rowHtml({ hypothesis, verdict, by, time, note, ofOthers }: GivenJudgement): string {
  const changed = ofOthers ? ` <span class="badge warning">${ofOthersText}</span>` : "";
  return (
    `<tr><td>${escapeHtml(subjectText(hypothesis))}</td><td><strong>${escapeHtml(verdict)}</strong>${changed}</td>` +
    `<td>${escapeHtml(by)}</td><td>${escapeHtml(time)}</td><td class="said">${escapeHtml(note ?? "")}</td></tr>`
  );
}

function blankHtml(hypothesis: string | null): string {
  return `<tr class="blank"><td>${escapeHtml(subjectText(hypothesis))}</td>${"<td></td>".repeat(4)}</tr>`;
}

/** The page with this section in the place of the one it has; null for a page without one. */
export function replaceJudgementSection(page: string, view: JudgementsView): string | null {
  // Text of users is escaped, so that neither mark can be a part of it.
  const start = page.indexOf(opening);
  const end = start < 0 ? -1 : page.indexOf(closing, start);
  if (end < 0) return null;
  return `${page.slice(0, start)}${judgementHtml(view)}${page.slice(end + closing.length)}`;
}
