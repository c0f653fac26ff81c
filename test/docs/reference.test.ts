/** The generated parts of the documents are those that the code gives now. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { format, resolveConfig } from "prettier";
import { functionNames, quantityNames } from "../../src/compiler/check/names/functions.js";
import { docEntries } from "../../src/compiler/docs/entries.js";
import { referenceParts, withReferenceParts } from "../../src/compiler/docs/reference.js";
import { siteNames } from "../../src/compiler/models/sites.js";
import { operations } from "../../src/compiler/operations/index.js";
import { forms } from "../../src/compiler/syntax/forms/index.js";
import { readStandardLibrary } from "../../src/runtime/load.js";
import { root } from "../support/root.js";

for (const name of readdirSync(join(root, "docs")).filter((file) => file.endsWith(".md"))) {
  test(`docs/${name} is up to date`, async () => {
    const path = join(root, "docs", name);
    const text = readFileSync(path, "utf8");
    const options = { ...(await resolveConfig(path)), filepath: path };
    const parts = referenceParts(await readStandardLibrary());
    const expected = await format(withReferenceParts(text, parts), options);
    assert.equal(text, expected, "run npm run build && node scripts/docs.mjs");
  });
}

/** What the compiler alone makes, of other operations and of corpora. */
const internal = ["kept", "chosen", "project", "scored"];

test("the reference says how every operation that a protocol can write is written", async () => {
  assert.deepEqual(
    [...operations.values()].filter(({ written }) => written.form === null).map(({ name }) => name),
    internal,
  );
  const { operations: table = "" } = referenceParts(await readStandardLibrary());
  const rows = table.split("\n").length - 2;
  assert.equal(rows, operations.size - internal.length);
});

test("atlasc doc knows every name of the measurement language", async () => {
  const known = new Set(docEntries(await readStandardLibrary()).map((entry) => entry.name));
  assert.deepEqual(
    [...functionNames, ...quantityNames, ...siteNames].filter((name) => !known.has(name)),
    [],
  );
});

test("the reference shows the form of every statement, clause and plot", () => {
  const text = readFileSync(join(root, "docs", "language.md"), "utf8").replace(/\s+/g, " ");
  const shown = forms.filter(({ group }) => group !== "Operators").flatMap(({ lines }) => lines);
  // `on` and `with` stand in the form of the experiment, and `plot` is shown kind by kind.
  const missing = shown.filter((line) => !text.includes(line) && !/^(?:on|with|plot heatmap\|line\|.*) /.test(line));
  assert.deepEqual(missing, []);
});

test("a part that does not exist or does not end is an error", () => {
  assert.throws(() => withReferenceParts("<!-- generated: nothing -->\n<!-- end generated -->", {}), RangeError);
  assert.throws(() => withReferenceParts("<!-- generated: a -->\n", { a: "text" }), RangeError);
});
