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

/** JSON for a `<script>` element: no `<` survives, so neither `</script>` nor `<!--` can occur in it. */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value)
    .replace(/</g, "\\u003c")
    .replace(/\u2028/g, "\\u2028")
    .replace(/\u2029/g, "\\u2029");
}
