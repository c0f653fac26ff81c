/** The parts of the language reference that are made of the table of forms, and of what stands in results. */
import { decisionForms, forms, leadingForms, words, type Form } from "../syntax/forms/index.js";
import { usagesOf } from "../syntax/forms/usage.js";
import { partTexts, wrapped, wrappedForm } from "./form-text.js";
import { code, fenced, proseCell, table } from "./markdown.js";
import { resultFunctions } from "../ir/result-functions.js";
import { resultEntries } from "./results.js";

/** Columns of a block of forms. */
const width = 110;

/** Blocks of several forms, by the name of the generated part. */
const together: Readonly<Record<string, readonly Form[]>> = {
  interventions: forms.filter(({ group }) => group === "Interventions"),
  plots: forms.filter(({ group }) => group === "Plots"),
  decisions: decisionForms,
};

/** A block `forms-NAME` for every statement and clause; plots, operators, words, columns of results and tests. */
export function languageParts(): Readonly<Record<string, string>> {
  const blocks = [...[...leadingForms].map(([name, form]) => [name, [form]] as const), ...Object.entries(together)];
  return {
    ...Object.fromEntries(blocks.map(([name, shown]) => [`forms-${name}`, formBlock(shown)])),
    operators: operatorTable(),
    words: wordTable(),
    columns: entryTable("column", ["column", "meaning"]),
    tests: entryTable("test", ["test", "what it is, and in SciPy"]),
    "result-functions": functionTable(),
  };
}

/** The forms, and below them what the words in capitals stand for. */
function formBlock(shown: readonly Form[]): string {
  const lines = shown.flatMap((form) => form.lines);
  const named = partTexts(lines);
  const indent = Math.max(...named.map(({ name }) => name.length)) + 3;
  return fenced(
    [
      ...lines.map((line) => wrappedForm(line, width, 0)),
      "",
      ...named.map(({ name, text }) => `${`${name}:`.padEnd(indent)}${wrapped(text, width, indent)}`),
    ].join("\n"),
  );
}

function operatorTable(): string {
  const operators = forms.filter(({ group }) => group === "Operators");
  return table(
    ["written", "meaning"],
    operators.map(({ lines, meaning }) => [lines.map(codeCell).join(", "), proseCell(meaning)]),
  );
}

function wordTable(): string {
  return table(
    ["word", "written", "in", "meaning"],
    Object.entries(words).map(([word, { meaning }]) => {
      const usages = usagesOf(word);
      const within = [...new Set(usages.flatMap((usage) => usage.within))];
      const written = [...new Set(usages.map((usage) => usage.written))];
      return [code(word), written.map(codeCell).join(", "), within.map(code).join(", "), proseCell(meaning)];
    }),
  );
}

/** Functions with one meaning share a row. */
function functionTable(): string {
  const meanings = [...new Set(resultFunctions.map(({ meaning }) => meaning))];
  return table(
    ["function", "meaning"],
    meanings.map((meaning) => {
      const forms = resultFunctions.filter((row) => row.meaning === meaning).flatMap(({ form }) => form.split("\n"));
      return [forms.map(code).join(", "), proseCell(meaning)];
    }),
  );
}

/** Bars end a cell, in code as well. */
const codeCell = (form: string): string => code(form.replaceAll("|", "\\|"));

function entryTable(kind: "column" | "test", header: readonly string[]): string {
  const entries = resultEntries().filter((entry) => entry.kind === kind);
  return table(
    header,
    entries.map((entry) => [codeCell(entry.kind === "test" ? entry.form : entry.name), proseCell(entry.sentences)]),
  );
}
