/** What the results panel shows, as data that is sent to its page. The page shows all of it as text. */
import type { Problem } from "./outcome.js";
import type { Progress } from "./run-process.js";

export type PanelState =
  | {
      readonly kind: "running";
      readonly title: string;
      /** Milliseconds since 1970. */
      readonly since: number;
      readonly progress: Progress | null;
      readonly stopping: boolean;
    }
  | {
      readonly kind: "ended";
      readonly title: string;
      readonly note: string;
      readonly problems: readonly Problem[];
      /** Lines that the program printed. */
      readonly lines: readonly string[];
    };

/** What the page says. */
export type PageMessage =
  | { readonly kind: "ready" | "stop" | "again" }
  /** The place of a problem is to be shown. */
  | { readonly kind: "show"; readonly index: number };

/** Reads what a page sent: the report is a page, too, and whatever it says is nobody's wish. */
export function readMessage(value: unknown): PageMessage | null {
  if (typeof value !== "object" || value === null || !("kind" in value)) return null;
  const { kind } = value;
  if (kind === "ready" || kind === "stop" || kind === "again") return { kind };
  if (kind === "show" && "index" in value && typeof value.index === "number") return { kind, index: value.index };
  return null;
}

/** The page's text: it holds no data, and loads its own script and style only. */
export function pageText(page: {
  readonly nonce: string;
  readonly cspSource: string;
  readonly script: string;
  readonly style: string;
}): string {
  const policy = `default-src 'none'; style-src ${page.cspSource}; script-src 'nonce-${page.nonce}'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${page.style}">
<title>Results</title>
</head>
<body>
<main id="content" aria-live="polite"></main>
<script nonce="${page.nonce}" src="${page.script}"></script>
</body>
</html>
`;
}
