/** What the report says in the words of others: the question of the protocol, and the texts that were read. */
import type { Protocol } from "../compiler/ir/protocol.js";
import type { ReportTexts } from "./report/report-input.js";

/**
 * The documentation comment at the beginning of a protocol, which says what it asks; null where there is none, or where it
 * belongs to a metric.
 */
export function questionOf(text: string): string | null {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const start = lines.findIndex((line) => line.trim() !== "");
  if (start < 0) return null;
  const said: string[] = [];
  let next = start;
  for (; lines[next]?.startsWith("##") === true; next++) said.push((lines[next] ?? "").slice(2).trim());
  if (said.length === 0 || /^\s*metric\b/.test(lines[next] ?? "")) return null;
  return said.join(" ").trim();
}

/** Texts of a set that a page shows, and letters of each. */
const mostTexts = 300;
const mostLetters = 400;

/** The texts of a protocol, each set once: models read the same texts. The number of tokens is the first model's. */
export function shownTexts({ texts }: Protocol): readonly ReportTexts[] {
  const seen = new Set<string>();
  return texts.flatMap(({ name, prompts, documents }) => {
    if (seen.has(name)) return [];
    seen.add(name);
    const items =
      documents === null
        ? prompts.slice(0, mostTexts).map(({ group, text, ids }) => ({ group, text, tokens: ids.length }))
        : documents.slice(0, mostTexts).map(({ group, windows, tokens }) => {
            const first = prompts[windows[0] ?? -1];
            return { group, text: (first?.text ?? "") + (windows.length > 1 ? " …" : ""), tokens };
          });
    return [
      {
        name,
        what: documents === null ? "prompt" : "text",
        total: documents === null ? prompts.length : documents.length,
        items: items.map(({ group, text, tokens }) => ({
          group: group === null ? null : String(group),
          text: text.length > mostLetters ? `${text.slice(0, mostLetters)}…` : text,
          tokens,
        })),
      },
    ];
  });
}
