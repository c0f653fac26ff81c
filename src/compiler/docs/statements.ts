/** Entries of statements, clauses, words and operators, made of the table of forms. */
import { forms, words, type Form, type FormGroup, type Word } from "../syntax/forms/index.js";
import { takersOf, usagesOf } from "../syntax/forms/usage.js";
import type { DocEntry, EntryKind } from "./entry.js";
import { partTexts } from "./form-text.js";

const kinds: Readonly<Record<FormGroup, EntryKind>> = {
  Statements: "statement",
  Clauses: "statement",
  Interventions: "statement",
  Plots: "plot",
  Operators: "operator",
};

/** Forms in the order of the table, then the words that are written inside of them. */
export function languageEntries(): readonly DocEntry[] {
  return [...forms.map(formEntry), ...Object.entries(words).map(([word, described]) => wordEntry(word, described))];
}

function formEntry({ name, group, lines, meaning, example }: Form): DocEntry {
  const within = takersOf(name).join(", ");
  return {
    kind: kinds[group],
    group,
    name,
    file: null,
    form: lines.join("\n"),
    sentences: meaning,
    parameters: [],
    facts: [...partTexts(lines), ...fact("also in", within), ...fact("example", example)],
    definition: null,
  };
}

function wordEntry(word: string, { group, meaning, example }: Word): DocEntry {
  const usages = usagesOf(word);
  const lines = usages.map(({ written }) => written);
  const within = [...new Set(usages.flatMap((usage) => usage.within))].join(", ");
  return {
    kind: "clause",
    group,
    name: word,
    file: null,
    form: lines.join("\n"),
    sentences: meaning,
    parameters: [],
    facts: [...partTexts(lines), ...fact("in", within), ...fact("example", example)],
    definition: null,
  };
}

const fact = (name: string, text: string): DocEntry["facts"] => (text === "" ? [] : [{ name, text }]);
