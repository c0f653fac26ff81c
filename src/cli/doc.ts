/** `atlasc doc`. */
import { nearestNames } from "../compiler/base/suggest.js";
import { wrapped, wrappedForm } from "../compiler/docs/form-text.js";
import { docEntries, type DocEntry } from "../compiler/docs/entries.js";
import { placesLike } from "../compiler/docs/results.js";
import { readStandardLibrary } from "../runtime/load.js";
import { exitCodes } from "./exit-codes.js";
import { messages, output } from "./screen.js";

/**
 * Prints the entries of a name, of a group or of each of several words, or a list of all entries when nothing is given.
 * Exit code 1 for an unknown name.
 */
export async function docCommand(words: readonly string[], options: { json: boolean }): Promise<number> {
  const entries = docEntries(await readStandardLibrary());
  const name = words.join(" ");
  const named = words.length === 0 ? entries : entriesOf(name, entries);
  const members = named.length > 0 ? [] : groupOf(name, entries);
  const shown = named.length > 0 ? named : members;
  if (shown.length === 0) {
    const names = [...entries.map((entry) => entry.name), ...entries.map(({ group }) => group.toLowerCase())];
    reportUnknown(name, nearestNames(name, names), options.json);
    return exitCodes.wrongInput;
  }
  if (options.json) output.json(shown);
  else if (words.length === 0 || members.length > 0) output.text(listOf(shown));
  else output.text(shown.map(entryText).join("\n\n"));
  return exitCodes.done;
}

/** The entries called so: `top`, `L9.H6` by what it is made like, `A3006` also as a3006, `at token` word by word. */
function entriesOf(name: string, entries: readonly DocEntry[]): readonly DocEntry[] {
  const called = (one: string): readonly DocEntry[] => entries.filter((entry) => entry.name === one);
  const direct = called(/^a\d{4}$/.test(name) ? name.toUpperCase() : name);
  if (direct.length > 0) return direct;
  const places = placesLike(name).flatMap(called);
  if (places.length > 0) return places;
  const each = name.split(/\s+/).map(called);
  return each.length > 1 && each.every((found) => found.length > 0) ? each.flat() : [];
}

/** The members of the group of this heading, or of those that begin with it: `metrics`, `plots`. */
function groupOf(name: string, entries: readonly DocEntry[]): readonly DocEntry[] {
  const heading = name.toLowerCase();
  const isMeant = (group: string): boolean => group === heading || group.startsWith(`${heading} of `);
  return heading === "" ? [] : entries.filter(({ group }) => isMeant(group.toLowerCase()));
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
  return Math.max(40, Math.min(output.columns() ?? 80, 120));
}

const inWidth = (text: string, indent: number): string => wrapped(text, width(), indent);

/** Names longer than this have their sentence below them. */
const widestName = 24;

/** One line for each entry, in groups. */
function listOf(entries: readonly DocEntry[]): string {
  const groups = [...new Set(entries.map(({ group }) => group))];
  const sections = groups.map((group) => {
    const members = entries.filter((entry) => entry.group === group);
    const indent = Math.min(widestName, Math.max(...members.map((entry) => entry.name.length))) + 4;
    return [group, ...members.map((entry) => listed(entry, indent))].join("\n");
  });
  return [...sections, "atlasc doc NAME shows one of them, atlasc doc plots a group."].join("\n\n");
}

function listed({ name, sentences }: DocEntry, indent: number): string {
  const sentence = inWidth(firstSentence(sentences), indent);
  if (name.length > widestName) return `  ${name}\n${" ".repeat(indent)}${sentence}`;
  return `  ${name.padEnd(indent - 2)}${sentence}`;
}

/** A full stop inside a name or a number does not end a sentence. */
function firstSentence(text: string): string {
  return /^.*?[.:](?= [A-Z0-9(]|$)/.exec(text)?.[0].replace(/:$/, ".") ?? text;
}

function entryText(entry: DocEntry): string {
  const { kind, name, file, form, sentences, parameters, facts, definition } = entry;
  const rows = [
    ...parameters.map((p, i) => {
      const value = p.default === null ? "" : ` = ${p.default}`;
      return { name: i === 0 ? "parameters" : "", text: `${p.name}: ${p.type ?? "anything"}${value}` };
    }),
    ...facts,
  ];
  const indent = Math.max(14, ...rows.map((row) => row.name.length + 4));
  const lines = (text: string): string =>
    text
      .split("\n")
      .map((line) => wrappedForm(line, width(), indent))
      .join(`\n${" ".repeat(indent)}`);
  const first = kind === "diagnostic" ? "message" : "written";
  return [
    `${name}  ${kind}${file === null ? "" : ` of ${file}`}`,
    "",
    `  ${inWidth(sentences, 2)}`,
    "",
    `  ${first.padEnd(indent - 2)}${lines(form)}`,
    ...rows.map((row) => `  ${row.name.padEnd(indent - 2)}${lines(row.text)}`),
    ...(definition === null ? [] : ["", ...definition.split("\n").map((line) => `  ${line}`)]),
  ].join("\n");
}
