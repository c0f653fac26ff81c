/** Tables for a paper: LaTeX with the rules of booktabs, everything escaped, numbers in one notation for each column. */
import { printableLine } from "../../compiler/base/printable.js";
import { cellText, isNumericColumn, notationOfColumn, type TableColumn, type TableData } from "./table-data.js";

const special: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  "#": "\\#",
  $: "\\$",
  "%": "\\%",
  "&": "\\&",
  _: "\\_",
  "^": "\\textasciicircum{}",
  "~": "\\textasciitilde{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  '"': "\\textquotedbl{}",
  "·": "\\textperiodcentered{}",
  "×": "$\\times$",
  "±": "$\\pm$",
  "−": "$-$",
  "→": "$\\rightarrow$",
  "⏎": "$\\hookleftarrow$",
  "∞": "$\\infty$",
  "²": "$^2$",
  "³": "$^3$",
  "…": "\\dots{}",
};

/** Text that LaTeX shows as it is. Characters that cannot be seen are written as escapes, as on a terminal. */
export function escapeLatex(text: string): string {
  return Array.from(printableLine(text), (character) => special[character] ?? character).join("");
}

/**
 * The table as a `table` environment; it needs `\usepackage{booktabs}`. The caption is that of the protocol, or the title;
 * notes and the reasons of NaN stand below.
 */
export function latexTable(table: TableData, label: string): string {
  const { columns, rows } = table;
  const reasons = [...new Set(rows.flat().flatMap(({ reason }) => reason ?? []))];
  const numeric = columns.map((_, at) => rows.length > 0 && isNumericColumn(table, at));
  const texts = columns.map((column, at) => {
    const notation = notationOfColumn(table, at);
    return rows.map((row) => {
      const cell = row[at];
      const mark = cell?.reason == null ? "" : `$^{${letterOf(reasons.indexOf(cell.reason))}}$`;
      const text = cellText(column, cell, notation);
      return (column.kind === "value" && cell?.shown === undefined ? numberIn(text) : escapeLatex(text)) + mark;
    });
  });
  const names = columns.map(({ name, unit }) => escapeLatex(name) + (unit === null ? "" : ` (${escapeLatex(unit)})`));
  const lines = [names, ...rows.map((_, i) => columns.map((_column, at) => texts[at]?.[i] ?? ""))];
  // What nobody reads but the next author: the source is aligned, too.
  const widths = columns.map((_, at) => lines.reduce((most, line) => Math.max(most, (line[at] ?? "").length), 0));
  const laidOut = lines.map((line) =>
    line.map((text, at) => (numeric[at] === true ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0))),
  );
  const [head, ...body] = laidOut.map((line) => `    ${line.join(" & ").trimEnd()} \\\\`);
  const notes = [table.note, ...reasons.map((reason, i) => `${letterOf(i)} NaN: ${reason}`)].filter(
    (note) => note !== null && note !== "",
  );
  return [
    "% Needs \\usepackage{booktabs}.",
    "\\begin{table}[t]",
    "  \\centering",
    `  \\caption{${escapeLatex(table.caption ?? table.title)}}`,
    `  \\label{tab:${label.replace(/[^A-Za-z0-9:.-]+/g, "-")}}`,
    `  \\begin{tabular}{@{}${numeric.map((right) => (right ? "r" : "l")).join("")}@{}}`,
    "    \\toprule",
    ...headingLines(columns),
    head ?? "",
    "    \\midrule",
    ...body,
    "    \\bottomrule",
    "  \\end{tabular}",
    ...notes.map((note) => `  \\par\\smallskip{\\footnotesize ${escapeLatex(note ?? "")}}`),
    "\\end{table}",
    "",
  ].join("\n");
}

/** Columns under one heading are spanned by it. */
function headingLines(columns: readonly TableColumn[]): readonly string[] {
  if (columns.every(({ heading }) => heading === undefined)) return [];
  const spans: { readonly text: string; readonly from: number; count: number }[] = [];
  for (const [at, { heading = "" }] of columns.entries()) {
    const last = spans.at(-1);
    if (last?.text === heading) last.count++;
    else spans.push({ text: heading, from: at + 1, count: 1 });
  }
  const cells = spans.map(({ text, count }) => `\\multicolumn{${count}}{c}{${escapeLatex(text)}}`);
  const rules = spans
    .filter(({ text }) => text !== "")
    .map(({ from, count }) => `\\cmidrule(lr){${from}-${from + count - 1}}`);
  return [`    ${cells.join(" & ")} \\\\`, `    ${rules.join(" ")}`];
}

/** A number of {@link cellText} as mathematics: a minus, and a power of ten, as they are printed. */
function numberIn(text: string): string {
  if (text === "·" || text === "NaN") return escapeLatex(text);
  const [number = "", error] = text.split(" ± ");
  const written = (part: string): string =>
    part
      .replace("-Infinity", "-\\infty")
      .replace("Infinity", "\\infty")
      .replace(/e([+-])(\d+)$/, (_, sign: string, power: string) => `\\times 10^{${sign === "-" ? "-" : ""}${power}}`);
  return `$${written(number)}${error === undefined ? "" : ` \\pm ${written(error)}`}$`;
}

function letterOf(index: number): string {
  return index < 26 ? String.fromCharCode(97 + index) : String(index + 1);
}
