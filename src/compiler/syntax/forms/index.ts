/** The one table of the forms of the language: who tells a user how something is written reads it here. */
import { declarationForms } from "./declarations.js";
import { experimentForms } from "./experiments.js";
import type { Form, Part } from "./form.js";
import { perObject } from "../../base/per-object.js";
import { innerNodes, nodesIn, readForm, type FormNode } from "./notation.js";
import { operatorForms } from "./operators.js";
import { decisionForms, outputForms, plotForms } from "./outputs.js";
import { parts } from "./parts.js";

export type { Form, FormGroup, Part, Word } from "./form.js";
export { decisionForms } from "./outputs.js";
export { parts } from "./parts.js";
export { words } from "./words.js";

/** Every form, in the order of the reference. */
export const forms: readonly Form[] = [
  ...declarationForms,
  ...outputForms,
  ...decisionForms,
  ...experimentForms,
  ...plotForms,
  ...operatorForms,
];

/** Forms that begin a statement or a clause of an experiment, by their word. Operators and plots are none. */
export const leadingForms: ReadonlyMap<string, Form> = new Map(
  [...declarationForms, ...outputForms, ...decisionForms, ...experimentForms].map((form) => [form.name, form]),
);

/** Words that begin a clause of an experiment, in its order. */
export const clauseWords: ReadonlySet<string> = new Set(experimentForms.map(({ name }) => name));

const read = new Map<string, FormNode>();

/** The form as a tree, which is made once. */
export function treeOf(line: string): FormNode {
  const tree = read.get(line) ?? readForm(line);
  read.set(line, tree);
  return tree;
}

/** What a word in capitals stands for: a part, or a statement or clause that is called so. */
export function referenceOf(name: string): Part | Form {
  const reference = parts.get(name) ?? leadingForms.get(name.toLowerCase());
  if (reference === undefined) throw new RangeError(`nothing is called ${name} in the forms`);
  return reference;
}

/** The parts that lines name, those that these name in turn included, each once, in the order of reading. */
export const partsIn = perObject((lines: readonly string[]): ReadonlyMap<string, Part> => {
  const result = new Map<string, Part>();
  const add = (line: string): void => {
    for (const node of nodesIn(treeOf(line))) {
      const part = node.kind === "part" && !result.has(node.name) ? parts.get(node.name) : undefined;
      if (node.kind !== "part" || part === undefined) continue;
      result.set(node.name, part);
      part.lines.forEach(add);
    }
  };
  lines.forEach(add);
  return result;
});

/** Words and signs that lines and their parts are written with. Those of other statements and clauses are none of them. */
export const wordsIn = perObject((lines: readonly string[]): ReadonlySet<string> => {
  const all = [...lines, ...[...partsIn(lines).values()].flatMap((part) => part.lines)];
  return new Set(all.flatMap((line) => nodesIn(treeOf(line)).flatMap((n) => (n.kind === "word" ? [n.text] : []))));
});

/** The words that something can begin with; none where it begins with a name, a sign or a value. */
function firstWords(node: FormNode): readonly string[] {
  switch (node.kind) {
    case "word":
      return [node.text];
    case "part":
      return referenceOf(node.name).lines.flatMap((line) => firstWords(treeOf(line)));
    case "choice":
      return node.items.flatMap(firstWords);
    case "sequence": {
      const [first] = node.items;
      return first === undefined ? [] : firstWords(first);
    }
    default:
      return innerNodes(node).flatMap(firstWords);
  }
}

/** Words with which something optional begins, below a node and in the parts that it names. */
function optionalWords(node: FormNode, seen: ReadonlySet<string>): readonly string[] {
  if (node.kind === "optional") return [...firstWords(node.content), ...optionalWords(node.content, seen)];
  if (node.kind !== "part") return innerNodes(node).flatMap((inner) => optionalWords(inner, seen));
  const part = parts.get(node.name);
  if (part === undefined || seen.has(node.name)) return [];
  return part.lines.flatMap((line) => optionalWords(treeOf(line), new Set([...seen, node.name])));
}

/** Words of a line that must come after its first, and those of what is optional. */
function wordsAfter(node: FormNode): readonly string[] {
  const items = node.kind === "sequence" ? node.items : [node];
  return items.slice(1).flatMap((item) => (item.kind === "word" ? [item.text] : optionalWords(item, new Set())));
}

/** Words that may follow in a statement or clause that begins with `word`, the experiment's next clauses included. */
export function optionWords(word: string): readonly string[] {
  const form = leadingForms.get(word);
  if (form === undefined) return [];
  const later = form.group === "Interventions" ? wordsBehindInterventions() : [];
  return [...new Set([...form.lines.flatMap((line) => wordsAfter(treeOf(line))), ...later])];
}

/** The clauses of an experiment that come after what is changed. */
function wordsBehindInterventions(): readonly string[] {
  const lines = leadingForms.get("experiment")?.lines ?? [];
  return lines.flatMap((line) => {
    const tree = treeOf(line);
    const items = tree.kind === "sequence" ? tree.items : [];
    const at = items.findIndex((item) => nodesIn(item).some((n) => n.kind === "part" && n.name === "INTERVENTION"));
    return items
      .slice(at + 1)
      .flatMap((item) => (item.kind === "part" || item.kind === "repeated" ? [] : firstWords(item)));
  });
}

/** The shortest sentence of a statement or clause, for hints. */
export function outlineOf(word: string): string {
  const outline = leadingForms.get(word)?.outline;
  if (outline === undefined) throw new RangeError(`${word} has no outline`);
  return outline;
}
