/** Every name in every protocol and metric of the repository has an entry, and so has every name of a syntax tree. */
import assert from "node:assert/strict";
import test from "node:test";
import { tokenize } from "../../grammar/tokens.js";
import { hasErrors } from "../../src/compiler/diagnostics/staged.js";
import type { SideTable } from "../../src/compiler/ir/side-table.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { compileText, standardLibrary } from "../check/compiling.js";
import { around } from "../fuzz/changes.js";
import { atlasFiles } from "../support/trees.js";
import { everything, surroundings } from "./everything.js";

/** Names of a text that have no entry, with the line they stand in. */
function missing(text: string, file: string, { entries }: SideTable): readonly string[] {
  const known = new Set(
    entries.filter(({ span }) => span.file === file).map(({ span }) => `${span.start} ${span.end}`),
  );
  const identifiers = tokenize(text)
    .tokens.filter((token) => token.tokenType.name === "Identifier")
    .map(({ startOffset, image }) => ({ start: startOffset, end: startOffset + image.length }));
  const named = namesIn(parse({ path: file, text }).value.statements);
  return [...identifiers, ...named]
    .filter(({ start, end }) => !known.has(`${start} ${end}`))
    .map(({ start, end }) => `${text.slice(start, end)} in line ${text.slice(0, start).split("\n").length}`);
}

/** Places of all names of a tree, also of those that are soft words of the language: `{ text, span }` and names as expressions. */
function namesIn(tree: unknown): readonly { readonly start: number; readonly end: number }[] {
  if (Array.isArray(tree)) return tree.flatMap(namesIn);
  if (typeof tree !== "object" || tree === null) return [];
  const { text, span, kind } = tree as { text?: unknown; span?: { start: number; end: number }; kind?: unknown };
  const isName = typeof text === "string" && text !== "*" && (kind === undefined || kind === "name");
  return [...(isName && span !== undefined ? [span] : []), ...Object.values(tree).flatMap(namesIn)];
}

/** Names that mean nothing. Of a sound text only elements of axes may: what groups and fields a file has is in the file. */
function meaningless({ entries }: SideTable, file: string, text: string): readonly string[] {
  return entries
    .filter(({ span, kind, symbol }) => span.file === file && symbol === null && kind !== "level" && kind !== "place")
    .map(({ span }) => text.slice(span.start, span.end))
    .filter((written) => /^[A-Za-z_]\w*$/.test(written));
}

const everywhere = { ...around, sideTable: true };
const protocols = [
  ...atlasFiles("pipelines"),
  ...atlasFiles("pipelines/seeds"),
  ...atlasFiles("docs/examples"),
  ...atlasFiles("docs/examples/broken"),
];

test("every name of a protocol has an entry", () => {
  assert.ok(protocols.length > 50);
  for (const { path, text } of protocols) {
    const { value, diagnostics } = compileText(text, everywhere);
    assert.ok(value.sideTable !== null);
    assert.deepEqual(missing(text, "test.atlas", value.sideTable), [], path);
    if (hasErrors(diagnostics)) continue;
    assert.deepEqual(meaningless(value.sideTable, "test.atlas", text), [], path);
  }
});

test("every name of a protocol with every form has an entry", () => {
  const { value } = compileText(everything, surroundings);
  assert.ok(value.sideTable !== null);
  assert.deepEqual(missing(everything, "test.atlas", value.sideTable), []);
});

test("every name of the standard library has an entry", () => {
  const text = 'model gpt2 from "gpt2"\nprompts p from ["the cat sat"]\nmeasure loss\n';
  const { value } = compileText(text, everywhere);
  assert.ok(value.sideTable !== null);
  for (const { path, text: written } of standardLibrary) {
    assert.deepEqual(missing(written, path, value.sideTable), [], path);
    assert.deepEqual(meaningless(value.sideTable, path, written), [], path);
  }
});

test("every name of a file of metrics and prompts that is imported has an entry", () => {
  const { value } = compileText(
    atlasFiles("docs/examples").find(({ path }) => path === "import.atlas")?.text ?? "",
    everywhere,
  );
  assert.ok(value.sideTable !== null);
  for (const path of ["shared/spread.atlas", "shared/sayings.atlas"]) {
    const text = around.files?.[path] ?? "";
    assert.notEqual(text, "");
    assert.deepEqual(missing(text, path, value.sideTable), [], path);
  }
});
