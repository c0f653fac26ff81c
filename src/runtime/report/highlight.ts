/** Source text as HTML lines with numbers and light colouring. */
import { escapeHtml } from "./escape.js";
import type { SourceToken } from "./report-input.js";

/**
 * One list item per line; the numbers come from the list, so that copying the text does not copy them. Tokens may come
 * in any order; where two overlap, the later one starts after the earlier; parts outside the text are ignored.
 */
export function highlightSource(text: string, tokens: readonly SourceToken[]): string {
  const sorted = [...tokens].sort((a, b) => a.start - b.start || b.end - a.end);
  const lines = [""];
  const append = (piece: string, scope: string | null): void => {
    // A token may span lines, but an element may not: each line gets its own.
    for (const [index, part] of piece.split(/\r\n|\r|\n/).entries()) {
      if (index > 0) lines.push("");
      if (part === "") continue;
      const html = scope === null ? escapeHtml(part) : `<span class="tok-${scope}">${escapeHtml(part)}</span>`;
      lines[lines.length - 1] = (lines.at(-1) ?? "") + html;
    }
  };
  let offset = 0;
  for (const token of sorted) {
    const start = Math.max(offset, token.start);
    const end = Math.min(text.length, token.end);
    if (start >= end) continue;
    append(text.slice(offset, start), null);
    append(text.slice(start, end), scopeClass(token.scope));
    offset = end;
  }
  append(text.slice(offset), null);
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  return lines.map((line) => `<li><code>${line === "" ? " " : line}</code></li>`).join("\n");
}

/** The first part of a dotted scope, as a class name. */
function scopeClass(scope: string): string {
  return (scope.split(".")[0] ?? "").toLowerCase().replace(/[^a-z0-9-]/g, "") || "text";
}
