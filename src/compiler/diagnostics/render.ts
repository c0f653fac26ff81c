/** Diagnostics for people (text with the source around the fault) and for programs (plain JSON). */
import { columnsOf, printableCharacter, printableLine } from "../base/printable.js";
import { lineColumn, lineStarts, type LineColumn, type Span } from "../base/span.js";
import type { Code, Severity } from "./catalogue.js";
import type { Diagnostic, Label } from "./diagnostic.js";

/** What a piece of rendered text is; a terminal gives each its colour. */
export type Part = Severity | "message" | "place" | "gutter" | "caret" | "related" | "hint";

/** Decorates a piece of text, for instance with colour codes. It must not change what is visible. */
export type Style = (part: Part, text: string) => string;

export interface RenderOptions {
  /** No decoration by default. */
  readonly style?: Style;
  /** Columns of source text that are shown of a line; longer lines are cropped around the fault. 100 by default. */
  readonly width?: number;
}

/** Text of a file by its path, as it is given in spans; undefined when it is not known. */
export type Sources = (path: string) => string | undefined;

const plain: Style = (_part, text) => text;
const defaultWidth = 100;
const tabWidth = 4;

/**
 * One diagnostic as lines of text, without a line break at the end:
 *
 *     error[A2001]: unknown metric R_W
 *      --> sweep.atlas:3:30
 *       |
 *     3 | ablate heads L15..30 measure R_W window 16
 *       |                              ^^^
 *     hint: did you mean `R_V`?
 */
export function renderDiagnostic(diagnostic: Diagnostic, sources: Sources, options: RenderOptions = {}): string {
  const style = options.style ?? plain;
  const width = options.width ?? defaultWidth;
  const { severity, code, message, primary } = diagnostic;
  const lines = [`${style(severity, `${severity}[${code}]`)}${style("message", `: ${printableLine(message)}`)}`];
  const labels = [...(primary === null ? [] : [primary]), ...diagnostic.related];
  const gutter = Math.max(0, ...labels.map((label) => String(place(label.span, sources)?.line ?? "").length));
  for (const label of labels) lines.push(...renderLabel(label, label === primary, sources, gutter, width, style));
  const fact = (label: string, text: string | undefined): void => {
    if (text !== undefined) lines.push(`${style("hint", label)} ${printableLine(text)}`);
  };
  fact("expected:", diagnostic.expected);
  fact("   found:", diagnostic.found);
  fact("hint:", diagnostic.hint === "" ? undefined : diagnostic.hint);
  return lines.join("\n");
}

/** Several diagnostics with an empty line between them; the empty text for none. Ends in a line break otherwise. */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: Sources,
  options: RenderOptions = {},
): string {
  return diagnostics.map((diagnostic) => `${renderDiagnostic(diagnostic, sources, options)}\n`).join("\n");
}

function place(span: Span, sources: Sources): LineColumn | null {
  const text = sources(span.file);
  return text === undefined ? null : lineColumn(startsOf(text), Math.min(span.start, text.length));
}

/** The lines of the text that was asked for last: thousands of diagnostics may be about one text. */
let recent: { readonly text: string; readonly starts: readonly number[] } | null = null;

function startsOf(text: string): readonly number[] {
  if (recent?.text !== text) recent = { text, starts: lineStarts(text) };
  return recent.starts;
}

function renderLabel(
  label: Label,
  isPrimary: boolean,
  sources: Sources,
  gutter: number,
  width: number,
  style: Style,
): readonly string[] {
  const { span } = label;
  const text = sources(span.file);
  const margin = " ".repeat(gutter);
  const arrow = isPrimary ? "-->" : ":::";
  const file = printableLine(span.file);
  if (text === undefined) return [`${margin}${style("gutter", arrow)} ${style("place", file)}${after(label.text)}`];
  const starts = startsOf(text);
  const { line, column } = lineColumn(starts, Math.min(span.start, text.length));
  const lineStart = starts[line - 1] ?? 0;
  const lineText = text.slice(lineStart, (starts[line] ?? text.length + 1) - 1).replace(/\r$/, "");
  const first = Math.min(span.start - lineStart, lineText.length);
  const last = Math.min(span.end - lineStart, lineText.length);
  const shown = crop(lineText, first, last, width);
  const marks = (isPrimary ? "^" : "-").repeat(Math.max(1, shown.end - shown.start));
  const underline = style(isPrimary ? "caret" : "related", `${marks}${after(label.text)}`);
  const bar = style("gutter", "|");
  return [
    `${margin}${style("gutter", arrow)} ${style("place", `${file}:${line}:${column}`)}`,
    `${margin} ${bar}`,
    `${style("gutter", String(line).padStart(gutter))} ${bar} ${shown.text}`.trimEnd(),
    `${margin} ${bar} ${" ".repeat(shown.start)}${underline}`,
  ];
}

const after = (text: string): string => (text === "" ? "" : ` ${printableLine(text)}`);

/** A line as it is shown, and the columns of the underlined part in it. */
interface ShownLine {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Expands tabs, and cuts a line that is too long so that the part from `first` to `last` stays in view. */
function crop(line: string, first: number, last: number, width: number): ShownLine {
  const reach = 8 * width;
  if (line.length > 4 * reach) {
    // Only what is near the fault can be seen, and a line can be as long as a file.
    const from = wholeCharacter(line, Math.max(0, first - reach));
    const to = wholeCharacter(line, Math.min(line.length, Math.min(last, first + reach) + reach));
    if (from > 0 || to < line.length) return crop(line.slice(from, to), first - from, Math.min(last, to) - from, width);
  }
  const cells = toCells(line);
  const columnOf = (offset: number): number => cells.find((cell) => cell.offset >= offset)?.column ?? widthOf(cells);
  const start = columnOf(first);
  const end = Math.max(columnOf(last), start);
  if (widthOf(cells) <= width) return { text: cells.map((cell) => cell.text).join(""), start, end };
  // A third of the room before the fault: what stands before it explains more than what stands behind it.
  const from = Math.max(0, Math.min(start - Math.floor(width / 3), widthOf(cells) - width));
  const visible = cells.filter((cell) => cell.column >= from && cell.column + cell.width <= from + width);
  const origin = visible[0]?.column ?? 0;
  const before = origin > 0 ? "…" : "";
  const behind = origin + widthOf(visible) < widthOf(cells) ? "…" : "";
  const limit = before.length + widthOf(visible);
  return {
    text: before + visible.map((cell) => cell.text).join("") + behind,
    start: Math.min(start - origin + before.length, limit),
    end: Math.min(end - origin + before.length, limit),
  };
}

/** The offset, or the one before it where it lies inside a surrogate pair. */
function wholeCharacter(line: string, offset: number): number {
  return /[\udc00-\udfff]/.test(line.charAt(offset)) ? offset - 1 : offset;
}

/** One visible character: where it is in the line, in which column it is shown, how wide it is. */
interface Cell {
  readonly offset: number;
  readonly column: number;
  readonly width: number;
  readonly text: string;
}

function toCells(line: string): readonly Cell[] {
  const cells: Cell[] = [];
  let offset = 0;
  let column = 0;
  for (const character of line) {
    const isTab = character === "\t";
    const shown = isTab
      ? " ".repeat(tabWidth - (column % tabWidth))
      : printableCharacter(character, line.slice(Math.max(0, offset - 8), offset));
    const width = columnsOf(shown);
    cells.push({ offset, column, width, text: shown });
    offset += character.length;
    column += width;
  }
  return cells;
}

function widthOf(cells: readonly Cell[]): number {
  const first = cells[0];
  const last = cells.at(-1);
  return first === undefined || last === undefined ? 0 : last.column + last.width - first.column;
}

/** A place for programs: offsets, and lines and columns that count from 1. Lines are null when the text is unknown. */
export interface JsonPlace {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly from: LineColumn | null;
  readonly to: LineColumn | null;
  readonly text: string;
}

/** A diagnostic as plain JSON; fields that a diagnostic may lack are null. */
export interface JsonDiagnostic {
  readonly code: Code;
  readonly severity: Severity;
  readonly message: string;
  readonly primary: JsonPlace | null;
  readonly related: readonly JsonPlace[];
  readonly expected: string | null;
  readonly found: string | null;
  readonly hint: string | null;
  readonly fixes: Diagnostic["fixes"];
}

/** A diagnostic as plain JSON, with lines and columns beside the offsets. */
export function toJson(diagnostic: Diagnostic, sources: Sources): JsonDiagnostic {
  return {
    code: diagnostic.code,
    severity: diagnostic.severity,
    message: diagnostic.message,
    primary: diagnostic.primary === null ? null : jsonPlace(diagnostic.primary, sources),
    related: diagnostic.related.map((label) => jsonPlace(label, sources)),
    expected: diagnostic.expected ?? null,
    found: diagnostic.found ?? null,
    hint: diagnostic.hint ?? null,
    fixes: diagnostic.fixes,
  };
}

function jsonPlace({ span, text }: Label, sources: Sources): JsonPlace {
  return { ...span, from: place(span, sources), to: place({ ...span, start: span.end }, sources), text };
}
