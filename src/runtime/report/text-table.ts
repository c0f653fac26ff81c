/**
 * Tables for a terminal: aligned columns between plain rules, and the reason of every NaN underneath. Texts are laid out
 * as they will be shown: what a terminal would take for an order is written as an escape, and wide characters count as
 * the columns that they take.
 */
import { columnsOf, endOf, padColumns, printableLine, startOf } from "../../compiler/base/printable.js";
import type { NumberNotation } from "./format.js";
import { cellText, notationOfColumn, type TableCell, type TableColumn, type TableData } from "./table-data.js";

/** What a piece of text is, for a style function that colours it. */
export type TextRole =
  "title" | "header" | "rule" | "axis" | "value" | "positive" | "negative" | "nan" | "note" | "warning" | "path";

/** Wraps `text` in whatever makes it look like its role; must not change its visible width. */
export type StyleText = (text: string, role: TextRole) => string;

/** How wide the terminal is (in columns) and how text is styled. */
export interface TextTableOptions {
  readonly width: number;
  readonly style?: StyleText;
}

/** A column laid out: every text already aligned to `width` columns. */
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
 * The table as lines of text, each at most `width` columns wide. When the columns do not fit side by side, value
 * columns continue in a further block that repeats the axes; only text too long for its axis is cut, with an ellipsis.
 */
export function renderTextTable(table: TableData, options: TextTableOptions): string {
  const style = options.style ?? ((text: string) => text);
  const reasons = [...new Set(table.rows.flat().flatMap((cell) => (cell.reason === null ? [] : [cell.reason])))];
  const columns = table.columns.map((column, index) =>
    layOut(
      column,
      table.rows.map((row) => row[index] ?? { value: null, reason: null }),
      notationOfColumn(table, index),
      reasons,
      Math.max(8, Math.floor(column.kind === "text" ? (options.width * 2) / 3 : options.width / 3)),
    ),
  );
  const heading = table.title === "" ? [] : wrapWords(table.title, options.width);
  const lines = heading.map((line) => style(line, "title"));
  if (table.caption !== undefined) {
    lines.push(...wrapWords(table.caption, options.width).map((line) => style(line, "note")));
  }
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

/** A printable text, broken at blanks into lines of at most `width` columns; a longer word keeps its own line. */
export function wrapWords(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of printableLine(text).split(/\s+/)) {
    if (line !== "" && columnsOf(line) + 1 + columnsOf(word) > width) {
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
  notation: NumberNotation,
  reasons: readonly string[],
  limit: number,
): LaidOutColumn {
  const name = printableLine(column.name);
  const unit = column.unit === null ? "" : `(${column.unit})`;
  const isNumeric =
    column.kind !== "text" && cells.every((cell) => cell.value === null || typeof cell.value === "number");
  const texts =
    column.kind === "value" ? valueTexts(column, cells, notation, reasons) : wordTexts(cells, reasons, limit);
  const width = [name, unit, ...texts].reduce((most, text) => Math.max(most, columnsOf(text)), 0);
  const align = (text: string): string => padColumns(text, width, isNumeric ? "right" : "left");
  return { column, header: align(name), unit: align(unit), cells: texts.map(align), width };
}

function valueTexts(
  column: TableColumn,
  cells: readonly TableCell[],
  notation: NumberNotation,
  reasons: readonly string[],
): readonly string[] {
  const hasMarks = cells.some((cell) => cell.reason !== null);
  return cells.map((cell) => {
    if (cell.value === null) return "·";
    if (cell.shown !== undefined) return printableLine(cell.shown);
    const mark = cell.reason === null ? "" : marker(reasons.indexOf(cell.reason));
    // Marks hang outside the numbers, so that the digits stay aligned.
    const room = hasMarks ? " ".repeat(Math.max(0, marker(reasons.length - 1).length - mark.length)) : "";
    return cellText(column, cell, notation) + mark + room;
  });
}

/** Coordinates and words. A marked part stands between « and » and is what is left when the text is too long. */
function wordTexts(cells: readonly TableCell[], reasons: readonly string[], limit: number): readonly string[] {
  return cells.map((cell) => {
    if (cell.value === null) return "·";
    const mark = cell.reason === null ? "" : marker(reasons.indexOf(cell.reason));
    if (cell.mark !== undefined) return around(String(cell.value), cell.mark, limit);
    const text = printableLine(String(cell.value));
    return (columnsOf(text) > limit ? `${startOf(text, limit - 1)}…` : text) + mark;
  });
}

/** The text with its marked part between « and », cut at both ends to `limit` columns. */
function around(text: string, [start, end]: readonly [number, number], limit: number): string {
  const before = printableLine(text.slice(0, start));
  const marked = printableLine(text.slice(start, end));
  const after = printableLine(text.slice(end));
  const [widthBefore, widthAfter] = [columnsOf(before), columnsOf(after)];
  const room = Math.max(0, limit - 2 - columnsOf(marked));
  const left = Math.min(widthBefore, Math.max(Math.floor(room / 2), room - widthAfter));
  const right = Math.min(widthAfter, room - left);
  const head = left < widthBefore ? (left === 0 ? "" : `…${endOf(before, left - 1)}`) : before;
  const tail = right < widthAfter ? (right === 0 ? "" : `${startOf(after, right - 1)}…`) : after;
  return `${head}«${marked}»${tail}`;
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
  const above = headingLine(block);
  const header = [
    ...(above === null ? [] : [style(above, "note")]),
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

/** The line of headings above columns that share one; null where no column has any. */
function headingLine(block: readonly LaidOutColumn[]): string | null {
  if (block.every(({ column }) => column.heading === undefined)) return null;
  const pieces: { readonly text: string; width: number }[] = [];
  for (const { column, width } of block) {
    const text = printableLine(column.heading ?? "");
    const last = pieces.at(-1);
    if (last?.text === text) last.width += gap.length + width;
    else pieces.push({ text, width });
  }
  const cut = (text: string, width: number): string =>
    columnsOf(text) > width ? `${startOf(text, Math.max(0, width - 1))}…` : text;
  const line = pieces.map(({ text, width }) => padColumns(cut(text, width), width, "left")).join(gap);
  return line.trimEnd();
}

function roleOf(column: TableColumn, cell: TableCell | undefined): TextRole {
  if (column.kind === "axis") return "axis";
  if (column.kind === "text") return "value";
  if (typeof cell?.value !== "number") return "value";
  if (Number.isNaN(cell.value)) return "nan";
  if (!column.signed || cell.value === 0) return "value";
  return cell.value > 0 ? "positive" : "negative";
}
