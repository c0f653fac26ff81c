/**
 * Comma-separated values by RFC 4180: quoted cells, doubled quotes, line breaks inside quotes. A message instead of
 * rows when a quoted cell does not end.
 */
export function parseCsv(text: string): readonly (readonly string[])[] | string {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const endCell = (): void => {
    row.push(cell);
    cell = "";
  };
  const endRow = (): void => {
    endCell();
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  };
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? "";
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[i + 1] === '"') {
        cell += '"';
        i++;
      } else quoted = false;
    } else if (character === '"' && cell === "") quoted = true;
    else if (character === ",") endCell();
    else if (character === "\n" || character === "\r") {
      if (character === "\r" && text[i + 1] === "\n") i++;
      endRow();
    } else cell += character;
  }
  if (quoted) return "a quoted cell does not end";
  if (cell !== "" || row.length > 0) endRow();
  return rows;
}
