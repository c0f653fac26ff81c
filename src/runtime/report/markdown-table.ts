/** Tables for notes and web pages: Markdown as GitHub reads it, with the source aligned as well. */
import { columnsOf, padColumns, printableLine } from "../../compiler/base/printable.js";
import { cellText, isNumericColumn, notationOfColumn, type TableData } from "./table-data.js";

/** Text that Markdown shows as it is, on one line of a table. */
export function escapeMarkdown(text: string): string {
  return printableLine(text).replace(/[\\`*_{}[\]<>#|~$&]/g, "\\$&");
}

/** The table: its title, its caption, the rows, what there is to note. A minus is as wide as a plus. */
export function markdownTable(table: TableData): string {
  const { columns, rows } = table;
  const reasons = [...new Set(rows.flat().flatMap(({ reason }) => reason ?? []))];
  const numeric = columns.map((_, at) => rows.length > 0 && isNumericColumn(table, at));
  const texts = columns.map((column, at) => {
    const notation = notationOfColumn(table, at);
    return rows.map((row) => {
      const cell = row[at];
      const mark = cell?.reason == null ? "" : ` [${reasons.indexOf(cell.reason) + 1}]`;
      const text = cellText(column, cell, notation);
      return escapeMarkdown((column.kind === "value" ? text.replace(/^-/, "−") : text) + mark);
    });
  });
  const names = columns.map(({ name, unit, heading }) =>
    escapeMarkdown((heading === undefined ? name : `${heading}: ${name}`) + (unit === null ? "" : ` (${unit})`)),
  );
  const lines = [names, ...rows.map((_, i) => columns.map((_column, at) => texts[at]?.[i] ?? ""))];
  const widths = columns.map((_, at) => lines.reduce((most, line) => Math.max(most, columnsOf(line[at] ?? "")), 3));
  const row = (line: readonly string[]): string =>
    `| ${line.map((text, at) => padColumns(text, widths[at] ?? 3, numeric[at] === true ? "right" : "left")).join(" | ")} |`;
  const rule = widths.map((width, at) => (numeric[at] === true ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  const [head, ...body] = lines.map(row);
  const notes = [
    ...(table.note === null || table.note === "" ? [] : [table.note]),
    ...reasons.map((reason, i) => `[${i + 1}] NaN: ${reason}`),
  ];
  return [
    `**${escapeMarkdown(table.caption ?? table.title)}**`,
    "",
    head ?? "",
    `| ${rule.join(" | ")} |`,
    ...body,
    ...notes.flatMap((note) => ["", escapeMarkdown(note)]),
    "",
  ].join("\n");
}
