/** Sentences of a form: texts that have it. */
import { parts, referenceOf, treeOf } from "../../src/compiler/syntax/forms/index.js";
import type { FormNode } from "../../src/compiler/syntax/forms/notation.js";

/** More sentences than these of one node are not put together with those of others. */
const most = 12;

/**
 * Texts of a form that together have every alternative, every optional piece alone, all of them and none, and every
 * repetition once and twice.
 */
export function sentencesOf(line: string): readonly string[] {
  return expanded(treeOf(line));
}

function expanded(node: FormNode): readonly string[] {
  switch (node.kind) {
    case "word":
    case "sign":
      return [node.text];
    case "string":
      return ['"text"'];
    case "part": {
      const reference = referenceOf(node.name);
      const part = parts.get(node.name);
      if (part?.lines.length === 0) return [part.sample];
      return reference.lines.flatMap((line) => expanded(treeOf(line)));
    }
    case "optional":
      return ["", ...expanded(node.content)];
    case "repeated": {
      const items = expanded(node.item);
      return [...items, [items[0], items.at(-1)].join(node.commas ? ", " : " ")];
    }
    case "choice":
      return node.items.flatMap(expanded);
    case "sequence":
      return sequences(node.items.map(expanded));
  }
}

/** One part varies while the others are as they are first, then last; few are combined in every way. */
function sequences(items: readonly (readonly string[])[]): readonly string[] {
  const all = new Set<string>();
  const join = (texts: readonly string[]): string => texts.filter((text) => text !== "").join(" ");
  const count = items.reduce((product, texts) => product * texts.length, 1);
  if (count <= most) {
    const combined = items.reduce<readonly (readonly string[])[]>(
      (heads, texts) => heads.flatMap((head) => texts.map((text) => [...head, text])),
      [[]],
    );
    return combined.map(join);
  }
  for (const [i, texts] of items.entries()) {
    for (const text of texts) {
      for (const other of [0, -1])
        all.add(join(items.map((choices, j) => (j === i ? text : (choices.at(other) ?? "")))));
    }
  }
  return [...all];
}
