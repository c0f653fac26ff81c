/** Intervals in tables and figures: which get one, what stands in the data, and what is said of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IntervalRequest } from "../../src/compiler/ir/protocol.js";
import { buildFigure, type VegaLiteSpec } from "../../src/runtime/report/figures.js";
import { renderFigureSvg } from "../../src/runtime/report/render-figure.js";
import { buildTable } from "../../src/runtime/report/tables.js";
import { renderTextTable } from "../../src/runtime/report/text-table.js";
import { tableHtml } from "../../src/runtime/report/html-table.js";
import { tableJson } from "../../src/cli/outcome-json.js";
import { expectGolden } from "../support/golden.js";
import { column, headSweep, layerGains, named, plotOf, resultsOf, row, tableOf } from "./samples.js";

const usual = { level: 0.95, count: 500, seed: 0 };
const asked: IntervalRequest = { when: "asked", ...usual };
const unasked: IntervalRequest = { when: "documents", ...usual };

/** Losses of documents: twelve of `law`, ten of `prose`, one of `drama`. */
const corpus = [
  ...Array.from({ length: 12 }, (_, i) => ["law", i, 3 + Math.sin(i * 2.1)] as const),
  ...Array.from({ length: 10 }, (_, i) => ["prose", i, 9.5 + 2 * Math.cos(i * 1.3)] as const),
  ["drama", 0, 4] as const,
].map(([group, document, value]) => row("map", "loss", { group, document }, value, { unit: "nats" }));
const loss = named("map.loss", column("map", "loss"), "nats");
const byGroup = named(
  "mean(map.loss over document)",
  { kind: "reduce", operation: "mean", argument: loss.expression, over: ["document"] },
  "nats",
);

interface Point {
  readonly value: number | null;
  readonly low?: number | null;
  readonly high?: number | null;
  readonly n?: number | null;
}

function pointsOf(spec: VegaLiteSpec): readonly Point[] {
  return (spec["data"] as { readonly values: readonly Point[] }).values;
}

async function renderQuietly(spec: VegaLiteSpec): Promise<string> {
  const warnings: string[] = [];
  const svg = await renderFigureSvg(spec, { warn: (message) => warnings.push(message) });
  assert.deepEqual(warnings, []);
  return svg;
}

test("a table has the ends of the interval beside the value, in its notation", () => {
  const output = tableOf({ title: "losses", experiment: "map", columns: [byGroup], ci: unasked });
  const table = buildTable(output, resultsOf(corpus));
  assert.deepEqual(
    table.columns.map(({ name, unit }) => [name, unit]),
    [
      ["group", null],
      [byGroup.label, "nats"],
      ["low", "nats"],
      ["high", "nats"],
    ],
  );
  for (const [, value, low, high] of table.rows.slice(0, 2)) {
    assert.ok(Number(low?.value) < Number(value?.value) && Number(value?.value) < Number(high?.value));
  }
  const drama = table.rows[2] ?? [];
  assert.ok(Number.isNaN(drama[2]?.value) && Number.isNaN(drama[3]?.value));
  assert.equal(drama[2]?.reason, "one document only, nothing to draw from");
  assert.equal(table.note, "95% CI, BCa bootstrap over 10–12 documents, 500 draws, seed 0");
  expectGolden("report/intervals.txt", `${renderTextTable(table, { width: 80 })}\n`);
  const { columns, reasons } = tableJson(table) as { columns: readonly object[]; reasons: readonly object[] };
  assert.deepEqual([columns.length, reasons.length], [4, 2]);
  assert.match(tableHtml(table, 0), /<button[^>]*>low <span class="unit">nats/);
});

test("several columns name theirs, and ids of tokens have none", () => {
  const columns = [
    named("nll", column("sweep", "nll"), "nats"),
    named("nll.impact", column("sweep", "nll", "impact"), "nats"),
    named("guess", column("sweep", "nll"), "token"),
  ];
  const table = buildTable(tableOf({ columns, ci: asked }), resultsOf(headSweep(2, 2, 8, false)));
  assert.deepEqual(
    table.columns.map(({ name }) => name),
    [
      "group",
      "layer",
      "head",
      "nll",
      "nll low",
      "nll high",
      "nll.impact",
      "nll.impact low",
      "nll.impact high",
      "guess",
    ],
  );
});

test("a NaN has the same reason in its interval", () => {
  const rows = [...corpus, row("map", "loss", { group: "law", document: 12 }, NaN, { reason: "log of 0" })];
  const table = buildTable(tableOf({ experiment: "map", columns: [byGroup], ci: unasked }), resultsOf(rows));
  const law = table.rows[0] ?? [];
  assert.equal(law[2]?.reason, law[1]?.reason);
  assert.match(law[2]?.reason ?? "", /log of 0/);
});

test("unasked there are intervals over documents alone, where several are averaged", () => {
  const plain = buildTable(tableOf({ ci: unasked }), resultsOf(headSweep(2, 2, 8, false)));
  assert.equal(plain.note, "mean over 4 prompts");
  assert.ok(plain.columns.every(({ name }) => !name.includes("low")));
  const each = buildTable(tableOf({ experiment: "map", columns: [loss], ci: unasked }), resultsOf(corpus));
  assert.deepEqual(
    each.columns.map(({ name }) => name),
    ["group", "document", "map.loss"],
  );
  assert.equal(each.note, null);
  const off = buildTable(tableOf({ experiment: "map", columns: [byGroup], ci: null }), resultsOf(corpus));
  assert.equal(off.columns.length, 2);
});

test("what was asked for and cannot be had is said, and has no empty columns", () => {
  const each = buildTable(tableOf({ experiment: "map", columns: [loss], ci: asked }), resultsOf(corpus));
  assert.equal(each.columns.length, 3);
  assert.equal(each.note, "no 95% CI: one document only, nothing to draw from");
});

test("conditions of a table choose the documents before they are drawn", () => {
  const where = { kind: "axis", axis: "group", among: ["law"] } as const;
  const columns = [byGroup];
  const some = buildTable(tableOf({ experiment: "map", columns, ci: asked, where }), resultsOf(corpus));
  assert.equal(some.rows.length, 1);
  assert.equal(some.note, "95% CI, BCa bootstrap over 12 documents, 500 draws, seed 0");
});

test("bars have error bars, whose ends are in the data", async () => {
  const plot = { ...plotOf("bar", "Loss by group", [loss], ["group"]), ci: unasked };
  const { spec, subtitle } = buildFigure(plot, resultsOf(corpus));
  const [law, prose, drama] = pointsOf(spec);
  assert.ok(law?.low != null && law.high != null && law.value !== null && law.low < law.value && law.value < law.high);
  assert.deepEqual([law.n, prose?.n, drama?.n], [12, 10, null]);
  assert.deepEqual([drama?.low, drama?.high], [null, null]);
  assert.equal(
    subtitle,
    "mean over 1–12 documents · 95% CI, BCa bootstrap over 10–12 documents, 500 draws, seed 0 · " +
      "1 value without an interval: one document only, nothing to draw from",
  );
  expectGolden("report/bars-with-intervals.vl.json", `${JSON.stringify(spec, null, 2)}\n`);
  await renderQuietly(spec);
});

test("lines have bands, of their own colour", async () => {
  const gain = named("gains.gain", column("gains", "gain"));
  const entropy = named("gains.entropy", column("gains", "entropy"));
  const plot = { ...plotOf("line", "Gains", [gain, entropy], ["layer"]), ci: asked };
  const { spec } = buildFigure(plot, resultsOf(layerGains(6, 12)));
  const layers = spec["layer"] as readonly { mark: { type: string }; encoding: Record<string, unknown> }[];
  const area = layers.find(({ mark }) => mark.type === "area");
  const line = layers.find(({ mark }) => mark.type === "line");
  assert.ok(area !== undefined && line !== undefined);
  assert.deepEqual(area.encoding["color"], line.encoding["color"]);
  // One of the twelve values is NaN.
  assert.equal(pointsOf(spec).filter(({ low, high }) => low != null && high != null).length, 11);
  assert.ok(pointsOf(spec).every(({ value, low }) => (value === null) === (low === null)));
  expectGolden("report/lines-with-intervals.vl.json", `${JSON.stringify(spec, null, 2)}\n`);
  await renderQuietly(spec);
});

test("without intervals a figure is what it was", () => {
  const { spec } = buildFigure(plotOf("bar", "Loss by group", [loss], ["group"]), resultsOf(corpus));
  assert.ok(pointsOf(spec).every((point) => !("low" in point)));
  assert.equal(JSON.stringify(spec).includes("symbolOpacity"), false);
});
