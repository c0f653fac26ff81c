/**
 * The notation of forms. Words in small letters are written as they are; words in capitals stand for something (`parts.ts`);
 * `"FILE"` is a string; `[…]` may be left out; `a | b` and, without blanks, `a|b` are alternatives, where the latter bind
 * tighter; `X, …` is one or several with commas, `X …` one or several without; a bracket or brace that is written stands in
 * quotes, `'['`; any other sign is written as it is.
 */
import { perObject } from "../../base/per-object.js";

interface Written {
  /** Where it stands in the notation: half-open, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
}

export type FormNode = Written &
  (
    | { readonly kind: "word"; readonly text: string }
    | { readonly kind: "sign"; readonly text: string }
    | { readonly kind: "string"; readonly text: string }
    | { readonly kind: "part"; readonly name: string }
    | { readonly kind: "optional"; readonly content: FormNode }
    /** One or several of the node before; `commas` says what is between them. */
    | { readonly kind: "repeated"; readonly item: FormNode; readonly commas: boolean }
    | { readonly kind: "choice"; readonly items: readonly FormNode[] }
    | { readonly kind: "sequence"; readonly items: readonly FormNode[] }
  );

interface Lexeme extends Written {
  readonly text: string;
}

const lexemes = /\s+|'[^']'|"[^"]*"|[a-z][a-z_]*|[A-Z][A-Z_]*|\.\.|<=|>=|, …|./gu;

/**
 * Reads a form.
 *
 * @throws RangeError when a bracket is not closed, or a repetition follows nothing: a fault of the table.
 */
export function readForm(form: string): FormNode {
  const all: Lexeme[] = [...form.matchAll(lexemes)]
    .map((match) => ({ text: match[0], start: match.index, end: match.index + match[0].length }))
    .filter(({ text }) => text.trim() !== "");
  let at = 0;

  const choice = (): FormNode => {
    const items = [sequence()];
    while (all[at]?.text === "|") {
      at++;
      items.push(sequence());
    }
    return joined("choice", items);
  };
  const sequence = (): FormNode => {
    const items: FormNode[] = [];
    for (let next = all[at]; next !== undefined && next.text !== "]" && next.text !== "|"; next = all[at]) {
      items.push(repeated(tight(next)));
    }
    if (items.length === 0) throw new RangeError(`nothing stands at ${at} of the form ${form}`);
    return joined("sequence", items);
  };
  const repeated = (item: FormNode): FormNode => {
    const next = all[at];
    if (next?.text !== ", …" && next?.text !== "…") return item;
    at++;
    return { kind: "repeated", item, commas: next.text !== "…", start: item.start, end: next.end };
  };
  /** An item, or several that bars without blanks join. */
  const tight = (first: Lexeme): FormNode => {
    const items = [atom(first)];
    for (;;) {
      const bar = all[at];
      const next = all[at + 1];
      if (bar?.text !== "|" || bar.start !== items.at(-1)?.end || next?.start !== bar.end)
        return joined("choice", items);
      at++;
      items.push(atom(next));
    }
  };
  const atom = ({ text, start, end }: Lexeme): FormNode => {
    at++;
    if (text === "[") {
      const content = choice();
      const close = all[at++];
      if (close?.text !== "]") throw new RangeError(`a bracket is not closed in the form ${form}`);
      return { kind: "optional", content, start, end: close.end };
    }
    if (text === "…" || text === ", …") throw new RangeError(`nothing is repeated in the form ${form}`);
    if (text.startsWith("'")) return { kind: "sign", text: text.slice(1, -1), start, end };
    if (text.startsWith('"')) return { kind: "string", text: text.slice(1, -1), start, end };
    if (/^[a-z]/.test(text)) return { kind: "word", text, start, end };
    if (/^[A-Z]/.test(text)) return { kind: "part", name: text, start, end };
    return { kind: "sign", text, start, end };
  };

  const read = choice();
  if (at < all.length) throw new RangeError(`a bracket is closed that was not opened in the form ${form}`);
  return read;
}

function joined(kind: "choice" | "sequence", items: readonly FormNode[]): FormNode {
  const [first] = items;
  const last = items.at(-1);
  if (first === undefined || last === undefined) throw new RangeError("a form has something in it");
  return items.length === 1 ? first : { kind, items, start: first.start, end: last.end };
}

/** The nodes right below a node. */
export function innerNodes(node: FormNode): readonly FormNode[] {
  switch (node.kind) {
    case "optional":
      return [node.content];
    case "repeated":
      return [node.item];
    case "choice":
    case "sequence":
      return node.items;
    default:
      return [];
  }
}

/** The node and everything below it, in the order in which they are written. */
export const nodesIn: (node: FormNode) => readonly FormNode[] = perObject((node) => [
  node,
  ...innerNodes(node).flatMap(nodesIn),
]);
