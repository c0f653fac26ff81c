/** `atlasc doc`. */
import { nearestNames } from "../compiler/base/suggest.js";
import { docEntries, type DocEntry, type EntryKind } from "../compiler/docs/entries.js";
import { readStandardLibrary } from "../runtime/load.js";
import { exitCodes } from "./exit-codes.js";
import { messages, output } from "./screen.js";

const titles: Readonly<Record<EntryKind, string>> = {
  metric: "Metrics",
  site: "Sites",
  operation: "Operations",
  quantity: "Quantities",
  statement: "Statements and interventions",
};

/** Prints the entries of a name, or a list of all entries when none is given. Exit code 1 for an unknown name. */
export async function docCommand(name: string | undefined, options: { json: boolean }): Promise<number> {
  const entries = docEntries(await readStandardLibrary());
  const shown = name === undefined ? entries : entries.filter((entry) => entry.name === name);
  if (name !== undefined && shown.length === 0) {
    const suggestions = nearestNames(
      name,
      entries.map((entry) => entry.name),
    );
    reportUnknown(name, suggestions, options.json);
    return exitCodes.wrongInput;
  }
  if (options.json) output.json(shown);
  else output.text(name === undefined ? listOf(entries) : shown.map(entryText).join("\n\n"));
  return exitCodes.done;
}

function reportUnknown(name: string, suggestions: readonly string[], json: boolean): void {
  if (json) {
    output.json({ status: "unknown", name, suggestions });
    return;
  }
  const near = suggestions.length === 0 ? "" : `; did you mean ${suggestions.join(" or ")}?`;
  messages.line(`atlasc: nothing is called ${name}${near}`);
  messages.line("atlasc doc lists everything");
}

function width(): number {
  return Math.max(40, Math.min(output.columns() ?? 100, 120));
}

/** Words in lines of at most the terminal's width; lines after the first begin with `indent` blanks. */
function wrapped(text: string, indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > width()) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}

/** One line for each entry, in groups. */
function listOf(entries: readonly DocEntry[]): string {
  const groups = new Map<string, DocEntry[]>();
  for (const entry of entries) {
    const title = entry.file === null ? titles[entry.kind] : `${titles[entry.kind]} of ${entry.file}`;
    groups.set(title, [...(groups.get(title) ?? []), entry]);
  }
  const indent = Math.max(...entries.map((entry) => entry.name.length)) + 4;
  const sections = [...groups].map(([title, members]) =>
    [
      title,
      ...members.map(
        ({ name, sentences }) => `  ${name.padEnd(indent - 2)}${wrapped(firstSentence(sentences), indent)}`,
      ),
    ].join("\n"),
  );
  return [...sections, "atlasc doc NAME shows one of them."].join("\n\n");
}

/** A full stop inside a name or a number does not end a sentence. */
function firstSentence(text: string): string {
  return /^.*?[.:](?= [A-Z0-9(]|$)/.exec(text)?.[0].replace(/:$/, ".") ?? text;
}

function entryText(entry: DocEntry): string {
  const { kind, name, file, form, sentences, parameters, facts, definition } = entry;
  const listed = [
    ...parameters.map((p, i) => {
      const value = p.default === null ? "" : ` = ${p.default}`;
      return { name: i === 0 ? "parameters" : "", text: `${p.name}: ${p.type ?? "anything"}${value}` };
    }),
    ...facts,
  ];
  const indent = 14;
  return [
    `${name}  ${kind}${file === null ? "" : ` of ${file}`}`,
    "",
    `  ${wrapped(sentences, 2)}`,
    "",
    `  ${"written".padEnd(indent - 2)}${form}`,
    ...listed.map((fact) => `  ${fact.name.padEnd(indent - 2)}${wrapped(fact.text, indent)}`),
    ...(definition === null ? [] : ["", ...definition.split("\n").map((line) => `  ${line}`)]),
  ].join("\n");
}
