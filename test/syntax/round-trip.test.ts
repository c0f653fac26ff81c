/** Whatever tree the printer prints, the parser reads back. */
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { parse } from "../../src/compiler/syntax/parse.js";
import { print } from "../../src/compiler/syntax/print.js";
import { withoutSpans } from "../support/trees.js";
import { arbitraryFile } from "./arbitrary.js";

test("parse(print(tree)) is the tree, and print is a fixpoint", () => {
  fc.assert(
    fc.property(arbitraryFile, (file) => {
      const printed = print(file, "");
      const { value, diagnostics } = parse({ path: "test.atlas", text: printed });
      assert.deepEqual(
        diagnostics.map((diagnostic) => diagnostic.message),
        [],
        printed,
      );
      assert.deepEqual(withoutSpans(value), withoutSpans(file), printed);
      assert.equal(print(value, printed), printed);
    }),
    { numRuns: 500 },
  );
});

test("a value that begins like a number of tests keeps its parentheses", () => {
  const text =
    'hypothesis "h"\n  expect (2 of a) > 0\n\nhypothesis "i"\n  expect (all of b + 1) equivalent to 0 within 1\n';
  const { value, diagnostics } = parse({ path: "test.atlas", text });
  assert.deepEqual(diagnostics, []);
  assert.equal(print(value, text), text);
});
