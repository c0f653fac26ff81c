/** Sections of the report that are made of sentences: verdicts, prompts, methods. */
import { countOf } from "../../compiler/results/describe.js";
import { escapeHtml, isolatedHtml } from "./escape.js";
import type { TableData } from "./table-data.js";
import type { MethodsParagraph, ReportDecision, ReportText, ReportTexts } from "./report-input.js";

/** What the hypotheses came to, before anything else: each leads to its tests. */
export function verdictsHtml(decisions: readonly ReportDecision[]): string {
  const items = decisions.flatMap(({ verdict, title, sentence, table }, i) => {
    if (verdict === null) return [];
    const said = numbersOf(table) ?? saidBeside(verdict.label, sentence);
    return [
      `<li><span class="badge ${verdict.tone}">${verdict.label}</span><div><a href="#decision-${i}">${isolatedHtml(title)}</a><p>${escapeHtml(said)}</p></div></li>`,
    ];
  });
  if (items.length === 0) return "";
  const heading = items.length === 1 ? "Verdict" : "Verdicts";
  return `<section id="verdicts" class="card verdicts" aria-labelledby="verdicts-heading"><h2 id="verdicts-heading">${heading}</h2><ul>${items.join("\n")}</ul></section>`;
}

/** The sentence without the verdict, which is its first word and stands beside it already. */
function saidBeside(verdict: string, sentence: string): string {
  const rest = sentence.startsWith(verdict) ? sentence.slice(verdict.length).replace(/^:?\s+/, "") : sentence;
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

/** `estimate [95%] 0.054 [0.031, 0.076], p 0.00082, n 6`: the numbers behind a verdict of a single test. */
function numbersOf({ columns, rows }: TableData): string | null {
  const [row, another] = rows;
  if (row === undefined || another !== undefined) return null;
  const parts = columns.flatMap(({ name }, at) => {
    const value = String(row[at]?.value ?? "·");
    if (value === "·") return [];
    if (name.startsWith("p")) return [`${name} = ${value}`];
    return name === "n"
      ? [`n = ${value}`]
      : name.startsWith("estimate")
        ? [`${name.replace("estimate", "Estimate")} ${value}`]
        : [];
  });
  return parts.length < 2 ? null : parts.join(", ");
}

/** Prompts that stand open; the others unfold. */
const openPrompts = 4;

/** The texts of each set: a few at once, the rest behind a button, and a count of those that the page leaves out. */
export function promptsHtml(texts: readonly ReportTexts[]): string {
  if (texts.length === 0) return "";
  const sets = texts.map(({ name, what, total, items }) => {
    const open = items.length <= openPrompts + 2 ? items : items.slice(0, openPrompts);
    const folded = items.slice(open.length);
    const left = total - items.length;
    const leftOut =
      left === 0 ? "" : `<p class="note">and ${left.toLocaleString("en")} more, which the page leaves out</p>`;
    const more =
      folded.length === 0
        ? ""
        : `<details><summary>${folded.length.toLocaleString("en")} more</summary>${listHtml(folded, open.length + 1)}${leftOut}</details>`;
    return `<section class="card prompts"><h3>${isolatedHtml(name)}</h3><p class="note">${escapeHtml(countOf(total.toLocaleString("en"), what))}</p>${listHtml(open, 1)}${more === "" ? leftOut : more}</section>`;
  });
  return `<section id="prompts"><h2>Prompts</h2>\n${sets.join("\n")}\n</section>`;
}

function listHtml(items: readonly ReportText[], start: number): string {
  const rows = items.map(({ group, text, tokens }) => {
    const label = group === null ? "" : `<span class="group">${isolatedHtml(group)}</span> `;
    return `<li>${label}<q>${isolatedHtml(text)}</q> <span class="tokens">${countOf(tokens, "token")}</span></li>`;
  });
  return `<ol start="${start}">${rows.join("\n")}</ol>`;
}

export function methodsHtml(paragraphs: readonly MethodsParagraph[]): string {
  if (paragraphs.length === 0) return "";
  const parts = paragraphs.map(
    ({ heading, text }) => `<p><strong>${escapeHtml(heading)}.</strong> ${escapeHtml(text)}</p>`,
  );
  return `<section id="methods"><h2>Methods</h2><div class="card methods">${parts.join("\n")}<p class="buttons" hidden><button type="button" data-copy="methods">Copy</button></p></div></section>`;
}
