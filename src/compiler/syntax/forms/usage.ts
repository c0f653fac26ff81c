/** How a word is written inside of the forms that have it, read off those forms. */
import { leadingForms, parts, partsIn, treeOf, wordsIn } from "./index.js";
import { operatorForms } from "./operators.js";
import { nodesIn, type FormNode } from "./notation.js";

export interface WordUsage {
  /** The piece of the form that the word belongs to: `seed N`, `winner lowest|highest of METRIC, …`. */
  readonly written: string;
  /** The statements and clauses in which it can be written, by name and in the order of the table. */
  readonly within: readonly string[];
}

/** Operators are written wherever expressions are, and plots are `plot` once more. */
const leading = [...leadingForms.values()];

/** Every piece of a form that a word is written in. Empty for a word that no form has. */
export function usagesOf(word: string): readonly WordUsage[] {
  const within = new Map<string, Set<string>>();
  const add = (line: string, names: readonly string[]): void => {
    const piece = pieceWith(line, word);
    if (piece === null || names.length === 0) return;
    within.set(piece, new Set([...(within.get(piece) ?? []), ...names]));
  };
  for (const { name, lines } of leading) for (const line of lines) add(line, [name]);
  for (const { name, lines } of operatorForms) if (name !== word) for (const line of lines) add(line, [name]);
  for (const [part, { lines }] of parts) {
    const users = leading.filter((form) => partsIn(form.lines).has(part)).map(({ name }) => name);
    for (const line of lines) add(line, users);
  }
  return [...within].map(([written, names]) => ({ written, within: [...names] }));
}

/** The names of the statements and clauses that take a word. */
export function takersOf(word: string): readonly string[] {
  return leading.filter(({ name, lines }) => name !== word && wordsIn(lines).has(word)).map(({ name }) => name);
}

const has = (node: FormNode, word: string): boolean =>
  nodesIn(node).some((inner) => inner.kind === "word" && inner.text === word);

/** Whether words alone are written here: one, or one of several that bars without blanks join. */
const isWords = (node: FormNode): boolean =>
  node.kind === "word" ||
  (node.kind === "choice" &&
    node.items.every(
      ({ kind, start }, i) => kind === "word" && (i === 0 || start === (node.items[i - 1]?.end ?? 0) + 1),
    ));

function pieceWith(line: string, word: string): string | null {
  const tree = treeOf(line);
  if (!has(tree, word)) return null;
  let whole = tree;
  let inner: FormNode = tree;
  // The innermost sequence; a choice between words is part of the sequence around it.
  for (;;) {
    const next: FormNode | undefined =
      inner.kind === "sequence" || inner.kind === "choice"
        ? inner.items.find((item) => has(item, word))
        : inner.kind === "optional"
          ? inner.content
          : inner.kind === "repeated"
            ? inner.item
            : undefined;
    if (next === undefined) break;
    if (inner.kind === "optional" || (inner.kind === "choice" && !isWords(inner))) whole = next;
    inner = next;
  }
  const [start, end] =
    whole === tree && whole.kind === "sequence" ? runAround(whole.items, word) : [whole.start, whole.end];
  return line
    .slice(start, end)
    .replace(/[a-z_]+(?:\|[a-z_]+)+/g, (choice) => (choice.split("|").includes(word) ? word : choice));
}

/** From the words before a word to what stands behind it, up to the next word or what may be left out. */
function runAround(items: readonly FormNode[], word: string): readonly [start: number, end: number] {
  const at = items.findIndex((item) => has(item, word));
  const isWordsAt = (i: number): boolean => items.slice(i, i + 1).some(isWords);
  let first = at;
  while (first > 0 && isWordsAt(first - 1)) first--;
  let last = at;
  for (let next = items[last + 1]; next !== undefined; next = items[++last + 1]) {
    const isGlued = next.start === items[last]?.end;
    if (next.kind === "optional" && !isGlued) break;
    if (isWords(next) && !isWordsAt(last)) break;
  }
  return [items[first]?.start ?? 0, items[last]?.end ?? 0];
}
