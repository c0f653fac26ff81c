/** Syntax errors: where they are and what they say, written into the fixtures themselves. */
import assert from "node:assert/strict";
import test from "node:test";
import { catalogue } from "../../src/compiler/diagnostics/catalogue.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { checkCarets, expectedCarets } from "../support/carets.js";
import { atlasFiles } from "../support/trees.js";

const fixtures = atlasFiles("test/diagnostics/syntax");

test("every fixture gives exactly the diagnostics that it expects", async (t) => {
  assert.ok(fixtures.length > 0);
  for (const file of fixtures) {
    await t.test(file.path, () => {
      const { value, diagnostics } = parse(file);
      assert.deepEqual(checkCarets(file, diagnostics), []);
      assert.equal(value.complete, false);
    });
  }
});

test("every lexical and syntax code has a fixture", () => {
  const codes = new Set(fixtures.flatMap((file) => expectedCarets(file.text).map((caret) => caret.code)));
  for (const code of Object.keys(catalogue))
    // A1004 depends on what a file holds and is raised by checking: test/diagnostics/A1004.atlas.
    if (/^A[01]/.test(code) && code !== "A1004") assert.ok(codes.has(code), `${code} has no fixture`);
});

/** Hint and title of the first fix of the first diagnostic. */
function help(text: string): readonly (string | undefined)[] {
  const [first] = parse({ path: "test.atlas", text }).diagnostics;
  return [first?.hint, first?.fixes[0]?.title];
}

test("hints and fixes", () => {
  assert.deepEqual(help("tabel sweep"), ["did you mean `table`?", "replace by table"]);
  assert.deepEqual(help('model m from "x" revison "y"'), ["did you mean `revision`?", "replace by revision"]);
  assert.deepEqual(help("ablate head L5"), ["did you mean `heads`?", "replace by heads"]);
  assert.deepEqual(help('model table from "x"'), ["`table` is a word of the language", undefined]);
  assert.deepEqual(help("let a = b == c")[0], "`=` defines a name; write `is` to compare");
  assert.deepEqual(help("let a = 1 – 2"), ["minus is the ASCII hyphen `-`", "replace by -"]);
  assert.deepEqual(help("let a = 50%")[0], "a depth is written with L: L50%");
});

test("an unclosed bracket is shown where it opens", () => {
  const [first] = parse({ path: "test.atlas", text: "let a = f(1, (2)\nlet b = 3" }).diagnostics;
  assert.deepEqual(
    first?.related.map((label) => [label.span.start, label.text]),
    [[9, "this `(` is not closed"]],
  );
});

test("a broken statement leaves the others whole", () => {
  const { value, diagnostics } = parse({
    path: "test.atlas",
    text: 'model a from "x"\nprompts p frm "y"\nexperiment e\n  measure nll\nlet z = \nplot line of e.nll over layer',
  });
  assert.equal(diagnostics.length, 2);
  const kinds = value.statements.map((statement) => statement.kind);
  for (const kind of ["model", "experiment", "letResult", "plot"]) assert.ok(kinds.includes(kind as never), kind);
  const half = value.statements.find((statement) => statement.kind === "letResult");
  assert.equal(half?.name.text, "z");
  assert.equal(half.value.kind, "missing");
});
