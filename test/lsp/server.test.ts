/** The language server as an editor meets it: a process, messages, texts that change. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { temporaryFolder } from "../runtime/processes.js";
import { startEditor, type Editor } from "./editor.js";

interface Position {
  readonly line: number;
  readonly character: number;
}

interface Range {
  readonly start: Position;
  readonly end: Position;
}

const text = `model gpt2 from "@stdlib/models/gpt2-tiny"
prompts sayings from "sayings.txt"

experiment sweep
  ablate heads L*
  measure loss

table sweep.los
`;

/** Where a piece of a text begins, `within` characters further on. */
function positionOf(piece: string, within = 0, whole = text): Position {
  const before = whole.slice(0, whole.indexOf(piece) + within).split("\n");
  return { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
}

async function opened(editor: Editor, folder: string, content = text): Promise<{ readonly uri: string }> {
  writeFileSync(join(folder, "sayings.txt"), "Time heals all wounds, my lady, but not this one.\n");
  const uri = pathToFileURL(join(folder, "protocol.atlas")).href;
  await editor.tell("textDocument/didOpen", { textDocument: { uri, languageId: "atlas", version: 1, text: content } });
  return { uri };
}

test("mistakes are shown as one types, with a change that removes them", async (t) => {
  const editor = await startEditor(t);
  const textDocument = await opened(editor, temporaryFolder(t));
  const [mistake, ...more] = await editor.diagnostics(textDocument.uri);
  assert.equal(mistake?.code, "A2012");
  assert.deepEqual(more, []);
  assert.deepEqual(mistake.range.start, positionOf("sweep.los", 6));
  assert.match(mistake.message, /did you mean loss/);

  const [action] = await editor.ask<
    { title: string; edit: { changes: Record<string, { range: Range; newText: string }[]> } }[]
  >("textDocument/codeAction", { textDocument, range: mistake.range, context: { diagnostics: [] } });
  assert.equal(action?.title, "Change to loss");
  const [edit] = action.edit.changes[textDocument.uri] ?? [];
  assert.ok(edit !== undefined);
  await editor.tell("textDocument/didChange", {
    textDocument: { ...textDocument, version: 2 },
    contentChanges: [{ range: edit.range, text: edit.newText }],
  });
  assert.deepEqual(await editor.diagnostics(textDocument.uri), []);
});

test("while one types, completion waits for no analysis: names are those of the text before", async (t) => {
  const editor = await startEditor(t);
  const textDocument = await opened(editor, temporaryFolder(t));
  await editor.diagnostics(textDocument.uri);
  const longer = `${text}\nplot heatmap of sw`;
  const lines = longer.split("\n");
  await editor.tell("textDocument/didChange", {
    textDocument: { ...textDocument, version: 2 },
    contentChanges: [{ text: longer }],
  });
  const position = { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
  const typed = await editor.ask<{ isIncomplete: boolean; items: { label: string }[] }>("textDocument/completion", {
    textDocument,
    position,
  });
  assert.equal(typed.isIncomplete, true);
  assert.ok(typed.items.some(({ label }) => label === "sweep"));
  // When the mistakes of the new text are shown, the list is whole.
  await editor.diagnostics(textDocument.uri);
  const whole = await editor.ask<{ label: string }[]>("textDocument/completion", { textDocument, position });
  assert.ok(whole.some(({ label }) => label === "sweep"));
});

test("completion, hover, definition, other names and hints answer for the text as it is now", async (t) => {
  const editor = await startEditor(t, { commands: true });
  const textDocument = await opened(editor, temporaryFolder(t));
  const completions = await editor.ask<{ label: string }[]>("textDocument/completion", {
    textDocument,
    position: positionOf("sweep.los", 9),
  });
  assert.deepEqual(
    completions.map(({ label }) => label),
    ["loss", "value", "baseline", "impact", "relative"],
  );
  const paths = await editor.ask<{ label: string }[]>("textDocument/completion", {
    textDocument,
    position: positionOf('"sayings', 3),
  });
  assert.ok(paths.some(({ label }) => label === "sayings.txt"));
  const models = await editor.ask<{ label: string }[]>("textDocument/completion", {
    textDocument,
    position: positionOf('"@stdlib', 3),
  });
  assert.ok(models.some(({ label }) => label === "@stdlib/models/llama-tiny"));

  const hover = await editor.ask<{ contents: { value: string } }>("textDocument/hover", {
    textDocument,
    position: positionOf("sweep"),
  });
  assert.match(hover.contents.value, /25 conditions × 1 prompt/);
  // A table of a column that is not there keeps the protocol from being planned; without it there are layer runs.
  const definition = await editor.ask<{ uri: string; range: Range }>("textDocument/definition", {
    textDocument,
    position: positionOf("sweep.los", 1),
  });
  assert.deepEqual(definition, {
    uri: textDocument.uri,
    range: { start: positionOf("sweep"), end: positionOf("sweep", 5) },
  });
  const renamed = await editor.ask<{ changes: Record<string, unknown[]> }>("textDocument/rename", {
    textDocument,
    position: positionOf("sweep"),
    newName: "scan",
  });
  assert.equal(renamed.changes[textDocument.uri]?.length, 2);
  await assert.rejects(
    editor.ask("textDocument/rename", { textDocument, position: positionOf("loss"), newName: "cost" }),
    /declared in the standard library/,
  );
  const hints = await editor.ask<{ label: string }[]>("textDocument/inlayHint", {
    textDocument,
    range: { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } },
  });
  assert.ok(hints.some(({ label }) => label === "0–5"));
  const lenses = await editor.ask<{ command: { command: string } }[]>("textDocument/codeLens", { textDocument });
  assert.deepEqual(
    lenses.map(({ command }) => command.command),
    ["atlasc.run", "atlasc.explain", "atlasc.report"],
  );
});

test("the layer runs of an experiment are those of its plan", async (t) => {
  const editor = await startEditor(t);
  const textDocument = await opened(editor, temporaryFolder(t), text.replace("sweep.los", "sweep.loss"));
  const hover = await editor.ask<{ contents: { value: string } }>("textDocument/hover", {
    textDocument,
    position: positionOf("sweep"),
  });
  assert.match(hover.contents.value, /\d+ layer runs, [\d.]+ [MG]FLOP/);
});

test("a file that is imported is read as it is in the editor, saved or not", async (t) => {
  const editor = await startEditor(t);
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "shared.atlas"), "metric one = loss\n");
  const textDocument = await opened(editor, folder, 'import "shared.atlas"\nmetric three = one + two\n');
  const [mistake] = await editor.diagnostics(textDocument.uri);
  assert.match(mistake?.message ?? "", /two/);
  const uri = pathToFileURL(join(folder, "shared.atlas")).href;
  const shared = { uri, languageId: "atlas", version: 1, text: "metric one = loss\nmetric two = 2 * loss\n" };
  await editor.tell("textDocument/didOpen", { textDocument: shared });
  assert.deepEqual(await editor.diagnostics(textDocument.uri), []);
});

test("a text is formatted; one that does not parse is left as it is", async (t) => {
  const editor = await startEditor(t);
  const folder = temporaryFolder(t);
  const textDocument = await opened(editor, folder, 'model   gpt2 from "@stdlib/models/gpt2-tiny"\n');
  const options = { tabSize: 2, insertSpaces: true };
  const edits = await editor.ask<{ newText: string }[]>("textDocument/formatting", { textDocument, options });
  assert.deepEqual(
    edits.map(({ newText }) => newText),
    ['model gpt2 from "@stdlib/models/gpt2-tiny"\n'],
  );
  const broken = { textDocument: { ...textDocument, version: 2 }, contentChanges: [{ text: "model   gpt2 from" }] };
  await editor.tell("textDocument/didChange", broken);
  assert.deepEqual(await editor.ask("textDocument/formatting", { textDocument, options }), []);
});

test("documents that are not open and places that are not there have no answers", async (t) => {
  const editor = await startEditor(t);
  const textDocument = { uri: "file:///nowhere/at/all.atlas" };
  const position = { line: 99, character: 99 };
  assert.equal(await editor.ask("textDocument/hover", { textDocument, position }), null);
  const own = await opened(editor, temporaryFolder(t));
  await editor.ask("textDocument/hover", { textDocument: own, position });
  const untitled = { uri: "untitled:Untitled-1", languageId: "atlas", version: 1, text: "measure " };
  await editor.tell("textDocument/didOpen", { textDocument: untitled });
  assert.equal((await editor.diagnostics(untitled.uri)).length > 0, true);
});

test("the server ends when the editor says so", async (t) => {
  const editor = await startEditor(t);
  await editor.ask("shutdown", undefined);
  await editor.tell("exit", undefined);
  assert.equal(await editor.ended, 0);
});
