/** How text looks on this terminal: width, colour, diagnostics. */
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import { renderDiagnostics, toJson, type Part } from "../compiler/diagnostics/render.js";
import type { StyleText, TextRole, TextTableOptions } from "../runtime/report/text-table.js";
import { coloured, messages, output, type Colour } from "./screen.js";

const partColours: Readonly<Record<Part, readonly Colour[]>> = {
  error: ["bold", "red"],
  warning: ["bold", "yellow"],
  info: ["bold", "cyan"],
  message: ["bold"],
  place: ["cyan"],
  gutter: ["gray"],
  caret: ["red"],
  related: ["cyan"],
  hint: ["green"],
};

const roleColours: Readonly<Partial<Record<TextRole, readonly Colour[]>>> = {
  title: ["bold"],
  header: ["bold"],
  rule: ["gray"],
  axis: ["cyan"],
  positive: ["red"],
  negative: ["blue"],
  nan: ["yellow"],
  note: ["gray"],
  warning: ["yellow"],
  path: ["underline"],
};

/** Width and style for tables on standard output. */
export function tableOptions(): TextTableOptions {
  const width = Math.max(40, Math.min(output.columns() ?? 100, 140));
  if (!output.colours()) return { width };
  const style: StyleText = (text, role) => {
    const colours = roleColours[role];
    return colours === undefined ? text : coloured(text, colours);
  };
  return { width, style };
}

/** Prints diagnostics to standard error. */
export function printDiagnostics(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>): void {
  if (diagnostics.length === 0) return;
  const style = (part: Part, text: string): string => coloured(text, partColours[part]);
  const text = renderDiagnostics(diagnostics, (path) => sources.get(path), messages.colours() ? { style } : {});
  messages.text(text);
}

/** Diagnostics as `--json` shows them. */
export function diagnosticsJson(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
): readonly unknown[] {
  return diagnostics.map((d) => toJson(d, (path) => sources.get(path)));
}

/** What every command says with `--json` when its input is wrong. */
export function rejectionJson(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>): object {
  return { status: "rejected", diagnostics: diagnosticsJson(diagnostics, sources) };
}
