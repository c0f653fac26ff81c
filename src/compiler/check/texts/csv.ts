/** A row of cells and the line on which it begins. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Comma-separated values by RFC 4180: quoted cells, doubled quotes, line breaks inside quotes. Values separated by tabs
 * are quoted in the same way, but a quote inside a cell that does not begin with one is itself. Empty lines are left
 * out. What is malformed is a problem at a line.
 */
export function parseCsv(
  text: string,
  format: "csv" | "tsv" = "csv",
): readonly CsvRow[] | { readonly line: number; readonly problem: string } {
  const rows: CsvRow[] = [];
  let row: string[] = [];
  let cell = "";
  let state: "bare" | "quoted" | "closed" = "bare";
  let line = 1;
  let rowLine = 1;
  let quoteLine = 1;
  const separator = format === "csv" ? "," : "\t";
  const endCell = (): void => {
    row.push(cell);
    cell = "";
    state = "bare";
  };
  const endRow = (): void => {
    const empty = row.length === 0 && cell === "" && state === "bare";
    endCell();
    if (!empty) rows.push({ line: rowLine, cells: row });
    row = [];
    rowLine = line + 1;
  };
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? "";
    const isBreak = character === "\n" || character === "\r";
    if (character === "\r" && text[i + 1] === "\n") i++;
    if (state === "quoted") {
      if (character !== '"') cell += isBreak ? "\n" : character;
      else if (text[i + 1] === '"') {
        cell += '"';
        i++;
      } else state = "closed";
    } else if (character === separator) endCell();
    else if (isBreak) endRow();
    else if (state === "closed") return { line, problem: "text after the closing quote of a cell" };
    else if (character !== '"') cell += character;
    else if (cell === "") {
      state = "quoted";
      quoteLine = line;
    } else if (format === "tsv") cell += character;
    else return { line, problem: "a quote inside a cell that does not begin with one" };
    if (isBreak) line++;
  }
  if (state === "quoted") return { line: quoteLine, problem: "a quoted cell does not end" };
  endRow();
  return rows;
}
