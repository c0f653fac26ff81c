/** Tables for a terminal: aligned columns between plain rules, and the reason of every NaN underneath. */
import { formatColumn } from "./format.js";
import type { TableCell, TableColumn, TableData } from "./table-data.js";

/** What a piece of text is, for a style function that colours it. */
export type TextRole =
  "title" | "header" | "rule" | "axis" | "value" | "positive" | "negative" | "nan" | "note" | "warning" | "path";

/** Wraps `text` in whatever makes it look like its role; must not change its visible width. */
export type StyleText = (text: string, role: TextRole) => string;

/** How wide the terminal is (in characters) and how text is styled. */
export interface TextTableOptions {
  readonly width: number;
  readonly style?: StyleText;
}

/** A column laid out: every text already aligned to `width` characters. */
interface LaidOutColumn {
  readonly column: TableColumn;
  /** Name and unit, one below the other; the unit is empty where there is none. */
  readonly header: string;
  readonly unit: string;
  readonly cells: readonly string[];
  readonly width: number;
}

const gap = "  ";
const superscripts = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"];

/**
 * The table as lines of text, each at most `width` characters wide. When the columns do not fit side by side, value
 * columns continue in a further block that repeats the axes; only text too long for its axis is cut, with an ellipsis.
 */
export function renderTextTable(table: TableData, options: TextTableOptions): string {
  const style = options.style ?? ((text: string) => text);
  const reasons = [...new Set(table.rows.flat().flatMap((cell) => (cell.reason === null ? [] : [cell.reason])))];
  const columns = table.columns.map((column, index) =>
    layOut(
      column,
      table.rows.map((row) => row[index] ?? { value: null, reason: null }),
      reasons,
      Math.max(8, Math.floor(column.kind === "text" ? (options.width * 2) / 3 : options.width / 3)),
    ),
  );
  const lines = wrapWords(table.title, options.width).map((line) => style(line, "title"));
  if (table.rows.length === 0) lines.push(style("no rows", "note"));
  for (const [index, block] of (table.rows.length === 0 ? [] : intoBlocks(columns, options.width)).entries()) {
    if (index > 0) lines.push("");
    lines.push(...renderBlock(block, table, style));
  }
  for (const [index, reason] of reasons.entries()) {
    const marked = wrapWords(`${marker(index)} NaN: ${reason}`, options.width);
    lines.push(...marked.map((line) => style(line, "note")));
  }
  if (table.note !== null) lines.push(...wrapWords(table.note, options.width).map((line) => style(line, "note")));
  return lines.join("\n");
}

/** Breaks a text at spaces into lines of at most `width` characters; a longer word keeps its own line. */
export function wrapWords(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  if (line !== "") lines.push(line);
  return lines;
}

function layOut(
  column: TableColumn,
  cells: readonly TableCell[],
  reasons: readonly string[],
  limit: number,
): LaidOutColumn {
  const unit = column.unit === null ? "" : `(${column.unit})`;
  const isNumeric =
    column.kind !== "text" && cells.every((cell) => cell.value === null || typeof cell.value === "number");
  const texts = column.kind === "value" ? valueTexts(column, cells, reasons) : wordTexts(cells, reasons, limit);
  const width = [column.name, unit, ...texts].reduce((most, text) => Math.max(most, text.length), 0);
  const align = (text: string): string => (isNumeric ? text.padStart(width) : text.padEnd(width));
  return { column, header: align(column.name), unit: align(unit), cells: texts.map(align), width };
}

function valueTexts(column: TableColumn, cells: readonly TableCell[], reasons: readonly string[]): readonly string[] {
  const numbers = formatColumn(
    cells.map((cell) => (typeof cell.value === "number" ? cell.value : NaN)),
    column.signed,
  );
  const hasMarks = cells.some((cell) => cell.reason !== null);
  return cells.map((cell, index) => {
    if (cell.value === null) return "·";
    if (cell.shown !== undefined) return cell.shown;
    const mark = cell.reason === null ? "" : marker(reasons.indexOf(cell.reason));
    // Marks hang outside the numbers, so that the digits stay aligned.
    const room = hasMarks ? " ".repeat(Math.max(0, marker(reasons.length - 1).length - mark.length)) : "";
    return (numbers[index] ?? "") + mark + room;
  });
}

/** Coordinates and words. A marked part stands between « and » and is what is left when the text is too long. */
function wordTexts(cells: readonly TableCell[], reasons: readonly string[], limit: number): readonly string[] {
  return cells.map((cell) => {
    if (cell.value === null) return "·";
    const mark = cell.reason === null ? "" : marker(reasons.indexOf(cell.reason));
    if (cell.mark !== undefined) return around(String(cell.value), cell.mark, limit);
    const text = String(cell.value).replace(/\s+/g, " ");
    return (text.length > limit ? `${text.slice(0, limit - 1)}…` : text) + mark;
  });
}

/** The text with its marked part between « and », cut at both ends to `limit` characters. */
function around(text: string, [start, end]: readonly [number, number], limit: number): string {
  const room = Math.max(0, limit - 2 - (end - start));
  const before = text.slice(0, start);
  const after = text.slice(end);
  const left = Math.min(before.length, Math.max(Math.floor(room / 2), room - after.length));
  const right = Math.min(after.length, room - left);
  const head = left < before.length ? (left === 0 ? "" : `…${before.slice(before.length - left + 1)}`) : before;
  const tail = right < after.length ? (right === 0 ? "" : `${after.slice(0, right - 1)}…`) : after;
  return `${head}«${text.slice(start, end)}»${tail}`;
}

function marker(index: number): string {
  return Array.from(String(index + 1), (digit) => superscripts[Number(digit)] ?? digit).join("");
}

function widthOf(columns: readonly LaidOutColumn[]): number {
  return columns.reduce((sum, column) => sum + column.width + gap.length, -gap.length);
}

function intoBlocks(columns: readonly LaidOutColumn[], width: number): readonly (readonly LaidOutColumn[])[] {
  const axes = columns.filter(({ column }) => column.kind === "axis");
  const blocks: LaidOutColumn[][] = [];
  let block = [...axes];
  for (const column of columns.filter((candidate) => candidate.column.kind !== "axis")) {
    if (block.length > axes.length && widthOf([...block, column]) > width) {
      blocks.push(block);
      block = [...axes];
    }
    block.push(column);
  }
  return [...blocks, block];
}

function renderBlock(block: readonly LaidOutColumn[], table: TableData, style: StyleText): readonly string[] {
  const rule = style("─".repeat(Math.max(1, widthOf(block))), "rule");
  const header = [
    style(
      block
        .map((column) => column.header)
        .join(gap)
        .trimEnd(),
      "header",
    ),
  ];
  if (block.some(({ column }) => column.unit !== null)) {
    header.push(
      style(
        block
          .map((column) => column.unit)
          .join(gap)
          .trimEnd(),
        "note",
      ),
    );
  }
  const body = table.rows.map((row, index) =>
    block
      .map((laidOut) => {
        const cell = row[table.columns.indexOf(laidOut.column)];
        return style(laidOut.cells[index] ?? "", roleOf(laidOut.column, cell));
      })
      .join(gap)
      .trimEnd(),
  );
  return [rule, ...header, rule, ...body, rule];
}

function roleOf(column: TableColumn, cell: TableCell | undefined): TextRole {
  if (column.kind === "axis") return "axis";
  if (column.kind === "text") return "value";
  if (typeof cell?.value !== "number") return "value";
  if (Number.isNaN(cell.value)) return "nan";
  if (!column.signed || cell.value === 0) return "value";
  return cell.value > 0 ? "positive" : "negative";
}
