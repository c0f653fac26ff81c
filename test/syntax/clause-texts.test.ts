import assert from "node:assert/strict";
import test from "node:test";
import { clauseTexts } from "../../src/compiler/syntax/clause-texts.js";

test("clauses of an experiment are told apart, each on a line", () => {
  assert.deepEqual(
    clauseTexts("ablate heads L1.H2, L1.H3 together\n  scale heads L2 by [0.5, 2] # louder\n  set z[L1]\n to 0"),
    ["ablate heads L1.H2, L1.H3 together", "scale heads L2 by [0.5, 2]", "set z[L1] to 0"],
  );
});

test("the words of clauses are names after a dot and before a colon", () => {
  assert.deepEqual(clauseTexts("steer resid_post L1 by e.scale * m(patch: 1)"), [
    "steer resid_post L1 by e.scale * m(patch: 1)",
  ]);
  assert.deepEqual(clauseTexts('ablate mlp L1 at token "set to"'), ['ablate mlp L1 at token "set to"']);
});
