/** Forms as text of a given width: for the command line and for the documents alike. */
import { parts, partsIn, treeOf } from "../syntax/forms/index.js";
import { nodesIn } from "../syntax/forms/notation.js";

/** Pieces in brackets longer than this are broken like everything else. */
const longestWhole = 40;

/** Words in lines of at most `width` columns; lines after the first begin with `indent` blanks. */
export function wrapped(text: string, width: number, indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}

/** A form in lines; what stands in brackets stays together, and lines after the first are two blanks further in. */
export function wrappedForm(form: string, width: number, indent: number): string {
  const whole = form.replace(/\[[^[\]]*\]/g, (piece) =>
    piece.length > longestWhole ? piece : piece.replaceAll(" ", "\u00a0"),
  );
  return wrapped(whole, width, indent + 2).replaceAll("\u00a0", " ");
}

/** What the words in capitals stand for, form and meaning, in the order of reading. Names and numbers explain themselves. */
export function partTexts(lines: readonly string[]): readonly { readonly name: string; readonly text: string }[] {
  const named = [...partsIn(lines)]
    .filter(([name]) => name !== "NAME" && name !== "N")
    .map(([name, part]) => ({
      name,
      text: [...alternatives(part.lines), part.meaning].filter((t) => t !== "").join("; "),
    }));
  return [
    ...named,
    ...lines.flatMap(clausesIn).map((name) => ({ name, text: `a clause: atlasc doc ${name.toLowerCase()}` })),
  ];
}

/** The lines as one; clauses go by their words. */
function alternatives(lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  const clauses = new Set(lines.flatMap(clausesIn));
  return [lines.join(" | ").replace(/\w+/g, (word) => (clauses.has(word) ? word.toLowerCase() : word))];
}

/** Words in capitals that are no parts: statements and clauses with forms of their own. */
const clausesIn = (line: string): readonly string[] =>
  nodesIn(treeOf(line)).flatMap((node) => (node.kind === "part" && !parts.has(node.name) ? [node.name] : []));
