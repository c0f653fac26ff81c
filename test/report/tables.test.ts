import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsOf } from "../../src/compiler/base/printable.js";
import { describeMeans, describeRepeated } from "../../src/compiler/results/describe.js";
import { formatColumn, formatNumber, formatSeconds } from "../../src/runtime/report/format.js";
import { renderSummary } from "../../src/runtime/report/summary.js";
import { buildTable } from "../../src/runtime/report/tables.js";
import { renderTextTable } from "../../src/runtime/report/text-table.js";
import { differenceOf, expectGolden } from "../support/golden.js";
import { abs, column, headSweep, layerGains, row, tableOf, resultsOf, named } from "./samples.js";

/** A sweep without groups, so that prompts are all that is averaged. */
const plain = headSweep(3, 4, 8).map((r) => ({
  ...r,
  axes: Object.fromEntries(Object.entries(r.axes).filter(([axis]) => axis !== "group")),
}));
const withFault = plain.map((r) =>
  r.axes["layer"] === 1 && r.axes["head"] === 2 && r.axes["prompt"] === 3
    ? { ...r, value: NaN, impact: NaN, relative: NaN, reason: "log of 0 in nll" }
    : r,
);
const byStrength = named("abs(impact)", abs(column("sweep", "nll", "impact")), "nats");

test("a table of an experiment shows every column, averaged over prompts", () => {
  const table = buildTable(tableOf({}), resultsOf(plain));
  assert.deepEqual(
    table.columns.map((c) => [c.name, c.kind, c.unit, c.signed]),
    [
      ["layer", "axis", null, false],
      ["head", "axis", null, false],
      ["nll", "value", "nats", false],
      ["nll.baseline", "value", "nats", false],
      ["nll.impact", "value", "nats", true],
      ["nll.relative", "value", null, true],
    ],
  );
  assert.equal(table.rows.length, 12);
  assert.equal(table.note, "mean over 8 prompts");
  expectGolden("report/sweep.txt", renderTextTable(table, { width: 100 }) + "\n");
});

test("a relative impact over a baseline that is 0 everywhere is left out, and a line says so", () => {
  const zero = plain.map((r) => ({
    ...r,
    value: 0.5,
    baseline: 0,
    impact: 0.5,
    relative: NaN,
    reason: "relative: the baseline is 0",
  }));
  const names = (table: ReturnType<typeof buildTable>): readonly string[] => table.columns.map(({ name }) => name);
  const table = buildTable(tableOf({}), resultsOf(zero));
  assert.deepEqual(names(table), ["layer", "head", "nll", "nll.baseline", "nll.impact"]);
  assert.equal(table.note, "mean over 8 prompts; nll.relative is not shown: the baseline is 0 everywhere");
  // One baseline that is not 0, or a column asked for by name.
  assert.equal(names(buildTable(tableOf({}), resultsOf([...zero.slice(0, -1), ...plain.slice(-1)]))).length, 6);
  const alone = tableOf({ columns: [named("nll.relative", column("sweep", "nll", "relative"), "none")] });
  assert.deepEqual(names(buildTable(alone, resultsOf(zero))), ["layer", "head", "nll.relative"]);
});

test("top and by sort descending, with NaN last and its reason underneath", () => {
  const table = buildTable(tableOf({ title: "table sweep by abs(impact)", by: byStrength }), resultsOf(withFault));
  assert.equal(table.rows.at(-1)?.[4]?.reason, "1 of 8 values is NaN: log of 0 in nll");
  const keys = table.rows.slice(0, -1).map((cells) => Number(cells.at(-1)?.value));
  assert.deepEqual(
    keys,
    [...keys].sort((a, b) => b - a),
  );
  expectGolden("report/by.txt", renderTextTable(table, { width: 120 }) + "\n");
  const top = buildTable(
    tableOf({ title: "table sweep top 3 by abs(impact)", by: byStrength, top: 3 }),
    resultsOf(withFault),
  );
  assert.equal(top.rows.length, 3);
  assert.match(top.note ?? "", /3 of 12 rows; sorted by abs\(impact\), largest first/);
});

test("a narrow terminal continues the values in a further block", () => {
  const text = renderTextTable(buildTable(tableOf({ title: "table sweep top 3", top: 3 }), resultsOf(withFault)), {
    width: 40,
  });
  for (const line of text.split("\n")) assert.ok(line.length <= 40, line);
  expectGolden("report/narrow.txt", text + "\n");
});

test("where tests axes before averaging and values after it", () => {
  const someLayers = buildTable(tableOf({ where: { kind: "axis", axis: "layer", among: [1, 2] } }), resultsOf(plain));
  assert.equal(someLayers.rows.length, 8);
  const somePrompts = buildTable(tableOf({ where: { kind: "axis", axis: "prompt", among: [0, 1] } }), resultsOf(plain));
  assert.equal(somePrompts.note, "mean over 2 prompts");
  const limit = { kind: "number", value: 0.1 } as const;
  const strong = buildTable(
    tableOf({ where: { kind: "compare", operation: ">", left: byStrength.expression, right: limit } }),
    resultsOf(plain),
  );
  const shown = strong.rows.length;
  assert.ok(shown > 0 && shown < 12);
  assert.equal(strong.note, `mean over 8 prompts; ${12 - shown} rows left out by the condition on these means`);
  for (const cells of strong.rows) assert.ok(Math.abs(Number(cells[4]?.value)) > 0.05);
});

test("without another axis the prompts and the fields of their file are the rows", () => {
  const rows = ["Paris", "Rome"].map((city, prompt) =>
    row("probe", "entropy", { prompt, city }, prompt + 0.5, { unit: "bits" }),
  );
  const table = buildTable(
    tableOf({
      title: "table probe",
      experiment: "probe",
      columns: [named("entropy", column("probe", "entropy"), "bits")],
    }),
    resultsOf(rows),
  );
  assert.equal(table.note, null);
  expectGolden("report/prompts.txt", renderTextTable(table, { width: 80 }) + "\n");
});

test("metrics with different axes share one table", () => {
  const rows = [
    ...[0, 1].map((layer) => row("mixed", "gain", { prompt: 0, layer }, 1 + layer)),
    row("mixed", "entropy", { prompt: 0 }, 3),
  ];
  const columns = ["gain", "entropy"].map((metric) => named(metric, column("mixed", metric)));
  const table = buildTable(tableOf({ experiment: "mixed", columns }), resultsOf(rows));
  assert.deepEqual(
    table.rows.map((cells) => cells.map((cell) => cell.value)),
    [
      [0, 1, 3],
      [1, 2, 3],
    ],
  );
});

test("an experiment without rows gives an empty table", () => {
  const table = buildTable(tableOf({ experiment: "nothing" }), resultsOf(plain));
  assert.deepEqual(table.rows, []);
  assert.match(renderTextTable(table, { width: 80 }), /no rows/);
});

test("styles get the role of each text and do not disturb the alignment", () => {
  const table = buildTable(tableOf({}), resultsOf(plain));
  const styled = renderTextTable(table, { width: 100, style: (text, role) => `<${role}>${text}</>` });
  assert.match(styled, /<positive> *\+0\.\d+<\/>/);
  assert.match(styled, /<negative> *-0\.\d+<\/>/);
  assert.equal(styled.replace(/<[^>]*>/g, ""), renderTextTable(table, { width: 100 }));
});

test("names that are wide or cannot be seen keep the columns aligned", () => {
  const groups = ["plain", "日本語", "\u001b[31m", "a\nb", "👨\u200d👩", `long${"長".repeat(60)}`];
  const rows = groups.map((group, i) => row("e", "m", { prompt: 0, group }, i + 0.5));
  const text = renderTextTable(
    buildTable(
      tableOf({ title: "table e", experiment: "e", columns: [named("m", column("e", "m"))] }),
      resultsOf(rows),
    ),
    { width: 60 },
  );
  const lines = text.split("\n");
  assert.ok(lines.every((line) => columnsOf(line) <= 60));
  const body = lines.slice(-1 - groups.length, -1);
  assert.deepEqual(new Set(body.map(columnsOf)).size, 1, text);
  for (const [i, shown] of ["plain ", "日本語 ", "\\u001b[31m ", "a\\nb ", "👨\u200d👩 ", "long長"].entries()) {
    assert.ok(body[i]?.startsWith(shown), text);
  }
  assert.match(body.at(-1) ?? "", /長…/);
});

test("the summary says what was run, shows the tables and where the files are", () => {
  const gains = [named("gain", column("gains", "gain")), named("entropy", column("gains", "entropy"), "nats")];
  const study = { experiment: "sweep", model: "gpt2", texts: "probes", prompts: 8, conditions: 12, metrics: ["nll"] };
  const run = {
    title: "head-sweep",
    status: { label: "complete", tone: "good" as const },
    studies: [
      { ...study, intervention: "ablate heads L0..2 by zero" },
      { ...study, experiment: "gains", conditions: 0, intervention: null, metrics: ["gain", "entropy"] },
    ],
    tables: [
      buildTable(tableOf({}), resultsOf(withFault)),
      buildTable(tableOf({ title: "table gains", experiment: "gains", columns: gains }), resultsOf(layerGains(15, 2))),
    ],
    selections: [],
    decisions: [],
    warnings: ["1 of 12 conditions gave NaN"],
    files: [
      { label: "record", path: "runs/1/record.json" },
      { label: "results", path: "runs/1/results.parquet" },
      { label: "report", path: "runs/1/report.html" },
    ],
  };
  expectGolden("report/summary.txt", renderSummary(run, { width: 80 }) + "\n");
});

test("numbers keep four significant digits, and a column keeps its decimals", () => {
  assert.equal(formatNumber(0.0123456), "0.01235");
  assert.equal(formatNumber(1234567.8), "1.235e+6");
  assert.equal(formatNumber(NaN), "NaN");
  assert.deepEqual(formatColumn([1.5, -0.25, 0], true), ["+1.500", "-0.250", "0"]);
  assert.deepEqual(formatColumn([12, 3], false), ["12", "3"]);
  // One notation for a column: more decimals where few more are enough, else exponents everywhere.
  assert.deepEqual(formatColumn([120.5, 0.0004], false), ["120.50000", "0.00040"]);
  assert.deepEqual(formatColumn([0.001, -3.7e-5, 0], true), ["+0.001000", "-0.000037", "0"]);
  assert.deepEqual(formatColumn([120.5, 3.7e-9], false), ["1.205e+2", "3.700e-9"]);
  assert.deepEqual(formatColumn([0.00001, NaN], true), ["+1.000e-5", "NaN"]);
  assert.equal(formatSeconds(185), "3 min 05 s");
  assert.equal(formatSeconds(0.84), "0.8 s");
});

test("a difference of golden files shows the changed lines with their surroundings", () => {
  assert.equal(differenceOf("a\nb\nc\nd\n", "a\nb\nX\nd\n"), "at line 3:\n  a\n  b\n- c\n+ X\n  d\n  ");
});

test("columns with other axes say what each is the mean of, and which repeat", () => {
  const nll = column("sweep", "nll", "value");
  const layers = { kind: "reduce", operation: "mean", argument: nll, over: ["head"] } as const;
  const both = tableOf({
    columns: [named("nll", nll, "nats"), named("of heads", layers, "nats")],
    rows: ["layer", "head"],
  });
  const { note } = buildTable(both, resultsOf(plain));
  assert.match(note ?? "", /^mean over 8 prompts; of heads has no head: the same for every head/);
  const byHead = tableOf({ columns: both.columns, rows: ["head"] });
  assert.match(
    buildTable(byHead, resultsOf(plain)).note ?? "",
    /^mean over 8 prompts and 3 layers; of heads has no head: the same in every row/,
  );
  assert.equal(
    describeMeans([
      { label: "a", averaged: [{ axis: "prompt", least: 2, most: 2 }] },
      {
        label: "b",
        averaged: [
          { axis: "prompt", least: 2, most: 2 },
          { axis: "layer", least: 12, most: 12 },
        ],
      },
      { label: "c", averaged: [] },
    ]),
    "a: mean over 2 prompts; b: mean over 2 prompts and 12 layers",
  );
  assert.equal(describeRepeated([{ label: "a", axes: ["head"] }], ["head", "layer"]), null);
});
