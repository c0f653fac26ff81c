/** Names and levels that Vega, SVG or JavaScript take for something else are drawn as what they are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Output } from "../../src/compiler/ir/outputs.js";
import type { Coordinates } from "../../src/compiler/ir/protocol.js";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { buildFigure, type PlotOutput } from "../../src/runtime/report/figures.js";
import { renderFigureSvg } from "../../src/runtime/report/render-figure.js";
import { renderFigurePng } from "../../src/runtime/report/render-png.js";
import { column, plotOf, row, resultsOf, named } from "./samples.js";

/** Members of every object, words of Vega's expressions, what XML cannot hold, what changes how text reads. */
const awkward = [
  ...Object.getOwnPropertyNames(Object.prototype),
  "if",
  "then",
  "datum",
  "undefined",
  "NaN",
  "",
  " ",
  "\u0000",
  "\u001b[31m",
  "a\nb",
  "\ufffe",
  "\ud800",
  "\u202e",
  "\\",
  "'\"\\",
  "</script>",
  "]]>",
];

const shapes: Readonly<Record<PlotOutput["plot"], readonly [over: number, by: number]>> = {
  bar: [1, 0],
  line: [1, 1],
  heatmap: [2, 1],
  histogram: [0, 1],
  box: [0, 2],
  density: [0, 1],
  scatter: [0, 1],
  text: [0, 1],
};

/** Names that stand for their kind are drawn in figures of every kind, the others in two. */
const thorough = ["constructor", "__proto__", "if", "\u001b[31m"];

/** Figures with the name as a level of each axis, and as the name of the first. */
function figuresOf(name: string): readonly (readonly [string, PlotOutput, readonly ResultRow[]])[] {
  const rowsOver = (axis: string): readonly ResultRow[] =>
    [name, "other"].flatMap((level, l) =>
      [0, 1, 2, 3].flatMap((prompt) =>
        ["m", "n"].map((metric, m) => {
          const axes: Coordinates = { prompt, [axis]: level, kind: `${name}!` };
          return row("e", metric, axes, Math.sin(prompt + 2 * l + m));
        }),
      ),
    );
  const drawn = Object.entries(shapes).filter(([plot]) => thorough.includes(name) || ["bar", "scatter"].includes(plot));
  return drawn.flatMap(([plot, [over, by]]) =>
    ["group", name].flatMap((axis) => {
      const axes = [axis, "kind", "prompt"];
      const values = [named(axis === name ? name : "m", column("e", "m"))];
      const kind = plot as Extract<Output, { kind: "plot" }>["plot"];
      const output = plotOf(kind, name, values, axes.slice(0, over), axes.slice(over, over + by));
      const against = kind === "scatter" ? named(name, column("e", "n")) : null;
      return [
        [
          `${plot} of ${JSON.stringify(name)} with the axis ${JSON.stringify(axis)}`,
          { ...output, against },
          rowsOver(axis),
        ] as const,
      ];
    }),
  );
}

for (const name of awkward) {
  test(`figures draw ${JSON.stringify(name)}`, async () => {
    for (const [what, output, rows] of figuresOf(name)) {
      const warnings: string[] = [];
      const svg = await renderFigureSvg(buildFigure(output, resultsOf(rows)).spec, {
        warn: (message) => warnings.push(message),
      });
      assert.deepEqual(warnings, [], what);
      assert.doesNotMatch(svg, /native code|\[object /, what);
      if (name !== "undefined") assert.doesNotMatch(svg.replaceAll("series: undefined", ""), /undefined/, what);
      // A picture is made of it, so it is sound XML.
      assert.ok((await renderFigurePng(svg, 0.2)).length > 100, what);
    }
  });
}

test("axes of similar names are fields of their own", () => {
  const rows = ["x", "y"].map((level, i) =>
    row("e", "m", { prompt: i, "a-b": level, a_b: `${level}!`, value: level, value_: `${level}!` }, i),
  );
  const values = [named("m", column("e", "m"))];
  for (const [over, by] of [
    ["a-b", "a_b"],
    ["value", "value_"],
  ] as const) {
    const { spec } = buildFigure(plotOf("bar", "t", values, [over], [by]), resultsOf(rows));
    const [first] = (spec["data"] as { readonly values: readonly object[] }).values;
    const texts = Object.values(first ?? {});
    assert.ok(texts.includes("x") && texts.includes("x!"), JSON.stringify(first));
  }
});
