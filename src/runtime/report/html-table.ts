/**
 * Tables as HTML: they can be sorted, filtered, copied and saved as CSV, and the reason of every NaN stands underneath. A
 * long table has its first rows in the page, for readers without scripts, and all of them as {@link packTable}.
 */
import { printable } from "../../compiler/base/printable.js";
import { escapeHtml, isolatedHtml, jsonForScript } from "./escape.js";
import { packTable } from "./packed-table.js";
import {
  cellText,
  isNumericColumn,
  notationOfColumn,
  type TableCell,
  type TableColumn,
  type TableData,
} from "./table-data.js";

/** Rows that stand in the page itself; of a longer table the page shows as many at a time. */
const rowsOfPage = 100;
/** A table of so many rows is short enough to stand in the page as a whole. */
const longestWhole = 200;
/** Letters of words that stand on one line. */
const shortText = 40;

/** The table as a `<section>`; `index` makes its identifiers unique in the page. */
export function tableHtml(table: TableData, index: number): string {
  const { columns, rows } = table;
  const isLong = rows.length > longestWhole;
  const reasons = new Set<string>();
  for (const row of rows) for (const { reason } of row) if (reason !== null) reasons.add(reason);
  const known = new Map([...reasons].map((reason, i) => [reason, i + 1]));
  const notations = columns.map((_, at) => notationOfColumn(table, at));
  const numeric = columns.map((_, at) => isNumericColumn(table, at));
  const body = rows.slice(0, isLong ? rowsOfPage : rows.length).map((row) => {
    const cells = columns.map((column, at) => {
      const notation = notations[at] ?? { decimals: 0, exponential: false, signed: false };
      const text = cellText(column, row[at], notation);
      return bodyCell(column, row[at], typographic(column, text), known, index, numeric[at] === true);
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  const empty = `<tr><td colspan="${Math.max(1, columns.length)}">no rows</td></tr>`;
  const name = `Table ${index + 1}${table.title === "" ? "" : `: ${table.title}`}`;
  return `<section class="card table-card" data-table="${index}" data-name="${escapeHtml(fileName(table.title, "table"))}" aria-label="${escapeHtml(name)}">
${table.title === "" ? "" : `<h3>${isolatedHtml(table.title)}</h3>`}
${table.caption === undefined ? "" : `<p class="table-caption">${isolatedHtml(table.caption)}</p>`}
${table.note === null || table.note === "" ? "" : `<p class="note">${escapeHtml(table.note)}</p>`}
${toolbarHtml(index, rows.length)}
<div class="table-scroll" tabindex="0" role="region" aria-label="${escapeHtml(`Rows of ${name}`)}">
<table class="data"${isLong ? ` aria-rowcount="${rows.length + 1}"` : ""}>
<thead>${headingRow(columns)}<tr>${columns.map((column, at) => headerCell(column, numeric[at] === true)).join("")}</tr></thead>
<tbody>
${body.length === 0 ? empty : body.join("\n")}
</tbody>
</table>
</div>
${isLong ? pagerHtml(rows.length, index) : ""}
${reasonList([...reasons], index)}
<script type="application/json" class="table-columns">${jsonForScript(columnsForScript(columns, [...reasons]))}</script>
${isLong ? `<script type="text/plain" class="table-rows">${packTable(table, [...reasons])}</script>` : ""}
</section>`;
}

/** What the page's script needs to know of a table, as it may be shown. */
function columnsForScript(columns: readonly TableColumn[], reasons: readonly string[]): unknown {
  return {
    columns: columns.map(({ name, kind, unit, heading }) => ({
      name: printable(name),
      kind,
      unit: unit === null ? null : printable(unit),
      heading: heading === undefined ? null : printable(heading),
    })),
    reasons: reasons.map(printable),
  };
}

/** A name for a file that a reader saves. */
export function fileName(title: string, otherwise: string): string {
  return (
    title
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 60) || otherwise
  );
}

/** What needs scripts, and is hidden until they run. */
function toolbarHtml(index: number, rows: number): string {
  if (rows === 0) return "";
  const filter =
    rows < 6
      ? ""
      : `<label for="filter-${index}">Filter</label><input type="search" id="filter-${index}" autocomplete="off" spellcheck="false" placeholder="words, or layer>3" aria-describedby="rows-${index}">`;
  return `<div class="table-tools" hidden>${filter}<span class="row-count" id="rows-${index}" role="status"></span>
<span class="buttons"><button type="button" data-do="copy">Copy</button><button type="button" data-do="csv">CSV</button></span></div>`;
}

function pagerHtml(rows: number, index: number): string {
  const button = (what: string, label: string, sign: string): string =>
    `<button type="button" data-page="${what}" aria-label="${label}">${sign}</button>`;
  const without = `<noscript><p class="note">The first ${rowsOfPage} of ${rows} rows; with scripts the page shows all of them.</p></noscript>`;
  return `<nav class="pager" aria-label="Pages of table ${index + 1}" hidden>${button("first", "First rows", "«")}${button("back", "Rows before", "‹")}<span class="page-text"></span>${button("next", "Next rows", "›")}${button("last", "Last rows", "»")}</nav>${without}`;
}

/** A minus as wide as a plus; table cells are read, not parsed (exact values are in `data-sort`). */
function typographic({ kind }: TableColumn, text: string): string {
  return kind === "value" ? text.replace(/^-/, "−") : text;
}

/** The row of headings over columns that belong together. */
function headingRow(columns: readonly TableColumn[]): string {
  if (columns.every(({ heading }) => heading === undefined)) return "";
  const spans: { readonly text: string; count: number }[] = [];
  for (const { heading = "" } of columns) {
    const last = spans.at(-1);
    if (last?.text === heading) last.count++;
    else spans.push({ text: heading, count: 1 });
  }
  const cells = spans.map(({ text, count }) =>
    text === ""
      ? `<td colspan="${count}"></td>`
      : `<th scope="colgroup" colspan="${count}" class="span">${isolatedHtml(text)}</th>`,
  );
  return `<tr class="spans">${cells.join("")}</tr>`;
}

function headerCell(column: TableColumn, numeric: boolean): string {
  const unit = column.unit === null ? "" : ` <span class="unit">${escapeHtml(column.unit)}</span>`;
  return `<th scope="col"${numeric ? ' class="numeric"' : ""} aria-sort="none"><button type="button" class="sort">${isolatedHtml(column.name)}${unit}<span class="arrow" aria-hidden="true"></span></button></th>`;
}

function bodyCell(
  column: TableColumn,
  cell: TableCell | undefined,
  text: string,
  reasons: ReadonlyMap<string, number>,
  index: number,
  numeric: boolean,
): string {
  const value = cell?.value ?? null;
  const short = column.kind === "text" && text.length <= shortText ? "short" : "";
  const classes = [numeric ? "numeric" : "", column.kind, toneOf(column, value), short].filter((name) => name !== "");
  const number = cell?.reason == null ? 0 : (reasons.get(cell.reason) ?? 0);
  const mark = number === 0 ? "" : `<sup><a href="#table-${index}-reason-${number}">${number}</a></sup>`;
  const hover = cell?.reason == null ? "" : ` title="${escapeHtml(cell.reason)}"`;
  const sort = value === null ? "" : escapeHtml(String(value));
  const error = cell?.error === undefined ? "" : ` data-error="${cell.error}"`;
  return `<td class="${classes.join(" ")}" data-sort="${sort}"${error}${hover}>${markedHtml(text, cell)}${mark}</td>`;
}

/** The text of a cell, its marked part as such. */
function markedHtml(text: string, cell: TableCell | undefined): string {
  if (cell?.mark === undefined) return isolatedHtml(text);
  const [start, end] = cell.mark;
  const [before, marked, after] = [text.slice(0, start), text.slice(start, end), text.slice(end)];
  return `${isolatedHtml(before)}<mark>${isolatedHtml(marked)}</mark>${isolatedHtml(after)}`;
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
