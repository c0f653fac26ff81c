/** What the compiler knows of an operation stands in the table of operations, not where it is used. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { operationNames } from "../../src/compiler/operations/index.js";
import { filesBelow, textOf } from "./sources.js";

/** Files that ask for an operation by its name, with the reason. */
const justified: Readonly<Record<string, string>> = {
  "src/compiler/passes/log-of-softmax.ts": "rewrites exactly these operations",
  "src/compiler/check/expressions/guarded.ts": "is about the word `where` alone",
  "src/compiler/check/interventions/steer.ts": "reads the form z[L5.H3], which `select` stands for",
  "src/compiler/check/interventions/value.ts": "reads the form z[L5.H3], which `select` stands for",
  "src/compiler/check/results/result-axes.ts": "is about expressions over results",
  "src/compiler/check/results/study-labels.ts": "puts the two places of `x at a..b` into words",
  "src/compiler/lower/explain.ts": "shortens the sums that captures are made of",
  "src/compiler/lower/cost.ts": "counts the logits that the compiler's own `project` makes",
  "src/compiler/decide/drawn-arrays.ts": "is about expressions over results",
  "src/compiler/decide/drawn-values.ts": "is about expressions over results",
  "src/compiler/decide/spine.ts": "is about expressions over results",
  "src/compiler/results/evaluate.ts": "is about expressions over results",
  "src/compiler/results/ranking-key.ts": "is about expressions over results",
  "src/compiler/results/reductions.ts": "is about expressions over results",
  "src/runtime/report/tables.ts": "is about expressions over results",
};

test("only what makes or rewrites exactly one operation asks for it by name", () => {
  const asked = filesBelow("src", ".ts").filter((file) => {
    const compared = [...textOf(file).matchAll(/\boperation(?:\.name)?\)? [!=]== "(\w+)"/g)].map(
      ([, name]) => name ?? "",
    );
    return compared.some((name) => operationNames.includes(name));
  });
  assert.deepEqual(asked.sort(), Object.keys(justified).sort());
});
