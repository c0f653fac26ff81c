import assert from "node:assert/strict";
import { test } from "node:test";
import { sequentialColors } from "../../src/runtime/report/color-scale.js";
import { buildFigure, type VegaLiteSpec } from "../../src/runtime/report/figures.js";
import { renderFigureSvg } from "../../src/runtime/report/render-figure.js";
import { renderFigurePng } from "../../src/runtime/report/render-png.js";
import { headSweep, plotOf, column, row, samplePlots, resultsOf, named } from "./samples.js";

/** Renders and fails on any warning. They are collected first: Vega catches what is thrown while it draws. */
async function renderQuietly(spec: VegaLiteSpec): Promise<string> {
  const warnings: string[] = [];
  const svg = await renderFigureSvg(spec, { warn: (message) => warnings.push(message) });
  assert.deepEqual(warnings, []);
  return svg;
}

for (const { name, plot, rows } of samplePlots) {
  test(`${name} compiles without warnings and renders the same twice`, async () => {
    const { spec } = buildFigure(plot, resultsOf(rows));
    assert.deepEqual(JSON.parse(JSON.stringify(spec)), spec, "the specification is plain JSON");
    const first = await renderQuietly(spec);
    assert.equal(await renderQuietly(spec), first);
    assert.match(first, /DejaVu Sans/);
    assert.ok(first.includes(plot.title));
  });
}

test("a PNG has twice the size of its SVG", async () => {
  const sample = samplePlots[0];
  assert.ok(sample);
  const svg = await renderFigureSvg(buildFigure(sample.plot, resultsOf(sample.rows)).spec);
  const png = Buffer.from(await renderFigurePng(svg));
  const [, width, height] = /<svg[^>]* width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
  assert.equal(png.subarray(1, 4).toString("latin1"), "PNG");
  assert.ok(Math.abs(png.readUInt32BE(16) - 2 * Number(width)) <= 1);
  assert.ok(Math.abs(png.readUInt32BE(20) - 2 * Number(height)) <= 1);
});

test("text in a PNG is drawn: the picture differs from one without text", async () => {
  const svg = await renderFigureSvg(
    buildFigure(plotOf("heatmap", "Title", [impact], ["layer", "head"]), resultsOf(headSweep(2, 2, 1))).spec,
  );
  const blank = svg.replace(/<text[^>]*>[^<]*<\/text>/g, "");
  const [withText, without] = await Promise.all([renderFigurePng(svg), renderFigurePng(blank)]);
  assert.ok(withText.length > without.length * 1.3);
});

const impact = named("sweep.impact", column("sweep", "nll", "impact"));
const absolute = named("sweep.nll", column("sweep", "nll"));

test("signed values get a scale centred on zero, others a sequential one", () => {
  const scaleOf = (spec: VegaLiteSpec): { readonly domain: readonly number[]; readonly range: readonly string[] } => {
    const layers = spec["layer"] as readonly {
      encoding: { color: { scale: { domain: number[]; range: string[] } } };
    }[];
    const [first] = layers;
    assert.ok(first);
    return first.encoding.color.scale;
  };
  const rows = headSweep(12, 12, 8);
  const signed = scaleOf(buildFigure(plotOf("heatmap", "t", [impact], ["layer", "head"]), resultsOf(rows)).spec);
  assert.equal(signed.domain[0], -(signed.domain.at(-1) ?? NaN));
  assert.equal(signed.domain[3], 0);
  assert.equal(signed.range[3], "#fbfbfb");
  const plain = scaleOf(buildFigure(plotOf("heatmap", "t", [absolute], ["layer", "head"]), resultsOf(rows)).spec);
  assert.deepEqual(plain.range, sequentialColors);
  // Values on both sides of 0 are centred on it, whatever the metric calls itself.
  const both = [0, 1].flatMap((layer) =>
    [0, 1].map((head) => row("sweep", "nll", { layer, head }, layer - 3 * head + 0.5)),
  );
  const straddling = scaleOf(buildFigure(plotOf("heatmap", "t", [absolute], ["layer", "head"]), resultsOf(both)).spec);
  assert.deepEqual([straddling.domain[0], straddling.domain[3], straddling.domain[6]], [-2.5, 0, 2.5]);
});

test("NaN cells stay in the data with their reason, and the subtitle counts them", () => {
  const figure = buildFigure(plotOf("heatmap", "t", [impact], ["layer", "head"]), resultsOf(headSweep(12, 12, 8)));
  const { values } = figure.spec["data"] as { values: readonly { value: number | null; reason: string | null }[] };
  const faulty = values.filter((point) => point.value === null);
  assert.equal(faulty.length, 3);
  for (const { reason } of faulty) assert.equal(reason, "8 of 8 values are NaN: log of 0 in nll");
  assert.equal(
    figure.subtitle,
    "mean over 8 prompts · largest 1.683 at layer 11, head 9 · smallest -0.9333 at layer 11, head 3 · 3 cells NaN (hatched; reason in the tooltip)",
  );
  assert.match(
    figure.description,
    /^Heatmap of sweep\.impact over layer, head\. Values lie between .* 3 values NaN\.$/,
  );
});

test("places that were not measured are told apart from NaN", () => {
  const rows = headSweep(3, 3, 2, false).filter((r) => !(r.axes["layer"] === 0 && r.axes["head"] === 1));
  const figure = buildFigure(plotOf("heatmap", "t", [impact], ["layer", "head"]), resultsOf(rows));
  assert.equal(figure.subtitle, "mean over 2 prompts · grey background: not measured");
});

test("panels of one quantity share one scale and one legend", () => {
  const { spec } = buildFigure(
    plotOf("heatmap", "t", [impact], ["layer", "head"], ["group"]),
    resultsOf(headSweep(4, 4, 4)),
  );
  const panels = spec["concat"] as readonly {
    layer: readonly { encoding: { color: { legend: unknown; scale: unknown } } }[];
  }[];
  const colors = panels.map((panel) => panel.layer[0]?.encoding.color);
  assert.equal(colors.length, 2);
  assert.equal(colors[0]?.legend, null);
  assert.notEqual(colors[1]?.legend, null);
  assert.deepEqual(colors[0].scale, colors[1]?.scale);
});

test("hostile names, an empty result, text levels and many series draw without warnings", async () => {
  const name = `\u2028\n<img src=x onerror=alert(1)> it's "a.b"[0]\\`;
  const odd = [0, 1, 2].flatMap((layer) =>
    ["x", "y"].map((level) => row("e", "m", { layer, [name]: `${name}${level}` }, layer)),
  );
  const m = named(name, column("e", "m"));
  const faulty = [0, 1].map((layer) => row("e", "m", { layer, head: 0 }, NaN, { reason: name }));
  const many = [0, 1].flatMap((layer) =>
    Array.from({ length: 12 }, (_, head) => row("e", "m", { layer, head }, layer * head)),
  );
  const figures = [
    buildFigure(plotOf("line", name, [m], ["layer"], [name]), resultsOf(odd)),
    buildFigure(plotOf("bar", name, [m], [name]), resultsOf(odd)),
    buildFigure(plotOf("line", name, [m], [name], ["layer"]), resultsOf(odd)),
    buildFigure(plotOf("heatmap", name, [m], [name, "layer"]), resultsOf(odd)),
    buildFigure(plotOf("line", "many", [m], ["layer"], ["head"]), resultsOf(many)),
    ...(["heatmap", "line", "bar"] as const).flatMap((kind) => [
      buildFigure(plotOf(kind, "empty", [m], ["layer", "head"]), resultsOf([])),
      buildFigure(plotOf(kind, "only NaN", [m], ["layer", "head"]), resultsOf(faulty)),
    ]),
  ];
  for (const { spec } of figures) {
    const svg = await renderQuietly(spec);
    assert.doesNotMatch(svg, /<img/);
    assert.ok((await renderFigurePng(svg, 1)).length > 0);
  }
});

test("a number and a published value are dashed lines across bars and lines, and make no series", async () => {
  const rows = [
    ...["a", "b"].map((model, i) => row("gains", "gain", { model }, 1.2 + i)),
    row("references", "gain", { model: "Pythia-6.9B" }, 0.8),
    row("references", "gain", { model: "a" }, 0.9),
  ];
  const published = named("references.gain", {
    kind: "where",
    argument: column("references", "gain"),
    condition: { kind: "axis", axis: "model", among: ["Pythia-6.9B"] },
  });
  const one = named("1", { kind: "number", value: 1 });
  for (const kind of ["line", "bar"] as const) {
    const plot = plotOf(kind, "t", [named("gains.gain", column("gains", "gain")), published, one], ["model"]);
    const { spec } = buildFigure(plot, resultsOf(rows));
    const svg = await renderQuietly(spec);
    assert.match(svg, />Pythia-6\.9B<[^]*>1</);
    const layers = spec["layer"] as readonly { readonly mark: { readonly strokeDash?: unknown } }[];
    assert.equal(layers.filter(({ mark }) => mark.strokeDash !== undefined).length, 2);
    assert.doesNotMatch(svg, /aria-label="[^"]*legend/);
  }
  // Published values of several models stand beside those of the models.
  const all = plotOf("bar", "t", [named("gains.gain", column("gains", "gain")), named("references.gain", column("references", "gain"))], ["model"]); // prettier-ignore
  const svg = await renderQuietly(buildFigure(all, resultsOf(rows)).spec);
  assert.match(svg, /references\.gain/);
});
