/** How text looks on this terminal: width, colour, diagnostics. */
import { styleText } from "node:util";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import { renderDiagnostics, toJson, type Part } from "../compiler/diagnostics/render.js";
import type { StyleText, TextRole, TextTableOptions } from "../runtime/report/text-table.js";

type Format = Parameters<typeof styleText>[0];

function colours(stream: NodeJS.WriteStream): boolean {
  if (process.env["NO_COLOR"] !== undefined && process.env["NO_COLOR"] !== "") return false;
  if (process.env["FORCE_COLOR"] !== undefined && process.env["FORCE_COLOR"] !== "0") return true;
  return stream.isTTY;
}

const partFormats: Readonly<Record<Part, Format>> = {
  error: ["bold", "red"],
  warning: ["bold", "yellow"],
  info: ["bold", "cyan"],
  message: "bold",
  place: "cyan",
  gutter: "gray",
  caret: "red",
  related: "cyan",
  hint: "green",
};

const roleFormats: Readonly<Partial<Record<TextRole, Format>>> = {
  title: "bold",
  header: "bold",
  rule: "gray",
  axis: "cyan",
  positive: "red",
  negative: "blue",
  nan: "yellow",
  note: "gray",
  warning: "yellow",
  path: "underline",
};

/** Width and style for tables on standard output. */
export function tableOptions(): TextTableOptions {
  const width = Math.max(40, Math.min((process.stdout as { readonly columns?: number }).columns ?? 100, 140));
  if (!colours(process.stdout)) return { width };
  const style: StyleText = (text, role) => {
    const format = roleFormats[role];
    return format === undefined ? text : styleText(format, text);
  };
  return { width, style };
}

/** Prints diagnostics to standard error. */
export function printDiagnostics(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>): void {
  if (diagnostics.length === 0) return;
  const style = colours(process.stderr) ? (part: Part, text: string) => styleText(partFormats[part], text) : undefined;
  const text = renderDiagnostics(diagnostics, (path) => sources.get(path), style === undefined ? {} : { style });
  process.stderr.write(`${text}\n`);
}

/** Diagnostics as `--json` shows them. */
export function diagnosticsJson(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
): readonly unknown[] {
  return diagnostics.map((d) => toJson(d, (path) => sources.get(path)));
}

/** What every command says with `--json` when its input is wrong. */
export function rejectionJson(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>): unknown {
  return { status: "rejected", diagnostics: diagnosticsJson(diagnostics, sources) };
}

/** `1 row`, `2 rows`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
