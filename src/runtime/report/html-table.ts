/** Tables as HTML: sortable by their header buttons, with the reason of every NaN underneath. */
import { escapeHtml } from "./escape.js";
import { formatColumn } from "./format.js";
import { cellsInNotation, type TableCell, type TableColumn, type TableData } from "./table-data.js";

/** Rows that a page shows: a table of every token of a corpus would make it too large to open. */
const longestTable = 2000;

/** The table as a `<section>`; `index` makes its identifiers unique in the page. */
export function tableHtml(table: TableData, index: number): string {
  const shown = table.rows.slice(0, longestTable);
  const reasons = [...new Set(shown.flat().flatMap((cell) => (cell.reason === null ? [] : [cell.reason])))];
  const texts = table.columns.map((column, at) =>
    columnTexts(
      column,
      shown.map((row) => row[at]),
      cellsInNotation({ columns: table.columns, rows: shown }, at),
    ),
  );
  const numeric = table.columns.map((_, at) =>
    shown.every((row) => row[at]?.value == null || typeof row[at].value === "number"),
  );
  const head = table.columns.map((column, at) => headerCell(column, numeric[at] === true)).join("");
  const body = shown.map((row, line) => {
    const cells = table.columns.map((column, at) =>
      bodyCell(column, row[at], texts[at]?.[line] ?? "", reasons, index, numeric[at] === true),
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  const empty = `<tr><td colspan="${Math.max(1, table.columns.length)}">no rows</td></tr>`;
  return `<section class="card table-card" aria-labelledby="table-${index}">
${table.title === "" ? "" : `<h3 id="table-${index}">${escapeHtml(table.title)}</h3>`}
${noteHtml(table, shown.length)}
<div class="table-scroll" tabindex="0" role="region" aria-labelledby="table-${index}">
<table class="data">
<thead><tr>${head}</tr></thead>
<tbody>
${body.length === 0 ? empty : body.join("\n")}
</tbody>
</table>
</div>
${reasonList(reasons, index)}
</section>`;
}

function noteHtml(table: TableData, shown: number): string {
  const all = table.rows.length;
  const hidden = `the first ${shown} of ${all} rows; the results table has all of them`;
  const notes = [table.note, shown < all ? hidden : null].filter((note) => note !== null && note !== "");
  return notes.length === 0 ? "" : `<p class="note">${escapeHtml(notes.join("; "))}</p>`;
}

function columnTexts(
  column: TableColumn,
  cells: readonly (TableCell | undefined)[],
  inNotation: readonly TableCell[],
): readonly string[] {
  if (column.kind !== "value") return cells.map((cell) => String(cell?.value ?? "·"));
  const numbers = formatColumn(
    inNotation.map((cell) => (typeof cell.value === "number" ? cell.value : NaN)),
    column.signed,
  );
  return cells.map((cell, line) => (cell?.value == null ? "·" : (cell.shown ?? typographicMinus(numbers[line] ?? ""))));
}

/** A minus as wide as a plus; table cells are read, not parsed (exact values are in `data-sort`). */
function typographicMinus(text: string): string {
  return text.replace(/^-/, "−");
}

function headerCell(column: TableColumn, numeric: boolean): string {
  const unit = column.unit === null ? "" : ` <span class="unit">${escapeHtml(column.unit)}</span>`;
  return `<th scope="col"${numeric ? ' class="numeric"' : ""} aria-sort="none"><button type="button" class="sort">${escapeHtml(column.name)}${unit}<span class="arrow" aria-hidden="true"></span></button></th>`;
}

function bodyCell(
  column: TableColumn,
  cell: TableCell | undefined,
  text: string,
  reasons: readonly string[],
  index: number,
  numeric: boolean,
): string {
  const value = cell?.value ?? null;
  const classes = [numeric ? "numeric" : "", column.kind, toneOf(column, value)].filter((name) => name !== "");
  const number = cell?.reason == null ? 0 : reasons.indexOf(cell.reason) + 1;
  const mark = number === 0 ? "" : `<sup><a href="#table-${index}-reason-${number}">${number}</a></sup>`;
  const hover = cell?.reason == null ? "" : ` title="${escapeHtml(cell.reason)}"`;
  const sort = value === null ? "" : escapeHtml(String(value));
  return `<td class="${classes.join(" ")}" data-sort="${sort}"${hover}>${markedHtml(text, cell)}${mark}</td>`;
}

/** The text of a cell, its marked part as such. */
function markedHtml(text: string, cell: TableCell | undefined): string {
  if (cell?.mark === undefined) return escapeHtml(text);
  const [start, end] = cell.mark;
  const [before, marked, after] = [text.slice(0, start), text.slice(start, end), text.slice(end)];
  return `${escapeHtml(before)}<mark>${escapeHtml(marked)}</mark>${escapeHtml(after)}`;
}

function toneOf(column: TableColumn, value: TableCell["value"]): string {
  if (typeof value !== "number") return "";
  if (Number.isNaN(value)) return "nan";
  if (!column.signed || value === 0) return "";
  return value > 0 ? "positive" : "negative";
}

function reasonList(reasons: readonly string[], index: number): string {
  if (reasons.length === 0) return "";
  const items = reasons.map((reason, at) => `<li id="table-${index}-reason-${at + 1}">NaN: ${escapeHtml(reason)}</li>`);
  return `<ol class="reasons">${items.join("")}</ol>`;
}
