/** Conditions as values, and the names that argmax gives: compared, shown and saved. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import type { NamedResult, ResultCondition, ResultExpression } from "../../src/compiler/ir/protocol.js";
import { tableHtml } from "../../src/runtime/report/html-table.js";
import { buildTable } from "../../src/runtime/report/tables.js";
import { renderTextTable } from "../../src/runtime/report/text-table.js";
import { noTokenTexts } from "../../src/runtime/report/token-texts.js";
import { tableOfValue } from "../../src/runtime/saved-values.js";
import { columnNames } from "../../src/runtime/store/saved-table.js";
import { argmax, evaluated, less, m, number, reduce, truth, where } from "./expressions.js";
import { column, resultsOf, row, tableOf } from "./samples.js";

suite("truth values", () => {
  const rows = [
    ...[1, 2, NaN, 4].map((value, head) => row("e", "m", { head }, value, { reason: "log of 0" })),
    ...[9, 0, 9, 0].map((value, head) => row("e", "n", { head }, value)),
  ];
  const n = column("e", "n");
  const small = less(m, number(3));
  const large: ResultCondition = { kind: "compare", operation: ">", left: n, right: number(5) };
  const first: ResultCondition = { kind: "axis", axis: "head", among: [0, 1] };
  const values = (condition: ResultCondition) => evaluated(truth(condition), rows).cells.map(({ value }) => value);

  test("are 1, 0 and, where a NaN decides, NaN with its reason", () => {
    assert.deepEqual(values(small), [1, 1, NaN, 0]);
    assert.deepEqual(values({ kind: "not", operand: small }), [0, 0, NaN, 1]);
    assert.equal(evaluated(truth(small), rows).cells.at(2)?.reason, "log of 0");
  });

  test("are settled by one side of `and` and `or`, whatever the other is", () => {
    assert.deepEqual(values({ kind: "and", operands: [small, large] }), [1, 0, NaN, 0]);
    assert.deepEqual(values({ kind: "or", operands: [small, large] }), [1, 1, 1, 0]);
    assert.equal(evaluated(truth({ kind: "or", operands: [small, large] }), rows).cells.at(2)?.reason, null);
  });

  test("of tests of axes look at the places of what is compared beside them", () => {
    assert.deepEqual(values({ kind: "and", operands: [large, first] }), [1, 0, 0, 0]);
    assert.deepEqual(values({ kind: "or", operands: [{ kind: "not", operand: first }, large] }), [1, 0, 1, 1]);
  });

  test("are what conditions keep: the undecided are left out", () => {
    const kept = evaluated(where(m, small), rows);
    assert.deepEqual(
      kept.cells.map(({ coordinates }) => coordinates["head"]),
      [0, 1],
    );
    const hard = where(n, { kind: "compare", operation: ">", left: truth(small), right: number(0.5) });
    assert.deepEqual(
      evaluated(hard, rows).cells.map(({ coordinates }) => coordinates["head"]),
      [0, 1],
    );
  });
});

suite("coordinates", () => {
  const named = ["drama", "prose", "verse"].flatMap((group, g) =>
    [0, 1].map((layer) => row("e", "m", { group, layer }, layer === 0 ? g : 5 - g)),
  );

  test("give labels where coordinates are names", () => {
    const found = evaluated(argmax("group"), named);
    assert.deepEqual(found.labels, ["drama", "prose", "verse"]);
    assert.deepEqual(
      found.cells.map(({ coordinates, value }) => [coordinates["layer"], found.labels?.[value]]),
      [
        [0, "verse"],
        [1, "drama"],
      ],
    );
  });

  test("are compared by names, also where the two sides number them otherwise", () => {
    const other = ["verse", "drama"].map((group) => row("f", "m", { group }, group === "verse" ? 1 : 0));
    const rows = [...named, ...other];
    const is: ResultCondition = {
      kind: "compare",
      operation: "is",
      left: argmax("group"),
      right: argmax("group", "largest", column("f", "m")),
    };
    const values = (expression: ResultExpression) => evaluated(expression, rows).cells.map(({ value }) => value);
    assert.deepEqual(values(truth(is)), [1, 0]);
    const among: ResultCondition = { kind: "among", value: argmax("group"), among: ["drama", "prose"] };
    assert.deepEqual(values(truth(among)), [0, 1]);
    const kept = evaluated(where(argmax("group"), among), rows);
    assert.deepEqual([kept.cells.length, kept.labels?.[kept.cells.at(0)?.value ?? -1]], [1, "drama"]);
    assert.equal(evaluated(reduce("count", null, argmax("group")), rows).cells.at(0)?.value, 2);
  });

  test("are coordinates that can be tested as numbers", () => {
    const rows = [[1, 5, 2], [9, 5, 2], [0, 1, 2]].flatMap((all, prompt) => all.map((value, layer) => row("e", "m", { prompt, layer }, value))); // prettier-ignore
    const values = (condition: ResultCondition) => evaluated(truth(condition), rows).cells.map(({ value }) => value);
    assert.deepEqual(values({ kind: "among", value: argmax("layer"), among: [1, 2] }), [1, 0, 1]);
    assert.deepEqual(values({ kind: "compare", operation: "is", left: argmax("layer"), right: number(1) }), [1, 0, 0]);
    assert.deepEqual(values(less(argmax("layer"), number(1))), [0, 1, 0]);
  });
});

suite("labels", () => {
  // Per prompt and layer, which of two models is better: at layer 0 always b, at layer 1 it depends on the prompt.
  const rows = ["a", "b"].flatMap((model) =>
    [0, 1].flatMap((prompt) =>
      [0, 1].map((layer) => {
        const isBetter = layer === 0 ? model === "b" : (model === "a") === (prompt === 0);
        return row("e", "m", { model, prompt, layer }, isBetter ? 1 : 0);
      }),
    ),
  );
  const better: NamedResult = { label: "better", expression: argmax("model"), unit: "label", element: "real" };

  test("are shown in tables, where all that a row averages agree", () => {
    const table = buildTable(tableOf({ title: "better", experiment: "e", columns: [better] }), resultsOf(rows));
    assert.deepEqual(
      table.columns.map(({ name, kind, unit }) => [name, kind, unit]),
      [
        ["layer", "axis", null],
        ["better", "text", null],
      ],
    );
    assert.deepEqual(
      table.rows.map(([, cell]) => [cell?.value, cell?.reason]),
      [
        ["b", null],
        [NaN, "2 different labels, which have no mean; `by prompt` keeps prompts apart, `where prompt is 0` shows one"],
      ],
    );
    assert.match(renderTextTable(table, { width: 80 }), /0 {2}b\n +1 {2}NaN¹\n[^]*¹ NaN: 2 different labels/);
    assert.match(tableHtml(table, 0), />b<\/td>/);
  });

  test("choose the rows of tables", () => {
    const { rows: kept, note } = buildTable(
      tableOf({
        title: "m",
        experiment: "e",
        columns: [{ ...better, label: "mean", expression: reduce("mean", ["model"]), unit: "none" }],
        where: { kind: "among", value: argmax("model"), among: ["b"] },
      }),
      resultsOf(rows),
    );
    assert.deepEqual(
      kept.map(([layer]) => layer?.value),
      [0],
    );
    assert.match(note ?? "", /1 row left out by the condition on these means/);
  });

  test("are saved as their numbers and their names", () => {
    const saved = tableOfValue("better", better, resultsOf(rows), noTokenTexts, () => undefined);
    const cells = saved.cells(0, saved.length);
    const names = columnNames(saved.axes);
    const shown = ["prompt", "layer", "unit", "value", "value_text"].map((name) => cells[names.indexOf(name)]);
    assert.deepEqual(
      Array.from({ length: saved.length }, (_, i) => shown.map((column) => column?.[i])),
      [
        [0, 0, "label", 1, "b"],
        [0, 1, "label", 0, "a"],
        [1, 0, "label", 1, "b"],
        [1, 1, "label", 1, "b"],
      ],
    );
  });
});
