/** Everything that is printed passes the border, where it is made printable. */
import assert from "node:assert/strict";
import test from "node:test";
import ts from "typescript";
import { filesBelow, nodesOf } from "./sources.js";

/**
 * The border itself; the bars, which move the cursor and show only numbers of ours; messages to an editor, which are JSON; and
 * that the border cannot be loaded, which is JSON, too.
 */
const mayWrite = [
  "src/cli/screen.ts",
  "src/cli/progress.ts",
  "src/cli/download-display.ts",
  "src/lsp/stdio.ts",
  "src/cli/main.ts",
];

test("only src/cli/screen.ts writes to standard output and standard error", () => {
  const writers = filesBelow("src", ".ts").filter((file) =>
    nodesOf(file).some(
      (node) =>
        (ts.isPropertyAccessExpression(node) && /^process\.std(out|err)$/.test(node.getText())) ||
        (ts.isIdentifier(node) && node.text === "console"),
    ),
  );
  assert.deepEqual(writers.sort(), [...mayWrite].sort());
});
