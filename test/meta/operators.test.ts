/** The table of ONNX operators lists what atlasc emits, and nothing else. */
import assert from "node:assert/strict";
import test from "node:test";
import ts from "typescript";
import { operators } from "../../src/compiler/onnx/operators.js";
import { filesBelow, nodesOf } from "./sources.js";

/** Files that sort operators into kinds and emit none. */
const classifying = ["src/compiler/onnx/operators.ts", "src/compiler/onnx/ranks.ts", "src/compiler/passes/positions/"];

/** True for a text that a node's operator is compared with, also as a member of a set. */
function isCompared({ parent }: ts.Node): boolean {
  if (ts.isCaseClause(parent)) return true;
  if (ts.isArrayLiteralExpression(parent) && ts.isNewExpression(parent.parent)) return true;
  const kind = ts.isBinaryExpression(parent) ? parent.operatorToken.kind : null;
  return kind === ts.SyntaxKind.EqualsEqualsEqualsToken || kind === ts.SyntaxKind.ExclamationEqualsEqualsToken;
}

// The other direction needs no test: `domainOf` throws for an operator that is not listed.
test("every operator of the table is named where something emits it", () => {
  const emitted = new Set(
    filesBelow("src/compiler", ".ts")
      .filter((file) => !classifying.some((start) => file.startsWith(start)))
      .flatMap((file) =>
        nodesOf(file).flatMap((node) => (ts.isStringLiteral(node) && !isCompared(node) ? [node.text] : [])),
      ),
  );
  assert.deepEqual(
    Object.keys(operators).filter((op) => !emitted.has(op)),
    [],
  );
});
