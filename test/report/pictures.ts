/** Small figures of every kind, for golden pictures and for what must hold of them. */
import type { ResultRow } from "../../src/compiler/ir/results.js";
import type { FigureOutput, PlotOptions } from "../../src/compiler/ir/protocol.js";
import type { PlotOutput } from "../../src/runtime/report/figures.js";
import type { TokenTexts } from "../../src/runtime/report/token-texts.js";
import { column, named, plainOptions, plotOf, row } from "./samples.js";

/** What is drawn, of which rows, with which texts behind them. */
export interface Picture {
  readonly output: PlotOutput | FigureOutput;
  readonly rows: readonly ResultRow[];
  readonly tokens?: TokenTexts;
}

const pieces = ["The", " cat", " sat", " on", " the", " mat", "."];
const best = [" dog", " sat", " on", " the", " mat", ".", "\n"];

/** One text of seven tokens behind every result; ids 0 to 6 stand for the tokens that follow. */
export const sevenTokens: TokenTexts = {
  textAt: () => ({ pieces, first: 0 }),
  promptAt: () => pieces.join(""),
  tokenAt: (_experiment, _place, id) => best[id] ?? null,
};

/** Words that are as long as names of prompts are. */
export function nameOf(index: number): string {
  const words = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau".split(" "); // prettier-ignore
  return `${words[index % words.length] ?? ""}${index >= words.length ? `-${Math.floor(index / words.length)}` : ""}`;
}

/** A number between 0 and 1 for each index, without a visible order. */
export function spread(index: number): number {
  const x = Math.sin(index * 12.9898 + 4.1414) * 43758.5453;
  return x - Math.floor(x);
}

export const gain = named("e.gain", column("e", "gain"));
export const entropy = named("e.entropy", column("e", "entropy"), "nats");

/** A plot of `e.gain` with options. */
export function plotWith(
  kind: PlotOutput["plot"],
  over: readonly string[],
  by: readonly string[],
  options: Partial<PlotOptions> = {},
  against: PlotOutput["against"] = null,
): PlotOutput {
  return { ...plotOf(kind, `A ${kind}`, [gain], over, by, against), options: { ...plainOptions, ...options } };
}

/** Rows of `e.gain` over axes: a row for each place, its value a function of the places' indices. */
export function gridRows(
  axes: Readonly<Record<string, readonly (string | number)[]>>,
  value: (...indices: number[]) => number,
  metric = "gain",
): readonly ResultRow[] {
  const names = Object.keys(axes);
  const places = names.reduce<readonly (readonly number[])[]>(
    (all, name) => all.flatMap((place) => (axes[name] ?? []).map((_, i) => [...place, i])),
    [[]],
  );
  return places.map((place) => {
    const at = Object.fromEntries(names.map((name, i) => [name, axes[name]?.[place[i] ?? 0] ?? 0]));
    const number = value(...place);
    return row("e", metric, at, number, Number.isNaN(number) ? { reason: "log of 0" } : {});
  });
}

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
const layers = range(4);

const attention = gridRows({ query: range(7), key: range(7) }, (q, k) => (k > q ? 0 : 1 / (q + 1)));
const lens = [
  ...gridRows({ layer: range(3), position: range(7) }, (layer, position) => spread(layer * 7 + position)),
  ...gridRows({ layer: range(3), position: range(7) }, (layer, position) => (layer + position) % 7, "entropy"),
];
const scattered = range(30).flatMap((i) => {
  const at = { layer: i % 5, head: Math.floor(i / 5) };
  return [
    row("e", "entropy", at, spread(i), { unit: "nats" }),
    row("e", "gain", at, 2 * spread(i) + 0.2 * spread(i + 50) + (i === 7 ? 2 : 0)),
  ];
});

/** Every kind of picture, by name. */
export const pictures: Readonly<Record<string, Picture>> = {
  "heatmap-nan": {
    output: plotWith("heatmap", ["layer", "head"], []),
    rows: gridRows({ layer: layers, head: layers }, (l, h) => (l === 1 && h === 2 ? NaN : l - 2 * h + 1)),
  },
  attention: { output: plotWith("heatmap", ["query", "key"], []), rows: attention, tokens: sevenTokens },
  "logit-lens": {
    output: plotWith("heatmap", ["layer", "position"], [], { text: { ...entropy, unit: "token" } }),
    rows: lens,
    tokens: sevenTokens,
  },
  "bar-sorted": {
    output: plotWith("bar", ["name"], [], { sorted: "descending", values: true, x: "gain of a name" }),
    rows: gridRows({ name: range(18).map((i) => `a name such as ${nameOf(i)}`) }, (i) => spread(i) - 0.4),
  },
  "line-factors": {
    output: plotWith("line", ["factor"], [], { caption: "Mean of one prompt." }),
    rows: gridRows({ factor: [0, 0.25, 0.5, 1, 2] }, (i) => i * i),
  },
  "line-steps-log": {
    output: plotWith("line", ["revision"], ["model"], { log: ["x"] }),
    rows: gridRows({ model: ["a", "b"], revision: ["step0", "step1", "step16", "step512", "step143000"] }, (m, s) => m + s), // prettier-ignore
  },
  "line-crowd": {
    output: plotWith("line", ["layer"], ["name"]),
    rows: gridRows({ name: range(24).map(nameOf), layer: layers }, (n, l) => spread(n) * l),
  },
  scatter: { output: plotWith("scatter", [], [], { identity: true }, entropy), rows: scattered },
  "scatter-log": { output: plotWith("scatter", [], ["layer"], { log: ["x", "y"] }, entropy), rows: scattered },
  box: {
    output: plotWith("box", [], ["layer"]),
    rows: gridRows({ layer: layers, prompt: range(8) }, (l, p) => 1 + Math.exp(3 * spread(l * 8 + p))),
  },
  density: {
    output: plotWith("density", [], ["layer"]),
    rows: gridRows({ layer: range(2), prompt: range(8) }, (l, p) => l + spread(l * 8 + p)),
  },
  histogram: {
    output: plotWith("histogram", [], ["layer"], { x: "gain of a prompt" }),
    rows: gridRows({ layer: range(2), prompt: range(20) }, (l, p) => l + spread(l * 20 + p)),
  },
  text: {
    output: plotWith("text", [], ["model"]),
    rows: gridRows({ model: ["small", "large"], prompt: [0], position: range(7).slice(1) }, (m, _, p) => 1 + m + spread(p)), // prettier-ignore
    tokens: sevenTokens,
  },
  panels: {
    output: {
      kind: "figure",
      title: "Two views of one sweep",
      caption: "A: every head. B: the mean of each layer.",
      columns: null,
      panels: [
        { ...plotWith("heatmap", ["layer", "head"], []), title: "Every head" },
        plotWith("bar", ["layer"], [], { sorted: "ascending" }),
        plotWith("line", ["head"], ["layer"]),
      ],
      span: { file: "f", start: 0, end: 0 },
    },
    rows: gridRows({ layer: layers, head: layers }, (l, h) => spread(4 * l + h) - 0.5),
  },
};
