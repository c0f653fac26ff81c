/** Figures and tables of what was found and of principal components. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "../../src/compiler/decide/decide.js";
import type { Decision } from "../../src/compiler/ir/protocol.js";
import { decisionFigures } from "../../src/runtime/report/decision-figures.js";
import { decisionView } from "../../src/runtime/report/decision-view.js";
import type { Figure } from "../../src/runtime/report/figures.js";
import { renderFigureSvg } from "../../src/runtime/report/render-figure.js";
import { column, named, resultsOf, row } from "./samples.js";

const span = { file: "t.atlas", start: 0, end: 0 };
const value = named("e.m", column("e", "m"), "nats");

/** A series of two groups: one jumps at layer 6, the other rises without a jump. */
const series = Array.from({ length: 12 }, (_, layer) => layer).flatMap((layer) =>
  ["jumping", "rising"].map((group, g) =>
    row("e", "m", { group, prompt: g, layer }, g === 0 ? (layer < 6 ? 1 : 4) + 0.1 * Math.sin(layer * 3) : layer * 0.5),
  ),
);

const find = (what: "changepoint" | "peak" | "dip", by: readonly string[] = ["group"]): Decision => ({
  kind: "find",
  what,
  value,
  over: "layer",
  by,
  text: `find ${what} of e.m over layer by group`,
  span,
});

async function rendered(figure: Figure): Promise<string> {
  const warnings: string[] = [];
  const svg = await renderFigureSvg(figure.spec, { warn: (message) => warnings.push(message) });
  assert.deepEqual(warnings, []);
  return svg;
}

function figureOf(decision: Decision, rows = series): Figure {
  const results = resultsOf(rows);
  const [drawn] = decisionFigures(decision, decide(decision, results), results);
  assert.ok(drawn !== undefined);
  return drawn.figure;
}

test("a changepoint is marked in its series, one panel for each group", async () => {
  const figure = figureOf(find("changepoint"));
  const panels = figure.spec["concat"] as readonly { title: { text: string } }[];
  assert.deepEqual(
    panels.map(({ title }) => title.text),
    ["group jumping", "group rising"],
  );
  assert.match(figure.description, /The changepoint of group jumping is at layer 6\./);
  assert.match(await rendered(figure), /layer 6, p = 0\.00\d/);
});

test("names along the axis stay in their order, whatever is marked", async () => {
  const steps = ["step0", "step8", "step32", "step128", "step512", "step1024", "step4000", "step16000"];
  const rows = steps.map((revision, i) => row("e", "m", { revision, prompt: 0 }, i < 4 ? 1 + i / 100 : 3 + i / 100));
  for (const what of ["changepoint", "peak", "dip"] as const) {
    const svg = await rendered(figureOf({ ...find(what, []), over: "revision" } as Decision, rows));
    const labels = [...svg.matchAll(/<text text-anchor="end"[^>]*>(step\d+)<\/text>/g)].map(([, label]) => label);
    assert.deepEqual(labels, steps, what);
  }
});

test("a peak and a dip are marked where they are", async () => {
  const peaked = await rendered(figureOf(find("peak")));
  assert.match(peaked, /layer 11: 5\.50/);
  assert.match(await rendered(figureOf(find("dip"))), /layer \d+: /);
});

test("where nothing was found, the series is shown with the reason", async () => {
  const short = series.filter(({ axes }) => Number(axes["layer"]) < 3);
  const figure = figureOf(find("changepoint", []), short);
  assert.match(figure.subtitle ?? "", /^no changepoint: a changepoint needs at least 7 values/);
  await rendered(figure);
});

test("more groups than a few are counted", () => {
  const many = Array.from({ length: 8 }, (_, i) => i).flatMap((head) =>
    Array.from({ length: 4 }, (_, layer) => row("e", "m", { prompt: 0, head, layer }, head + layer)),
  );
  const figure = figureOf(find("peak", ["head"]), many);
  assert.equal((figure.spec["concat"] as readonly unknown[]).length, 6);
  assert.match(figure.subtitle ?? "", /the first 6 of 8 groups/);
});

test("names are axes with their own order", async () => {
  const named = ["step512", "step64", "step128"].flatMap((revision, i) => [
    row("e", "m", { prompt: 0, revision }, i),
    row("e", "m", { prompt: 1, revision }, i + 1),
  ]);
  const decision: Decision = { ...find("peak", []), over: "revision" } as Decision;
  const figure = figureOf(decision, named);
  const { values } = figure.spec["data"] as { values: readonly { place: string }[] };
  assert.deepEqual(
    values.map(({ place }) => place),
    ["step64", "step128", "step512"],
  );
  assert.match(await rendered(figure), /revision step128: 2\.500/);
});

const pca = (components: number): Decision => ({
  kind: "pca",
  value,
  over: "prompt",
  components,
  text: "pca of e.m over prompt",
  span,
});

/** Twelve observations of five positions, which belong to groups. */
const observations = Array.from({ length: 12 }, (_, prompt) => prompt).flatMap((prompt) =>
  Array.from({ length: 5 }, (_, position) =>
    row(
      "e",
      "m",
      { group: prompt < 6 ? "a" : "b", prompt, position },
      Math.sin(prompt * (position + 1)) + 2 * Number(position === 2) * Number(prompt < 6),
    ),
  ),
);

test("principal components have a scree chart of all and scores on the first two", async () => {
  const figure = figureOf(pca(2), observations);
  const [scree, scores] = figure.spec["concat"] as readonly { data: { values: readonly Record<string, unknown>[] } }[];
  const shares = (scree?.data.values ?? []).map((point) => Number(point["share"]));
  assert.equal(shares.length, 5);
  assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-12);
  assert.deepEqual(
    scree?.data.values.map((point) => point["kept"]),
    ["asked for", "asked for", "others", "others", "others"],
  );
  assert.equal(scores?.data.values.length, 12);
  assert.match(await rendered(figure), /component 2 \(\d+\.\d%\)/);
  await rendered(figureOf(pca(1), observations));
});

test("the group of a prompt is no feature of it", () => {
  const outcome = decide(pca(2), resultsOf(observations));
  assert.ok(outcome.kind === "pca");
  assert.deepEqual(
    outcome.features.map((feature) => Object.keys(feature)),
    Array.from({ length: 5 }, () => ["position"]),
  );
  assert.equal(outcome.reason, null);
});

test("the largest loadings stand in a table of their own, tokens in words", () => {
  const outcome = decide({ ...pca(2), over: "group" } as Decision, resultsOf(observations));
  assert.ok(outcome.kind === "pca");
  const pieces = ["The", " court", " shall", " hear", " it"];
  const tokens = {
    textAt: () => ({ pieces, first: 0 }),
    promptAt: () => null,
    tokenAt: () => null,
  };
  const over = decide(pca(2), resultsOf(observations));
  const { loadings, table } = decisionView(over, { tokens, experiments: ["e"] });
  assert.deepEqual(
    loadings?.columns.map(({ name }) => name),
    ["component", "position", "token", "loading"],
  );
  assert.equal(loadings.rows.length, 10);
  for (const [, position, token] of loadings.rows) {
    assert.equal(token?.value, JSON.stringify(pieces[Number(position?.value)]));
  }
  assert.deepEqual(
    table.columns.map(({ name }) => name),
    ["component", "explained", "variance", "scores by prompt"],
  );
  assert.equal(decisionView(over).loadings?.columns.length, 3);
});

test("names that act in Vega or HTML are drawn as they are", async () => {
  const awkward = ["constructor", "a\\b\n'c'", "<b>", "\u001b[31m", "x".repeat(80)].flatMap((name, i) => [
    row("e", "m", { prompt: 0, model: name }, i % 3),
    row("e", "m", { prompt: 1, model: name }, (i * 7) % 5),
  ]);
  await rendered(figureOf({ ...find("peak", []), over: "model" } as Decision, awkward));
  await rendered(figureOf({ ...pca(2), over: "model" } as Decision, awkward));
});
