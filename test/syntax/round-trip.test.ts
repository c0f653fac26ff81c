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
