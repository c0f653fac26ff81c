/** Putting text into HTML and into scripts inside HTML without it being taken for either. */
import { printable } from "../../compiler/base/printable.js";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Text for element content and for quoted attributes. What cannot be seen is written as on a terminal: a protocol must read
 * as it runs, and marks of direction would show it in another order.
 */
export function escapeHtml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** Scripts that are written from right to left. */
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** A name or text of a user as element content. Written from right to left, it moves nothing of what stands beside it. */
export function isolatedHtml(text: string): string {
  return rightToLeft.test(text) ? `<bdi>${escapeHtml(text)}</bdi>` : escapeHtml(text);
}

/** JSON for a `<script>` element: no `<` survives, so neither `</script>` nor `<!--` can occur in it. */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value)
    .replace(/</g, "\\u003c")
    .replace(/\u2028/g, "\\u2028")
    .replace(/\u2029/g, "\\u2029");
}
