/** The seed protocols and our own examples parse, print and keep their meaning and comments. */
import assert from "node:assert/strict";
import test from "node:test";
import { AtlasGrammar } from "../../grammar/parser.js";
import { createLexer } from "../../grammar/tokens.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { print, printWidth } from "../../src/compiler/syntax/print.js";
import type { SourceFile } from "../../src/compiler/base/span.js";
import { examples, protocols, withoutSpans } from "../support/trees.js";

function checkPrinting(file: SourceFile): void {
  const parsed = parse(file);
  assert.deepEqual(parsed.diagnostics, []);
  assert.equal(parsed.value.complete, true);
  const printed = print(parsed.value, file.text);
  const again = parse({ path: file.path, text: printed });
  assert.deepEqual(again.diagnostics, []);
  assert.deepEqual(withoutSpans(again.value), withoutSpans(parsed.value));
  assert.deepEqual(
    again.value.comments.map((comment) => comment.text),
    parsed.value.comments.map((comment) => comment.text),
  );
  assert.equal(print(again.value, printed), printed);
}

test("the token table has no token that another hides", () => {
  assert.deepEqual(createLexer(false).lexerDefinitionErrors, []);
});

test("the grammar has no ambiguity that Chevrotain can see", () => {
  assert.doesNotThrow(() => new AtlasGrammar(false));
});

test("every seed protocol parses and prints", { skip: protocols().length === 0 && "no ../shared here" }, async (t) => {
  for (const file of protocols())
    await t.test(file.path, () => {
      checkPrinting(file);
    });
});

test("every example parses and prints", async (t) => {
  assert.ok(examples().length > 0);
  for (const file of examples()) {
    await t.test(file.path, () => {
      checkPrinting(file);
      assert.equal(
        print(parse(file).value, file.text),
        file.text,
        "the examples are committed in the canonical layout",
      );
    });
  }
});

test("the examples hold every kind of statement and intervention", () => {
  const statements = examples().flatMap((file) => parse(file).value.statements);
  const kinds = new Set<string>(statements.map((statement) => statement.kind));
  const changes = new Set<string>(
    statements.flatMap((s) => (s.kind === "experiment" ? s.interventions.map((clause) => clause.kind) : [])),
  );
  const expected =
    "import model prompts corpus param metric experiment letResult compare correlate hypothesis find fit pca probe classify table plot save";
  assert.deepEqual([...kinds].sort(), expected.split(" ").sort());
  assert.deepEqual([...changes].sort(), ["ablate", "patch", "scale", "set", "steer"]);
});

test("what can be broken stays within the width", () => {
  for (const file of examples()) {
    for (const line of print(parse(file).value, file.text).split("\n")) {
      assert.ok(line.length <= printWidth || !/[,(]| (?:over|by|using) /.test(line.slice(printWidth)), line);
    }
  }
});
