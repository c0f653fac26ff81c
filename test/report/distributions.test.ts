/** Pictures of distributions and scatters: what is a point, what is left out, and that it is said. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { buildFigure, type Figure } from "../../src/runtime/report/figures.js";
import { renderFigureSvg } from "../../src/runtime/report/render-figure.js";
import { column, layerGains, plotOf, row, resultsOf, named } from "./samples.js";

const gain = named("gains.gain", column("gains", "gain"));
const entropy = named("gains.entropy", column("gains", "entropy"));
const value = named("e.m", column("e", "m"));
const other = named("e.n", column("e", "n"));

/** The points of a view or of the panels of a figure. */
function pointsOf({ spec }: Figure): readonly (readonly Readonly<Record<string, unknown>>[])[] {
  const panels = (spec["concat"] ?? [spec]) as readonly { readonly data: { readonly values: never[] } }[];
  return panels.map((panel) => panel.data.values);
}

test("a histogram counts every value once, in panels that share their bins", () => {
  const figure = buildFigure(plotOf("histogram", "t", [gain], [], ["group"]), resultsOf(layerGains(12, 8)));
  assert.equal(
    figure.subtitle,
    "280 values · each sample: 8 prompts × 12 layers · 8 values NaN (not drawn) · rule: median",
  );
  const panels = pointsOf(figure);
  assert.deepEqual(
    panels.map((bins) => bins.reduce((sum, bin) => sum + Number(bin["count"]), 0)),
    [96, 96, 88],
  );
  const [first, second] = panels.map((bins) => bins.map((bin) => [bin["from"], bin["to"]]));
  assert.deepEqual(first, second);
  const titles = (figure.spec["concat"] as readonly { title: { text: string } }[]).map(({ title }) => title.text);
  assert.deepEqual(titles, ["factual (n = 96)", "recursive (n = 96)", "novel (n = 88)"]);
  assert.match(
    figure.description,
    /^Histogram of gains\.gain by group\. factual: 0\.\d+ to 1\.\d+, median .* 8 values NaN\.$/,
  );
});

test("boxes stand in the order of the levels, and a few values are all shown", () => {
  const rows = ["b", "a"].flatMap((group, g) =>
    [1, 2, 3, 10].map((x, prompt) => row("e", "m", { group, prompt }, x + g)),
  );
  const figure = buildFigure(plotOf("box", "t", [value], [], ["group"]), resultsOf(rows));
  const [boxes] = pointsOf(figure);
  assert.deepEqual(
    boxes?.map((box) => [box["column"], box["median"], box["upper"]]),
    // 10 lies more than 1.5 interquartile ranges above the box: numpy.quantile([1, 2, 3, 10], [.25, .75]) is 1.75, 4.75.
    [
      ["b", 2.5, 4.75],
      ["a", 3.5, 5.75],
    ],
  );
  const points = (figure.spec["layer"] as readonly { data?: { values: readonly unknown[] } }[]).at(-1)?.data;
  assert.equal(points?.values.length, 8);
  assert.equal(
    figure.subtitle,
    "8 values · each sample: 4 prompts · whiskers: up to 1.5 interquartile ranges; points: every value",
  );
});

test("two axes of `by` are columns and colours; several values are samples of their own", () => {
  const two = buildFigure(plotOf("box", "t", [gain], [], ["group", "layer"]), resultsOf(layerGains(3, 40)));
  const [boxes] = pointsOf(two);
  assert.deepEqual(
    boxes?.slice(0, 4).map((box) => [box["column"], box["series"]]),
    [
      ["factual", "0"],
      ["factual", "1"],
      ["factual", "2"],
      ["recursive", "0"],
    ],
  );
  const [both] = pointsOf(buildFigure(plotOf("box", "t", [gain, entropy], []), resultsOf(layerGains(3, 4))));
  assert.deepEqual(
    both?.map((box) => box["column"]),
    ["gains.gain", "gains.entropy"],
  );
});

test("a density leaves out samples without spread and says so", () => {
  const rows = [
    ...[1, 2, 4].map((x, prompt) => row("e", "m", { group: "a", prompt }, x)),
    ...[5, 5, 5].map((x, prompt) => row("e", "m", { group: "b", prompt: prompt + 3 }, x)),
  ];
  const figure = buildFigure(plotOf("density", "t", [value], [], ["group"]), resultsOf(rows));
  assert.match(figure.subtitle ?? "", /Gaussian kernel, Scott's bandwidth · 1 sample without spread \(not drawn\)$/);
  const [curve = []] = pointsOf(figure);
  // The area below the curve: the grid reaches three bandwidths beyond the values, which leaves out 0.1%.
  const step = Number(curve[1]?.["at"]) - Number(curve[0]?.["at"]);
  const area = curve.reduce((sum, point) => sum + Number(point["density"]) * step, 0);
  assert.ok(Math.abs(area - 1) < 0.005, `area ${area}`);
});

test("a scatter has a point for each place that both values have, averaged over what one of them lacks", () => {
  const rows = [0, 1, 2].flatMap((layer) => [
    ...[0, 1].map((prompt) => row("e", "m", { layer, prompt }, 10 * layer + prompt)),
    row("e", "n", { layer }, layer === 2 ? NaN : layer * layer, layer === 2 ? { reason: "log of 0" } : {}),
  ]);
  const figure = buildFigure(plotOf("scatter", "t", [value], [], [], other), resultsOf(rows));
  const [points] = pointsOf(figure);
  assert.deepEqual(
    points?.map((point) => [point["x"], point["y"], point["axis_layer"]]),
    [
      [0, 0.5, 0],
      [1, 10.5, 1],
    ],
  );
  assert.equal(figure.subtitle, "2 points · mean over 2 prompts · 1 point NaN (not drawn)");
  assert.equal(
    figure.description,
    "Scatter plot of e.m against e.n. 2 points: upwards between 0.5 and 10.5, to the right between 0 and 1. 1 point NaN.",
  );
});

test("of a hundred thousand points a scatter shows how many lie where, and leaves none out", () => {
  const rows = Array.from({ length: 100_000 }, (_, position) => [
    row("e", "m", { position }, Math.sin(position)),
    row("e", "n", { position }, Math.cos(position)),
  ]).flat();
  const figure = buildFigure(plotOf("scatter", "t", [value], [], [], other), resultsOf(rows));
  assert.equal(
    figure.subtitle,
    "100000 points · line: r = 0.00, n = 100000 of 1 text · no p: points of one text depend on each other · colour: how many points lie in a cell",
  );
  const [cells = []] = pointsOf(figure);
  assert.ok(cells.length < 1500);
  assert.equal(
    cells.reduce((sum, cell) => sum + Number(cell["count"]), 0),
    100_000,
  );
  const [bins = []] = pointsOf(buildFigure(plotOf("histogram", "t", [value], []), resultsOf(rows)));
  assert.equal(
    bins.reduce((sum, bin) => sum + Number(bin["count"]), 0),
    100_000,
  );
});

test("nothing to draw, only NaN, one value and hostile names draw without warnings", async () => {
  const name = `\u2028\n<img src=x onerror=alert(1)> it's "a.b"[0]\\`;
  const odd = named(name, column("e", "m"));
  const rows = ["x", "y"].flatMap((level, i) =>
    [0, 1, 2].map((prompt) => row("e", "m", { prompt, [name]: `${name}${level}` }, prompt * (i + 1))),
  );
  const faulty = [0, 1].map((prompt) => row("e", "m", { prompt }, NaN, { reason: name }));
  const single = [row("e", "m", { prompt: 0 }, 4)];
  for (const kind of ["histogram", "density", "box", "scatter"] as const) {
    for (const [of, by] of [
      [rows, [name]],
      [faulty, []],
      [single, []],
      [[], []],
    ] as const) {
      const { spec } = buildFigure(plotOf(kind, name, [odd], [], by, kind === "scatter" ? odd : null), resultsOf(of));
      const warnings: string[] = [];
      const svg = await renderFigureSvg(spec, { warn: (message) => warnings.push(message) });
      assert.deepEqual(warnings, [], kind);
      assert.doesNotMatch(svg, /<img/);
    }
  }
});
