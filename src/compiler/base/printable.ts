/**
 * Text from outside as it may be shown: names, paths, prompts and messages can hold characters that move a cursor, give
 * a terminal orders, turn the direction of reading or are not seen at all. They are written as escapes, which the
 * language's own strings (and JSON's) understand.
 */

/** What must not be shown as it is: control, format and invisible characters, and what is none. */
const hidden = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\ufff9-\ufffb]/u;

/** The same without line breaks and tabs, which stay where a text of several lines is shown. */
const hiddenInText = new RegExp(`(?![\\n\\t])${hidden.source}`, "gu");

/** Joiners and variation selectors: invisible, and yet a part of how emoji and many scripts are written. */
const joining = /^[\u200c\u200d\ufe00-\ufe0f\u180b-\u180d\u{e0100}-\u{e01ef}]$/u;

/** What a joining character may stand behind. Behind Latin letters it can only make two names look the same. */
const joined = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{L}\p{M}]$/u;
const latin = /\p{Script=Latin}$/u;

function staysJoined(character: string, before: string): boolean {
  if (!joining.test(character)) return false;
  // Selectors and joiners may follow each other, as in the emoji of a family.
  const base = before.slice(-8).replace(/[\u200c\u200d\ufe00-\ufe0f]+$/u, "");
  return joined.test(base) && !latin.test(base);
}

const named: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
  return named.get(character) ?? units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

/** One character of a line as it is shown there; `before` is what stands before it in the line. */
export function printableCharacter(character: string, before: string): string {
  return !hidden.test(character) || staysJoined(character, before) ? character : escaped(character);
}

/**
 * The text with every character that must not reach a terminal as `\u001b`; line breaks and tabs stay. What is printable
 * already is returned as it is, so that doing it twice is doing it once. JSON stays the same JSON.
 */
export function printable(text: string): string {
  return text.replace(hiddenInText, (character, offset: number) =>
    printableCharacter(character, text.slice(Math.max(0, offset - 8), offset)),
  );
}

/** As {@link printable}, for what must stay in its line: line breaks and tabs become `\n` and `\t`. */
export function printableLine(text: string): string {
  return printable(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u;

/** Columns that a terminal gives a character: none for combining marks, two for East Asian text and pictures. */
export function characterColumns(character: string): number {
  if (character <= "~") return 1;
  if (/^[\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}]$/u.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** Columns that a terminal gives a printable text of one line. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += characterColumns(character);
  return columns;
}

/** As much of the beginning of a text as fits into so many columns. */
export function startOf(text: string, columns: number): string {
  let taken = "";
  let room = columns;
  for (const character of text) {
    room -= characterColumns(character);
    if (room < 0) break;
    taken += character;
  }
  return taken;
}

/** As much of the end of a text as fits into so many columns. */
export function endOf(text: string, columns: number): string {
  const characters = Array.from(text);
  let room = columns;
  let first = characters.length;
  while (first > 0) {
    room -= characterColumns(characters[first - 1] ?? "");
    if (room < 0) break;
    first--;
  }
  return characters.slice(first).join("");
}

/** The text with blanks up to so many columns, at the left or at the right of them. */
export function padColumns(text: string, columns: number, side: "left" | "right" = "left"): string {
  const blanks = " ".repeat(Math.max(0, columns - columnsOf(text)));
  return side === "left" ? text + blanks : blanks + text;
}
