/** What can stand at the end of a command line: the commands themselves say it, so that nothing is listed twice. */
import { readdir } from "node:fs/promises";
import type { Argument, Command, Option } from "commander";
import { docEntries } from "../compiler/docs/entries.js";
import { passNames } from "../compiler/passes/names.js";
import { backends } from "../runtime/engine/backends/index.js";
import { readStandardLibrary } from "../runtime/load.js";

/** Proposals for the last word, and whether files can stand there, too. */
export interface Proposals {
  readonly words: readonly { readonly word: string; readonly description: string }[];
  readonly files: "protocols" | "folders" | "none";
}

const nothing: Proposals = { words: [], files: "none" };

type Find = () => Proposals | Promise<Proposals>;

/** Arguments and values of options by what commander calls them, where that is not enough behind the group of the command. */
const values: ReadonlyMap<string, Find> = new Map<string, Find>([
  ["protocol", () => ({ words: [], files: "protocols" })],
  ["folder", () => ({ words: [], files: "folders" })],
  ["run", runs],
  ["left", runs],
  ["right", runs],
  ["model", shippedModels],
  ["name", documented],
  // Of `atlasc models pull` and `remove`.
  ["models name", cachedModels],
  ["device", () => listed(backends.flatMap(({ forms }) => forms).filter((form) => !form.includes("N")))],
  ["passes", () => listed(passNames)],
  ["shell", () => listed(["bash", "zsh", "fish"])],
]);

function listed(words: readonly string[]): Proposals {
  return { words: words.map((word) => ({ word, description: "" })), files: "none" };
}

/** `words` are those behind the name of the command; the last one is what is written so far, and may be empty. */
export async function completed(command: Command, words: readonly string[]): Promise<Proposals> {
  const written = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const named = command.commands.find((one) => one.name() === before[0]);
  if (named !== undefined) return completed(named, words.slice(1));
  const last = before.at(-1) ?? "";
  const option = command.options.find(({ long, short }) => long === last || short === last);
  if (option !== undefined && takesValue(option)) return valueOf(command, option.name(), option.flags);
  if (written.startsWith("-")) {
    const options = command.options.flatMap(({ long, description }) =>
      long == null ? [] : [{ word: long, description }],
    );
    return { words: [...options, { word: "--help", description: "display help for command" }], files: "none" };
  }
  if (command.commands.length > 0) {
    // What follows a command that there is not has no meaning.
    const commands = before.length > 0 ? [] : command.commands.filter((one) => one.description() !== "");
    return { words: commands.map((one) => ({ word: one.name(), description: one.description() })), files: "none" };
  }
  const given = argumentsAmong(command, before);
  const argument = command.registeredArguments[given] ?? lastVariadic(command);
  return argument === undefined ? nothing : valueOf(command, argument.name(), "");
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** By the name of an argument, or by what stands in the flags of an option: `--runs <folder>`. */
async function valueOf(command: Command, name: string, flags: string): Promise<Proposals> {
  const placeholder = /[<[]([\w=]+)/.exec(flags)?.[1] ?? name;
  const find = values.get(`${command.parent?.name() ?? ""} ${placeholder}`) ?? values.get(placeholder);
  return (await find?.()) ?? nothing;
}

/** How many words are arguments, and no options or their values. */
function argumentsAmong({ options }: Command, words: readonly string[]): number {
  let count = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    const option = options.find(({ long, short }) => long === word || short === word);
    if (option?.required === true) i++;
    if (!word.startsWith("-")) count++;
  }
  return count;
}

function lastVariadic({ registeredArguments }: Command): Argument | undefined {
  return registeredArguments.at(-1)?.variadic === true ? registeredArguments.at(-1) : undefined;
}

/** Runs of the folder that is looked in by default: `latest`, and protocols by their names. */
async function runs(): Promise<Proposals> {
  const entries = await readdir("runs", { withFileTypes: true }).catch(() => []);
  const protocols = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name);
  const { words } = listed(protocols);
  return { words: [{ word: "latest", description: "the run that was begun last" }, ...words], files: "folders" };
}

async function shippedModels(): Promise<Proposals> {
  const { pathsFor } = await import("../lsp/paths.js");
  const models = await pathsFor({ kind: "models", written: "" }, process.cwd());
  return { ...listed(models.map(({ text }) => text)), files: "folders" };
}

/** Models that the Hub's cache holds. */
async function cachedModels(): Promise<Proposals> {
  const { words } = await shippedModels();
  return { words: words.filter(({ word }) => !word.startsWith("@stdlib/")), files: "none" };
}

async function documented(): Promise<Proposals> {
  const entries = docEntries(await readStandardLibrary());
  const words = entries.map(({ name, group }) => ({ word: name, description: group }));
  return { words, files: "none" };
}
