/** Results of any size and of pairs of entries. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResultExpression } from "../../src/compiler/ir/protocol.js";
import { evaluateResult } from "../../src/compiler/results/evaluate.js";
import { pairName } from "../../src/compiler/ir/pairs.js";
import { agreeOver, reduceOver } from "../../src/compiler/results/result-array.js";
import { reducerOf } from "../../src/compiler/results/reductions.js";
import { buildTable } from "../../src/runtime/report/tables.js";
import { column, row, tableOf, resultsOf, named } from "./samples.js";

test("pairs are named by their entries, the first entry's pairs first", () => {
  for (const entries of [2, 3, 5, 12]) {
    const expected: string[] = [];
    for (let a = 0; a < entries; a++) for (let b = a + 1; b < entries; b++) expected.push(`${a}-${b}`);
    assert.deepEqual(
      expected.map((_, index) => pairName(index, expected.length)),
      expected,
    );
  }
});

test("tokens that differ have no mean, equal ones are that token", () => {
  const array = {
    axes: ["layer", "prompt"],
    cells: [
      { coordinates: { layer: 0, prompt: 0 }, value: 5, reason: null },
      { coordinates: { layer: 0, prompt: 1 }, value: 5, reason: null },
      { coordinates: { layer: 1, prompt: 0 }, value: 5, reason: null },
      { coordinates: { layer: 1, prompt: 1 }, value: NaN, reason: "not finite" },
    ],
    decided: [],
    ragged: [],
    labels: null,
  };
  assert.deepEqual(
    agreeOver(array, ["layer"], "tokens").cells.map(({ value, reason }) => [value, reason]),
    [
      [5, null],
      [NaN, "not finite"],
    ],
  );
});

/** Two models on a hundred thousand tokens. */
const many = ["alpha", "beta"].flatMap((model, m) =>
  Array.from({ length: 100_000 }, (_, position) =>
    row(
      "tokens",
      "nll",
      { model, group: position % 7 === 0 ? "a" : "b", position },
      ((position * 7919) % 1000) / 100 + m,
    ),
  ),
);

test("values of every token of a corpus are selected, subtracted, averaged and sorted in time that grows with them", () => {
  const of = (model: string): ResultExpression => ({
    kind: "where",
    argument: column("tokens", "nll"),
    condition: { kind: "axis", axis: "model", among: [model] },
  });
  const difference: ResultExpression = { kind: "binary", operation: "-", left: of("beta"), right: of("alpha") };
  const began = performance.now();
  const array = evaluateResult(difference, resultsOf(many));
  assert.equal(array.cells.length, 100_000);
  assert.deepEqual(array.axes, ["group", "position"]);
  assert.ok(Math.abs((reduceOver(array, reducerOf("mean", false), null).cells.at(0)?.value ?? NaN) - 1) < 1e-9);
  const shown = named("difference", difference);
  const table = buildTable(
    tableOf({ experiment: "tokens", columns: [shown], by: shown, top: 20, context: 12 }),
    resultsOf(many),
  );
  assert.equal(table.rows.length, 20);
  // About two seconds; comparing every pair of tokens would take hours.
  assert.ok(performance.now() - began < 60_000);
});
