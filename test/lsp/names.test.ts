/** Names across the files of a workspace, over the protocol: those that are open, and those that only lie on the disk. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { temporaryFolder } from "../runtime/processes.js";
import { startEditor, type Editor } from "./editor.js";

const library = `model gpt2 from "@stdlib/models/gpt2-tiny"
prompts sayings from ["Time heals all wounds, my lady, but not this one."]
metric own(at_layer: layer, factor: count = 2) = let grown = norm(resid_post[at_layer] over d_model) in grown * factor
param limit = 3
`;
const first = `import "library"
experiment e on gpt2 with sayings measure own at_layer L1 as one, mean(own(L2, factor: 3)) as two
let q = e.one * limit
table q
`;
const second = `import "../library.atlas"
metric other = own(L1)
experiment e on gpt2 with sayings measure other
`;

interface Location {
  readonly uri: string;
  readonly range: { readonly start: { readonly line: number; readonly character: number } };
}

type Changes = Record<string, { readonly range: Location["range"]; readonly newText: string }[]>;

interface Opened {
  readonly editor: Editor;
  /** Opens one of the files, with a text that need not be that of the disk. */
  readonly open: (name: string, text: string) => Promise<{ readonly uri: string }>;
}

async function started(context: TestContext): Promise<Opened> {
  const folder = temporaryFolder(context);
  mkdirSync(join(folder, "deeper"));
  writeFileSync(join(folder, "library.atlas"), library);
  writeFileSync(join(folder, "first.atlas"), first);
  writeFileSync(join(folder, "deeper/second.atlas"), second);
  const editor = await startEditor(context, {}, undefined, folder);
  return {
    editor,
    async open(name, text) {
      const uri = pathToFileURL(join(folder, name)).href;
      await editor.tell("textDocument/didOpen", { textDocument: { uri, languageId: "atlas", version: 1, text } });
      return { uri };
    },
  };
}

function positionOf(text: string, piece: string): Location["range"]["start"] {
  const before = text.slice(0, text.indexOf(piece)).split("\n");
  return { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
}

const fileOf = (uri: string): string => basename(fileURLToPath(uri));

/** `second 1 15`: file, line and column of places, which count from 0. */
const placeOf = (uri: string, { start: { line, character } }: Location["range"]): string =>
  `${fileOf(uri).replace(".atlas", "")} ${line} ${character}`;

function changedPlaces({ changes }: { readonly changes: Changes }): readonly string[] {
  return Object.entries(changes)
    .flatMap(([uri, edits]) => edits.map(({ range }) => placeOf(uri, range)))
    .sort();
}

const everywhere = ["first 1 42", "first 1 71", "library 2 7", "second 1 15"];

test("what a file declares is found and renamed in every file that imports it, open or not", async (t) => {
  const { editor, open } = await started(t);
  const textDocument = await open("library.atlas", library);
  const position = positionOf(library, "own(");
  const rename = (newName: string): Promise<{ changes: Changes }> =>
    editor.ask("textDocument/rename", { textDocument, position, newName });
  const asked = { textDocument, position, context: { includeDeclaration: true } };
  const found = await editor.ask<Location[]>("textDocument/references", asked);
  assert.deepEqual(found.map(({ uri, range }) => placeOf(uri, range)).sort(), everywhere);
  assert.deepEqual(changedPlaces(await rename("mine")), everywhere);

  // As it is in the editor, not as it is on the disk.
  await open("first.atlas", first.replace("experiment", "\nexperiment"));
  const moved = everywhere.map((place) => place.replace("first 1", "first 2"));
  assert.deepEqual(changedPlaces(await rename("mine")), moved);
});

test("from a file that imports it, too, a name is changed in the others", async (t) => {
  const { editor, open } = await started(t);
  const textDocument = await open("first.atlas", first);
  const at = (piece: string, newName: string): Promise<{ changes: Changes }> =>
    editor.ask("textDocument/rename", { textDocument, position: positionOf(first, piece), newName });
  assert.deepEqual(changedPlaces(await at("own at", "mine")), everywhere);
  assert.deepEqual(
    changedPlaces(await at("factor: 3", "times")),
    ["first 1 79", "library 2 28", "library 2 112"].sort(),
  );
});

test("a name that would mean something else somewhere is refused", async (t) => {
  const { editor, open } = await started(t);
  const inLibrary = { textDocument: await open("library.atlas", library), text: library };
  const inFirst = { textDocument: await open("first.atlas", first), text: first };
  const refusal = async ({ textDocument, text }: typeof inFirst, piece: string, newName: string): Promise<string> =>
    editor.ask("textDocument/rename", { textDocument, position: positionOf(text, piece), newName }).then(
      () => "",
      (error: unknown) => (error as Error).message,
    );
  assert.match(
    await refusal(inFirst, "one, mean", "two"),
    /one cannot be called two: then the column two is declared twice/,
  );
  assert.match(await refusal(inLibrary, "factor: count", "at_layer"), /at_layer/);
  // The `let` inside of the metric would take its place.
  assert.match(await refusal(inLibrary, "factor: count", "grown"), /then a name would mean something else/);
  assert.match(await refusal(inLibrary, "grown = ", "factor"), /cannot be called factor/);
  // Only another file has it.
  assert.match(await refusal(inLibrary, "own(", "other"), /declared twice, in .*second\.atlas/);
  assert.match(await refusal(inLibrary, "own(", "loss"), /replaces the metric/);
  assert.equal(await refusal(inLibrary, "grown = ", "larger"), "");
});

test("declarations are found in all protocols of a workspace", async (t) => {
  const { editor, open } = await started(t);
  await open("first.atlas", first);
  const symbols = await editor.ask<{ name: string; location: Location }[]>("workspace/symbol", { query: "O" });
  const found = symbols.map(({ name, location }) => `${name} ${placeOf(location.uri, location.range)}`);
  assert.deepEqual(found.sort(), ["other second 1 7", "own library 2 7"]);
});

test("a file that is closed without being saved is again what it is on the disk for those who import it", async (t) => {
  const { editor, open } = await started(t);
  const importing = await open("first.atlas", first);
  assert.deepEqual(await editor.diagnostics(importing.uri), []);
  const textDocument = await open("library.atlas", library.replace("limit", "bound"));
  assert.match((await editor.diagnostics(importing.uri))[0]?.message ?? "", /limit/);
  await editor.tell("textDocument/didClose", { textDocument });
  assert.deepEqual(await editor.diagnostics(importing.uri), []);
});

test("a line ends where the editor ends it, also at a carriage return alone", async (t) => {
  const { editor, open } = await started(t);
  const text = first.replaceAll("\n", "\r");
  const textDocument = await open("first.atlas", text);
  const position = { line: 3, character: 6 };
  const found = await editor.ask<Location>("textDocument/definition", { textDocument, position });
  assert.deepEqual(found.range.start, { line: 2, character: 4 });
});
