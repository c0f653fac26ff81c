/** How wide text is in DejaVu Sans, which figures are drawn in. */

/** Characters that differ much from the average. */
const narrow = new Set("ijl.,:;'|!I()[]ft/ ·");
const wide = new Set("mwMW@%—");

/**
 * Width of `text` in pixels at a font size in pixels. Vega has no canvas here and would assume 0.8 of the font size for
 * each character, which leaves wide empty margins; a canvas, where one is installed, would make the layout depend on the machine.
 */
export function textWidth(text: string, fontSize: number, bold = false): number {
  let width = 0;
  for (const character of text) {
    if (narrow.has(character)) width += 0.36;
    else if (wide.has(character)) width += 0.95;
    else width += /[A-Z]/.test(character) ? 0.7 : /[\u1100-\uffff]/.test(character) ? 1 : 0.62;
  }
  return width * fontSize * (bold ? 1.12 : 1);
}

/** `text` in lines of at most `room` pixels, broken at blanks; a word that is longer is cut, unless `cuts` is false. */
export function wrapText(text: string, room: number, fontSize: number, bold = false, cuts = true): readonly string[] {
  const lines: string[] = [];
  for (const whole of text.split(" ")) {
    const word = cuts ? cutTo(whole, room, fontSize, bold) : whole;
    const last = lines.at(-1);
    if (last !== undefined && textWidth(`${last} ${word}`, fontSize, bold) <= room) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

/** `text`, cut in the middle so that it is at most `room` pixels wide; see {@link shortened}. */
export function cutTo(text: string, room: number, fontSize: number, bold = false): string {
  const width = textWidth(text, fontSize, bold);
  if (width <= room) return text;
  return shortened(text, Math.max(4, Math.floor((Array.from(text).length * room) / width) - 1));
}

/** `text`, cut in the middle with a sign for what is left out when it is longer than `most` characters. */
export function shortened(text: string, most: number): string {
  const characters = Array.from(text);
  if (characters.length <= most) return text;
  const end = Math.floor((most - 1) / 3);
  return `${characters.slice(0, most - 1 - end).join("")}…${end === 0 ? "" : characters.slice(-end).join("")}`;
}
