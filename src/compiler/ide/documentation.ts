/** Documentation as editors show it: entries of the reference and `##` comments, as Markdown. */
import type { Declaration, SymbolKind } from "../ir/side-table.js";
import type { DocEntry, EntryKind } from "../docs/entry.js";

/** The reference by name. */
export type Documentation = ReadonlyMap<string, readonly DocEntry[]>;

export function documentationOf(entries: readonly DocEntry[]): Documentation {
  const byName = new Map<string, DocEntry[]>();
  for (const entry of entries) byName.set(entry.name, [...(byName.get(entry.name) ?? []), entry]);
  return byName;
}

/** Kinds of entries that can describe a symbol of this kind; none for what protocols declare themselves. */
const kindsOf: Readonly<Partial<Record<SymbolKind, readonly EntryKind[]>>> = {
  metric: ["metric"],
  site: ["site"],
  part: ["clause"],
  function: ["operation", "function"],
  option: ["clause"],
  quantity: ["quantity"],
  run: ["clause", "column"],
  type: ["type"],
  unit: ["unit", "clause"],
  axis: ["axis"],
  column: ["column"],
  test: ["test"],
};

/** The entry of a word that means a symbol of this kind; null when the reference says nothing of it. */
export function entryOfSymbol(documentation: Documentation, kind: SymbolKind, name: string): DocEntry | null {
  const wanted = kindsOf[kind] ?? [];
  return documentation.get(name)?.find((entry) => wanted.includes(entry.kind)) ?? null;
}

/** The entry of a word of the language where it is written as one; null for other words. */
export function entryOfWord(documentation: Documentation, word: string): DocEntry | null {
  const kinds: readonly EntryKind[] = ["statement", "plot", "clause", "operator"];
  const entries = documentation.get(word) ?? [];
  for (const kind of kinds) {
    const entry = entries.find((one) => one.kind === kind);
    if (entry !== undefined) return entry;
  }
  return null;
}

/** A piece of the language in a fence, so that editors colour it. */
export function codeBlock(code: string): string {
  // A fence is longer than any run of backticks in what it holds.
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}atlas\n${code}\n${fence}`;
}

/** Text of users and files as Markdown that shows it as it is. */
export function plainMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]<>()#+!|~&$]/g, "\\$&");
}

/** Sentences of the reference: what stands between backticks is code. */
function proseMarkdown(text: string): string {
  return text
    .split(/(`[^`\n]+`)/)
    .map((part, i) => (i % 2 === 1 ? part : plainMarkdown(part)))
    .join("");
}

/** The whole entry: its form, its sentences, what is known of it, its example. */
export function entryMarkdown(entry: DocEntry): string {
  const facts = entry.facts.filter(({ name }) => name !== "example");
  const example = entry.facts.find(({ name }) => name === "example");
  return [
    codeBlock(entry.form),
    proseMarkdown(entry.sentences),
    facts.map(({ name, text }) => `- *${plainMarkdown(name)}*: ${proseMarkdown(text)}`).join("\n"),
    ...(example === undefined ? [] : [`Example:\n\n${codeBlock(example.text.trimEnd())}`]),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** A declaration as one line: `metric R_V(early: layer = L1, window: count = 16)`. */
export function declarationLine({ kind, name, parameters }: Declaration): string {
  const written = parameters.map((parameter) => {
    const type = parameter.type === null ? "" : `: ${parameter.type}`;
    return `${parameter.name}${type}${parameter.default === null ? "" : ` = ${parameter.default}`}`;
  });
  const word = kind === "result" ? "let" : kind;
  return `${word} ${name}${written.length === 0 ? "" : `(${written.join(", ")})`}`;
}

/** What the comment above a declaration says; empty where there is none. */
export function documentationMarkdown({ documentation }: Declaration): string {
  return documentation.map(plainMarkdown).join("  \n");
}

/** A declaration as one line, and the comment above it. */
export function declarationMarkdown(declaration: Declaration): string {
  const parts = [codeBlock(declarationLine(declaration)), documentationMarkdown(declaration)];
  return parts.filter((part) => part !== "").join("\n\n");
}
