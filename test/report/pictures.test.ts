/** What would be wrong in a picture: a label that is missing, a tick at the wrong place, two series that look alike. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { colorAt, colorScaleOf, hexColor } from "../../src/runtime/report/color-scale.js";
import { buildFigure, type VegaLiteSpec } from "../../src/runtime/report/figures.js";
import { placeLabels } from "../../src/runtime/report/label-places.js";
import { enlargedPng } from "../../src/runtime/report/enlarge-png.js";
import { shortNumbers } from "../../src/runtime/report/format.js";
import { logDomain, logTicks } from "../../src/runtime/report/log-axis.js";
import { encodePng } from "../../src/runtime/report/png-encode.js";
import { renderFigureSvg } from "../../src/runtime/report/render-figure.js";
import { renderFigurePng } from "../../src/runtime/report/render-png.js";
import { palette, seriesLooks } from "../../src/runtime/report/series-looks.js";
import { expectGolden } from "../support/golden.js";
import { overlaps, svgTexts, type SvgText } from "../support/svg-texts.js";
import { entropy, gridRows, nameOf, pictures, plotWith, spread, type Picture } from "./pictures.js";
import { resultsOf, row } from "./samples.js";

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

async function drawn({ output, rows, tokens }: Picture): Promise<{
  readonly svg: string;
  readonly spec: VegaLiteSpec;
  readonly subtitle: string;
  readonly texts: readonly SvgText[];
}> {
  const figure = buildFigure(output, resultsOf(rows), tokens);
  const warnings: string[] = [];
  const svg = await renderFigureSvg(figure.spec, { warn: (message) => warnings.push(message) });
  assert.deepEqual(warnings, []);
  return { svg, spec: figure.spec, subtitle: figure.subtitle ?? "", texts: svgTexts(svg) };
}

function pictureOf(name: string): Picture {
  const picture = pictures[name];
  assert.ok(picture !== undefined);
  return picture;
}

const wordsOf = (texts: readonly SvgText[]): readonly string[] => texts.map(({ text }) => text);

for (const [name, picture] of Object.entries(pictures)) {
  test(`${name} is drawn as it was, and no text covers another`, async () => {
    const { svg, texts } = await drawn(picture);
    expectGolden(`report/figures/${name}.svg`, `${svg.replaceAll("><", ">\n<")}\n`);
    assert.deepEqual(overlaps(texts), []);
    assert.ok((await renderFigurePng(svg, 1)).length > 0);
  });
}

test("every bar has its label, however many and long they are", async () => {
  for (const [count, prefix] of [
    [3, ""],
    [30, ""],
    [30, "a rather long name of "],
    [300, ""],
  ] as const) {
    const names = range(count).map((i) => `${prefix}${nameOf(i)}`);
    const { texts } = await drawn({ output: plotWith("bar", ["name"], []), rows: gridRows({ name: names }, spread) });
    const words = new Set(wordsOf(texts));
    assert.deepEqual(
      names.filter((name) => !words.has(name)),
      [],
    );
    assert.deepEqual(overlaps(texts), []);
  }
});

test("every box has its label, and values above 0 do not make the axis begin below", async () => {
  for (const count of [3, 30, 300]) {
    const names = range(count).map(nameOf);
    const rows = gridRows({ name: names, prompt: range(6) }, (n, p) => Math.exp(4 * spread(6 * n + p)));
    const { texts } = await drawn({ output: plotWith("box", [], ["name"]), rows });
    const words = new Set(wordsOf(texts));
    assert.deepEqual(
      names.filter((name) => !words.has(name)),
      [],
    );
    assert.ok(!wordsOf(texts).some((text) => /^[−-]\d/.test(text)), "no tick is below 0");
  }
});

test("numbers stand at their places: factors, and steps of training", async () => {
  const places = async (
    output: Picture["output"],
    rows: Picture["rows"],
    labels: readonly number[],
  ): Promise<readonly number[]> => {
    // prettier-ignore
    const { texts } = await drawn({ output, rows });
    return labels.map((label) => {
      const found = texts.filter(({ text }) => text === String(label));
      // The label of the horizontal axis stands lowest.
      const lowest = found.reduce((a, b) => (b.bottom > a.bottom ? b : a));
      return (lowest.left + lowest.right) / 2;
    });
  };
  const factors = [0, 0.25, 0.5, 1, 2];
  const at = await places(plotWith("line", ["factor"], []), gridRows({ factor: factors }, spread), factors);
  const unit = ((at[4] ?? 0) - (at[0] ?? 0)) / 2;
  for (const [i, factor] of factors.entries()) assert.ok(Math.abs((at[i] ?? 0) - (at[0] ?? 0) - factor * unit) < 1);
  const steps = [1, 100, 10_000];
  const rows = gridRows({ revision: steps.map((step) => `step${step}`) }, spread);
  const log = await places(plotWith("line", ["revision"], [], { log: ["x"] }), rows, steps);
  assert.ok(Math.abs((log[1] ?? 0) * 2 - (log[0] ?? 0) - (log[2] ?? 0)) < 2, "equal ratios are equally far apart");
});

test("the colour of 0 is neutral wherever values lie on both sides of it", () => {
  for (const [least, most] of [
    [-1, 3],
    [-0.002, 1e-9],
    [-7, 0.1],
  ] as const) {
    const scale = colorScaleOf([least, most], false);
    assert.equal(scale.kind, "diverging");
    assert.equal(hexColor(colorAt(scale, 0)), "#fbfbfb");
    // Blue is below, red above, and equally far from 0 equally strong.
    const [below, above] = [colorAt(scale, -Math.max(-least, most)), colorAt(scale, Math.max(-least, most))];
    assert.ok(below[2] > below[0] && above[0] > above[2]);
  }
  assert.equal(colorScaleOf([0.5, 3], false).kind, "sequential");
  assert.equal(colorScaleOf([0.5, 3], true).kind, "diverging");
});

test("no two series share colour, dash and shape, up to what a legend shows and beyond", () => {
  for (const count of [3, 8, 20, 56]) {
    const { colors, shapes, dashes } = seriesLooks(count, false);
    assert.equal(new Set(range(count).map((i) => `${colors[i]} ${shapes[i]}`)).size, count);
    // Lines are told apart without points, too, as long as they have dashes of their own.
    const lines = new Set(range(count).map((i) => `${colors[i]} ${String(dashes[i])}`));
    assert.equal(lines.size, Math.min(count, palette.length * 6));
  }
  for (const count of [4, 30, 150]) assert.equal(new Set(seriesLooks(count, true).colors).size, count);
});

test("of too many lines the extreme ones stand out, which the subtitle says", async () => {
  const names = range(300).map(nameOf);
  const rows = gridRows({ name: names, layer: range(4) }, (n, l) => n + l / 10);
  const { subtitle, texts } = await drawn({ output: plotWith("line", ["layer"], ["name"]), rows });
  assert.match(subtitle, /300 lines: the 3 highest and 3 lowest means in colour, the others grey/);
  const words = wordsOf(texts);
  for (const index of [0, 1, 2, 297, 298, 299]) assert.ok(words.includes(nameOf(index)));
  assert.ok(!words.includes(nameOf(150)));
});

test("a heatmap of 200 × 200 is an image of some kilobytes with a pixel for each cell", async () => {
  const rows = gridRows({ layer: range(200), neuron: range(200) }, (l, n) => (l === 3 && n === 5 ? NaN : l - n));
  const { svg, spec, subtitle } = await drawn({ output: plotWith("heatmap", ["layer", "neuron"], []), rows });
  assert.ok(svg.length + JSON.stringify(spec).length < 600_000);
  assert.match(subtitle, /largest 199 at layer 199, neuron 0 · smallest -199 at layer 0, neuron 199 · 1 cell NaN/);
  const png = Buffer.from(/data:image\/png;base64,([\w+/=]+)/.exec(svg)?.[1] ?? "", "base64");
  const { width, height, at } = decoded(png);
  assert.deepEqual([width, height], [200, 200]);
  assert.deepEqual(at(3, 5), [130, 136, 146], "NaN has a colour of its own");
  const near = (cell: readonly number[], color: readonly number[]): boolean =>
    cell.every((part, i) => Math.abs(part - (color[i] ?? 0)) <= 4);
  const scale = colorScaleOf([-199, 199], true);
  // A palette of 250 shades is off by half a shade at most, which is 4 of 255 where colours change fastest.
  for (const [l, n] of [
    [0, 0],
    [0, 199],
    [199, 0],
    [120, 60],
  ] as const) {
    assert.ok(near(at(l, n), colorAt(scale, l - n)), `${l} ${n}: ${String(at(l, n))}`);
  }
});

/** An indexed PNG, read with nothing of what wrote it. */
function decoded(png: Buffer): {
  readonly width: number;
  readonly height: number;
  readonly at: (row: number, column: number) => readonly number[];
} {
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    chunks.set(png.toString("latin1", at + 4, at + 8), png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const header = chunks.get("IHDR") ?? Buffer.alloc(13);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const pixels = inflateSync(chunks.get("IDAT") ?? Buffer.alloc(0));
  const colors = chunks.get("PLTE") ?? Buffer.alloc(0);
  return {
    width,
    height,
    at: (row, column) => {
      const index = (pixels[row * (width + 1) + 1 + column] ?? 0) * 3;
      return [...colors.subarray(index, index + 3)];
    },
  };
}

test("a PNG has the checksums that its format asks for", () => {
  const png = Buffer.from(encodePng(1, 1, Uint8Array.of(0), [[1, 2, 3, 255]]));
  // The end of every PNG: a chunk of no bytes with the CRC-32 of its name (ISO/IEC 15948, 11.2.5).
  assert.equal(png.subarray(-12).toString("hex"), "0000000049454e44ae426082");
});

test("of attention keys after the query are blank, and both axes show tokens", async () => {
  const { spec, texts, subtitle } = await drawn(pictureOf("attention"));
  const { values } = spec["data"] as { readonly values: readonly unknown[] };
  assert.equal(values.length, 28);
  assert.match(subtitle, /blank: keys after the query/);
  assert.equal(wordsOf(texts).filter((text) => text === "1 cat").length, 2);
});

test("a grid of a logit lens shows the token of each cell", async () => {
  const { texts } = await drawn(pictureOf("logit-lens"));
  const words = wordsOf(texts);
  assert.equal(words.filter((text) => text === "dog").length, 3);
  assert.equal(words.filter((text) => text === "⏎").length, 3);
});

test("a text has all of its tokens, a blank before those that begin with one, coloured where they were measured", async () => {
  const { svg, texts } = await drawn(pictureOf("text"));
  for (const piece of ["The", "cat", "mat", "."]) {
    assert.equal(wordsOf(texts).filter((text) => text === piece).length, 2, piece);
  }
  const [the, cat] = ["The", "cat"].map((piece) => texts.find(({ text }) => text === piece));
  // Four characters of 0.602 of 13 px lie between the beginnings.
  assert.ok(Math.abs((cat?.left ?? 0) - (the?.left ?? 0) - 4 * 0.602 * 13) < 0.1);
  // Six of seven tokens in each of two texts.
  const boxes = svg.match(/aria-roledescription="rect mark"[^>]*fill="(?:#|rgb)/g) ?? [];
  assert.ok(svg.includes("small") && svg.includes("large") && boxes.length >= 12);
});

test("panels have letters and titles, and the caption stands below them", async () => {
  const { texts } = await drawn(pictureOf("panels"));
  const words = wordsOf(texts).map((text) => text.trim());
  for (const letter of ["A", "B", "C"])
    assert.ok(
      words.some((text) => text.startsWith(`${letter} `)),
      letter,
    );
  const caption = texts.find(({ text }) => text.startsWith("A: every head"));
  assert.ok(caption !== undefined && texts.every(({ bottom }) => bottom <= caption.bottom + 0.01));
});

test("the line of a scatter is that of least squares, and outliers are named", async () => {
  // y = 2x + 1 with an error of ±0.1 in turns, and one point far off.
  const points = range(40).map((i) => ({
    x: i / 40,
    y: (2 * i) / 40 + 1 + (i % 2 === 0 ? 0.1 : -0.1) + (i === 20 ? 3 : 0),
  }));
  const rows = points.flatMap(({ x, y }, i) => [
    row("e", "entropy", { layer: 0, head: i }, x),
    row("e", "gain", { layer: 0, head: i }, y),
  ]);
  const { subtitle, texts } = await drawn({ output: plotWith("scatter", [], [], {}, entropy), rows });
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const mean = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0) / all.length;
  const product = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, one, i) => sum + (one - mean(a)) * ((b[i] ?? 0) - mean(b)), 0);
  const r = product(xs, ys) / Math.sqrt(product(xs, xs) * product(ys, ys));
  assert.ok(subtitle.includes(`r = ${r.toFixed(2)}`), subtitle);
  assert.ok(wordsOf(texts).includes("L0.H20"));
  assert.ok(!wordsOf(texts).includes("L0.H19"));
});

test("names that have no room are left out rather than drawn over others", () => {
  const points = range(60).map((i) => ({ x: 50 + spread(i) * 60, y: 50 + spread(i + 99) * 60, text: `name ${i}` }));
  const labels = placeLabels(points, { width: 200, height: 200, fontSize: 10 });
  assert.ok(labels.length > 3 && labels.length < 60);
  const boxes = labels.map(({ x, y, text }): SvgText => ({ text, left: x, right: x + text.length * 5.5, top: y - 5, bottom: y + 5, angle: 0 })); // prettier-ignore
  assert.deepEqual(overlaps(boxes), []);
});

test("a logarithmic axis leaves out what it has no place for, and says so", async () => {
  const rows = gridRows({ layer: range(4) }, (l) => l * 10);
  const { subtitle } = await drawn({ output: plotWith("line", ["layer"], [], { log: ["y"] }), rows });
  assert.match(subtitle, /1 not above 0 \(no place on a logarithmic axis\)/);
});

test("a logarithmic axis has ticks and every entry, however many values are not above 0", async () => {
  const names = range(6).map(nameOf);
  const signed = gridRows({ name: names }, (n) => (n % 2 === 0 ? -n : 10 ** n));
  for (const kind of ["bar", "line"] as const) {
    const { texts, svg, subtitle } = await drawn({ output: plotWith(kind, ["name"], [], { log: ["y"] }), rows: signed }); // prettier-ignore
    const words = new Set(wordsOf(texts));
    for (const name of names) assert.ok(words.has(name), name);
    assert.ok(words.has("1000") && words.has("100000"), [...words].join());
    assert.match(subtitle, /3 not above 0/);
    assert.doesNotMatch(svg, / d="[^"]*(NaN|Infinity)/);
  }
  const lying = await drawn({ output: plotWith("bar", ["name"], [], { log: ["y"] }), rows: gridRows({ name: range(40).map((i) => `a rather long name of ${nameOf(i)}`) }, (n) => 10 ** (n / 10)) }); // prettier-ignore
  assert.ok(wordsOf(lying.texts).includes("1000"), "bars on their side have the axis too");
});

test("what a logarithmic axis cannot be is said", async () => {
  const negative = gridRows({ name: ["a", "b"], prompt: range(3) }, (n, p) => n - p - 5);
  const box = await drawn({ output: plotWith("box", [], ["name"], { log: ["y"] }), rows: negative });
  assert.match(box.subtitle, /linear axis: 6 values not above 0/);
  const bar = await drawn({ output: plotWith("bar", ["name"], [], { log: ["y"] }), rows: negative });
  assert.match(bar.subtitle, /linear axis: no value is above 0/);
  const named = await drawn({ output: plotWith("line", ["name"], [], { log: ["x"] }), rows: negative });
  assert.match(named.subtitle, /no logarithmic axis of name: its entries are no numbers/);
  const below = gridRows({ factor: [-1, 0, 2] }, (f) => f);
  const factors = await drawn({ output: plotWith("line", ["factor"], [], { log: ["x"] }), rows: below });
  assert.match(factors.subtitle, /linear axis of factor: entries below 0/);
});

test("ticks of a logarithmic axis are written alike", () => {
  for (const [from, to] of [
    [0.9, 2e9],
    [1e-7, 1e3],
    [3, 4],
    [1, 9],
    [0.02, 5e4],
  ] as const) {
    const domain = logDomain([from, to]);
    assert.ok(domain[0] < from && domain[1] > to);
    const { values, format } = logTicks(domain);
    assert.ok(values.length >= 3 && values.length <= 12, `${from} ${to}: ${values.join()}`);
    assert.equal(
      format === "~e",
      values.some((value) => value >= 1e6 || value < 1e-4),
    );
  }
});

test("cells of an image keep their edges in a PNG: each pixel is one of its colours", async () => {
  const rows = gridRows({ layer: range(60), head: range(60) }, (l, h) => (l + h) % 2);
  const { svg, subtitle } = await drawn({ output: plotWith("heatmap", ["layer", "head"], []), rows });
  const png = await renderFigurePng(svg, 2);
  assert.ok(png.length < 1e6, `${png.length} bytes`);
  assert.match(subtitle, /largest 1/);
  const small = encodePng(2, 1, Uint8Array.of(0, 1), [[1, 2, 3, 255], [9, 9, 9, 255]]); // prettier-ignore
  const large = decoded(Buffer.from(enlargedPng(small, 5, 3)));
  assert.deepEqual([large.width, large.height], [5, 3]);
  assert.deepEqual([0, 2, 3, 4].map((column) => large.at(2, column)[0]), [1, 1, 9, 9]); // prettier-ignore
});

test("long names are cut, and marks of direction are written as escapes", async () => {
  const names = ["x".repeat(300), "b ".repeat(120), "left \u202e right"];
  for (const kind of ["bar", "line"] as const) {
    const rows = gridRows({ name: names, group: ["y".repeat(300), "z"] }, (n, g) => n + g);
    const { svg } = await drawn({ output: { ...plotWith(kind, ["name"], ["group"]), title: "t".repeat(400) }, rows });
    const width = Number(/width="([\d.]+)"/.exec(svg)?.[1]);
    assert.ok(width < 1200, `${kind} is ${width} px wide`);
    assert.ok(svg.includes("…") && !svg.includes("\u202e") && svg.includes("\\u202e"));
  }
});

test("extremes that several cells share are counted, and small numbers are not written as 0", async () => {
  const rows = gridRows({ layer: range(4), head: range(4) }, (l, h) => (h === 0 ? 100 : -0.002 * (l + 1)));
  const { subtitle, texts } = await drawn({ output: plotWith("heatmap", ["layer", "head"], []), rows });
  assert.match(subtitle, /^largest 100 in 4 cells · smallest -0\.008000 in 3 cells$/);
  assert.ok(wordsOf(texts).includes("-0.002") && !wordsOf(texts).includes("-0"));
  assert.deepEqual(shortNumbers([-1e9, 1e9, 3, -2.5]), ["-1e9", "1e9", "3", "-2.5"]);
});

test("panels of numbers have the name of their axis, and only what is missing is grey", async () => {
  const rows = gridRows({ head: range(2), layer: range(3), prompt: range(3) }, (h, l, p) => h + l + p);
  const { texts, subtitle } = await drawn({ output: plotWith("heatmap", ["layer", "prompt"], ["head"]), rows });
  assert.ok(wordsOf(texts).includes("head 0") && wordsOf(texts).includes("head 1"));
  assert.doesNotMatch(subtitle, /grey background/);
});

test("the unmodified model has a line where all lines share it, and a word where they do not", async () => {
  const grid = { group: ["a", "b"], layer: range(3) };
  const shared = grid.group.flatMap((group) => range(3).map((layer) => row("e", "gain", { group, layer, prompt: 0 }, layer, { baseline: 1 }))); // prettier-ignore
  const same = await drawn({ output: plotWith("line", ["layer"], ["group"]), rows: shared });
  assert.ok(wordsOf(same.texts).includes("unmodified"));
  const apart = shared.map((one) => ({ ...one, baseline: one.axes["group"] === "a" ? 1 : 2 }));
  const { texts, subtitle } = await drawn({ output: plotWith("line", ["layer"], ["group"]), rows: apart });
  assert.ok(!wordsOf(texts).includes("unmodified"));
  assert.match(subtitle, /the unmodified model has no line: its value differs between places/);
});
