/** Pieces of Markdown. */

export function code(text: string): string {
  return `\`${text}\``;
}

/** Text inside a cell of a table: bars would end the cell, stars and underscores would be emphasis. */
export function cell(text: string): string {
  return text.replace(/[|*_]/g, "\\$&");
}

/** The same where backticks in the text make code, in which only bars need a mark. */
export function proseCell(text: string): string {
  return text
    .split("`")
    .map((piece, i) => (i % 2 === 0 ? cell(piece) : piece.replaceAll("|", "\\|")))
    .join("`");
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

export function fenced(text: string): string {
  return ["```text", text.trim(), "```"].join("\n");
}
