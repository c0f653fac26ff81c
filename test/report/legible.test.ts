/** What a reader must be able to read off a picture: scales, names, numbers, and what is no number at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fitAxisTitles } from "../../src/runtime/report/axis-titles.js";
import { titleBlock } from "../../src/runtime/report/figure-marks.js";
import { buildFigure, type VegaLiteSpec } from "../../src/runtime/report/figures.js";
import { placeLabels } from "../../src/runtime/report/label-places.js";
import { renderFigureSvg } from "../../src/runtime/report/render-figure.js";
import { entropy, gain, gridRows, plotWith, sevenTokens } from "./pictures.js";
import { plotOf, resultsOf, row } from "./samples.js";

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
const names = (count: number): readonly string[] => range(count).map((i) => `group ${i}`);

interface Layered {
  readonly width: unknown;
  readonly height: unknown;
  readonly data: { readonly values: readonly Readonly<Record<string, unknown>>[] };
  readonly layer: readonly { readonly mark: VegaLiteSpec; readonly encoding: Readonly<Record<string, VegaLiteSpec>> }[];
}

const viewOf = (spec: VegaLiteSpec): Layered => spec as unknown as Layered;
const panelsOf = (spec: VegaLiteSpec): readonly Layered[] => spec["concat"] as readonly Layered[];

test("panels have the legend of their colours, also where some panels are left out", () => {
  for (const count of [3, 30]) {
    const rows = gridRows({ group: names(count), layer: range(3), head: range(4) }, (g, l, h) => g - l * h);
    const { spec } = buildFigure(plotWith("heatmap", ["layer", "head"], ["group"]), resultsOf(rows));
    const legends = panelsOf(spec).map(({ layer }) => layer[0]?.encoding["color"]?.["legend"] ?? null);
    assert.equal(legends.length, Math.min(count, 24));
    assert.deepEqual(
      legends.map((legend) => legend !== null),
      legends.map((_, i) => i === legends.length - 1),
    );
  }
});

test("only the extremes that the subtitle names have a frame, and each quantity has its own", () => {
  const rows = gridRows({ group: ["a", "b"], layer: range(3), head: range(4) }, (g, l, h) => 100 * g + 4 * l + h);
  const figure = buildFigure(plotWith("heatmap", ["layer", "head"], ["group"]), resultsOf(rows));
  assert.match(figure.subtitle ?? "", /largest 111 at b, layer 2, head 3 · smallest 0 at a, layer 0, head 0/);
  const framed = panelsOf(figure.spec).map(({ data }) => data.values.filter((cell) => cell["extreme"] === true));
  assert.deepEqual(framed.map((cells) => cells.map(({ value }) => value)), [[0], [111]]); // prettier-ignore
  const both = [...gridRows({ layer: range(3), head: range(4) }, (l, h) => 4 * l + h), ...gridRows({ layer: range(3), head: range(4) }, (l, h) => -l - h, "entropy")]; // prettier-ignore
  const { subtitle } = buildFigure(plotOf("heatmap", "t", [gain, entropy], ["layer", "head"]), resultsOf(both));
  assert.equal(
    subtitle,
    "e.gain: largest 11 at layer 2, head 3 · smallest 0 at layer 0, head 0 · e.entropy (nats): largest 0 at layer 0, head 0 · smallest -5 at layer 2, head 3",
  );
});

test("a grid of few rows and hundreds of columns is no line", () => {
  const rows = gridRows({ layer: range(6), head: range(300) }, (l, h) => l + h);
  const { spec } = buildFigure(plotWith("heatmap", ["layer", "head"], []), resultsOf(rows));
  const { width, height } = viewOf(spec) as { width: { step: number }; height: { step: number } };
  assert.equal(width.step, 2);
  assert.equal(height.step, 16);
});

test("equal values have one number in their legend, and none that was never measured", () => {
  const rows = gridRows({ layer: range(2), head: range(2) }, () => 12);
  const { spec } = buildFigure(plotWith("heatmap", ["layer", "head"], []), resultsOf(rows));
  assert.deepEqual(viewOf(spec).layer[0]?.encoding["color"]?.["legend"], {
    title: "e.gain",
    gradientLength: 100,
    gradientThickness: 14,
    titlePadding: 8,
    tickCount: 5,
    values: [12],
    format: ".3~g",
    titleLimit: 400,
    offset: 18,
  });
});

test("numbers in cells are whole, however many columns there are", () => {
  const grid = gridRows({ layer: range(2), position: range(40) }, (l, p) => l + p / 40);
  const texts = gridRows({ layer: range(2), position: range(40) }, (l, p) => (l * 40 + p) / 7, "entropy");
  const { spec } = buildFigure(plotWith("heatmap", ["layer", "position"], [], { text: entropy }), resultsOf([...grid, ...texts])); // prettier-ignore
  const cells = viewOf(spec).data.values;
  assert.equal(cells.length, 80);
  for (const [i, { text }] of cells.entries()) {
    assert.ok(Math.abs(Number(text) - i / 7) <= 0.05, `cell ${i} says ${String(text)} for ${i / 7}`);
  }
});

test("keys after the query are blank whichever of both stands upright", () => {
  const rows = gridRows({ query: range(5), key: range(5) }, (q, k) => (k > q ? 0 : 1));
  for (const over of [
    ["query", "key"],
    ["key", "query"],
  ]) {
    // prettier-ignore
    const { spec, subtitle } = buildFigure(plotWith("heatmap", over, []), resultsOf(rows));
    assert.equal(viewOf(spec).data.values.length, 15);
    assert.equal(subtitle, "blank: keys after the query");
  }
});

test("points of one text give no p: as many heads are no larger sample of prompts", () => {
  const rows = range(4).flatMap((prompt) =>
    range(6).flatMap((head) => {
      const noise = Math.sin(9 * prompt + 5 * head);
      return [row("e", "gain", { prompt, head }, prompt + noise), row("e", "entropy", { prompt, head }, prompt, { unit: "nats" })]; // prettier-ignore
    }),
  );
  const of = (kept: typeof rows): string | null =>
    buildFigure(plotWith("scatter", [], [], {}, entropy), resultsOf(kept)).subtitle;
  assert.match(of(rows) ?? "", /^24 points · line: r = 0\.\d\d, n = 24 of 4 prompts · no p: points of one prompt depend on each other/); // prettier-ignore
  assert.match(of(rows.filter((one) => one.axes["head"] === 0)) ?? "", /^4 points · line: r = \S+, p = \S+, n = 4/);
});

test("where groups are too many for colours, names of points say the group, in the words of the legend", () => {
  const points = (groups: readonly string[]): readonly Readonly<Record<string, unknown>>[] => {
    const rows = groups.flatMap((group, prompt) => [
      row("e", "gain", { group, prompt }, prompt),
      row("e", "entropy", { group, prompt }, -prompt, { unit: "nats" }),
    ]);
    const { spec } = buildFigure(plotWith("scatter", [], ["group"], {}, entropy), resultsOf(rows));
    return viewOf(spec).data.values;
  };
  assert.equal(points(names(3))[1]?.["name"], "prompt 1");
  assert.equal(points(names(30))[1]?.["name"], "group 1, prompt 1");
  assert.deepEqual(
    points(["b\nc", "a"]).map(({ series }) => series),
    ["b\\nc", "a"],
  );
});

test("names cover points only where no place is free of them", () => {
  const room = { width: 200, height: 200, fontSize: 10 };
  const named = [{ x: 100, y: 100, text: "name" }];
  const [free] = placeLabels(named, room, [{ x: 115, y: 100 }]);
  assert.ok(free !== undefined && free.x < 100);
  const crowd = range(400).map((i) => ({ x: (i % 20) * 10, y: Math.floor(i / 20) * 10 }));
  assert.equal(placeLabels(named, room, crowd).length, 1);
});

test("numbers at the ends of bars do not cover each other", () => {
  const shapes = [[3, 4], [10, 4], [12, 6], [30, 1], [50, 1]] as const; // prettier-ignore
  const found = shapes.map(([layers, heads]) => {
    const axes = { layer: range(layers), ...(heads === 1 ? {} : { head: range(heads) }) };
    const rows = gridRows(axes, (l, h = 0) => 5 + (l * heads + h) / 100);
    const { spec } = buildFigure(plotWith("bar", ["layer"], heads === 1 ? [] : ["head"], { values: true }), resultsOf(rows)); // prettier-ignore
    const { width, height, layer } = viewOf(spec) as Layered & Record<"width" | "height", { readonly step?: number }>;
    const lies = height.step !== undefined;
    const bar = ((heads === 1 ? 1 : 0.8) * (width.step ?? height.step ?? 0)) / heads;
    const turned = layer.find(({ mark }) => mark["type"] === "text")?.mark["angle"] === -90;
    // Four characters of ten pixels; one line of them where they are turned or beside a lying bar.
    assert.ok(bar >= (turned || lies ? 10 : 22), `${layers} × ${heads}: ${bar} pixels`);
    assert.ok(lies || layers * heads * (bar / 0.8) <= 900, "a page is not wider");
    return lies ? "lying" : turned ? "turned" : "upright";
  });
  assert.deepEqual(found, ["upright", "turned", "lying", "turned", "lying"]);
});

test("a token without a value has a frame, and the subtitle counts it", async () => {
  const rows = range(7).map((position) => row("e", "gain", { prompt: 0, position }, position % 2 === 0 ? NaN : position, { reason: "log of 0" })); // prettier-ignore
  const figure = buildFigure(plotWith("text", [], []), resultsOf(rows), sevenTokens);
  assert.equal(figure.subtitle, "4 tokens NaN (dashed frame; reason in the tooltip)");
  const svg = await renderFigureSvg(figure.spec);
  assert.equal(svg.match(/stroke-dasharray="3,2"/g)?.length, 4);
  const none = rows.map((one) => ({ ...one, value: NaN }));
  const empty = buildFigure(plotWith("text", [], []), resultsOf(none), sevenTokens);
  assert.equal(empty.subtitle, "7 tokens NaN (dashed frame; reason in the tooltip)");
  assert.match(await renderFigureSvg(empty.spec), /cat/);
});

test("a long name above a text makes the picture no wider", async () => {
  const width = async (group: string): Promise<number> => {
    const rows = range(7).flatMap((position) => ["x", group].map((name, prompt) => row("e", "gain", { group: name, prompt, position }, position))); // prettier-ignore
    const svg = await renderFigureSvg(buildFigure(plotWith("text", [], []), resultsOf(rows), sevenTokens).spec);
    return Number(/<svg[^>]* width="([\d.]+)"/.exec(svg)?.[1]);
  };
  assert.equal(await width("a".repeat(200)), await width("b"));
});

test("a line of a subtitle begins with words", () => {
  const parts = ["95% CI, BCa bootstrap over 4 prompts, 2,000 draws, seed 0; too narrow for fewer than 10 prompts", "whiskers"]; // prettier-ignore
  for (let room = 380; room < 800; room += 10) {
    const { subtitle } = titleBlock("t", ["mean over 4 prompts", ...parts].join(" · "), room);
    const lines = (Array.isArray(subtitle) ? subtitle : [subtitle]) as readonly string[];
    for (const line of lines) assert.match(line, /^[^·\s].*[^·\s]$/);
    assert.equal(lines.join(" ").replaceAll(" · ", " "), ["mean over 4 prompts", ...parts].join(" "));
  }
});

test("a title longer than its axis is broken into lines", () => {
  const title = "a title that is much longer than four cells of a heatmap are wide";
  const rows = gridRows({ layer: range(4), head: range(4) }, (l, h) => l - h);
  const figure = buildFigure(plotWith("heatmap", ["layer", "head"], [], { x: title, y: title }), resultsOf(rows));
  const { x, y } = (figure.spec as { encoding: Record<"x" | "y", { axis: { title: readonly string[] } }> }).encoding;
  for (const { axis } of [x, y]) {
    assert.ok(axis.title.length > 1);
    assert.equal(axis.title.join(" "), title);
  }
  const short = { width: 400, height: 300, encoding: { x: { title: "layer", axis: null } } };
  assert.deepEqual(fitAxisTitles(short), short);
});

test("boxes of two axes in one column are named by both", () => {
  const rows = gridRows({ group: ["a", "b"], layer: range(9), prompt: range(3) }, (g, l, p) => g + l + p);
  const { spec } = buildFigure(plotWith("box", [], ["group", "layer"]), resultsOf(rows));
  const { x } = (spec as { encoding: { x: { title: string } } }).encoding;
  assert.equal(x.title, "group · layer");
});
