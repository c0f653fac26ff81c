/** Comma-separated values that people load into data frames and open in spreadsheets. See decision 0033. */

/** Text that a spreadsheet would compute: it begins with one of these, or with apostrophes before one. */
export const formulaStart = /^'*[=+\-@＝＋－＠\t\r\n]/;

/** A number with its sign, which stays what it is. */
export const signedNumber = /^[+-](?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * A text as no spreadsheet takes it for a formula: with an apostrophe in front where it begins like one. A text that begins
 * with such an apostrophe itself gets another one, so that taking one away from what `formulaStart` matches gives the text
 * back.
 */
export function inertText(text: string): string {
  return formulaStart.test(text) && !signedNumber.test(text) ? `'${text}` : text;
}

/** A field. null is an empty field, the empty text is "", so that the two stay apart. Numbers are written as they are. */
export function csvField(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = inertText(value);
  return text === "" || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
