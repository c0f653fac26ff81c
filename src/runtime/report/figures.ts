/** Outputs of kind `plot` as Vega-Lite specifications with their data inside. Rendering is in `render-figure.ts`. */
import type { Output } from "../../compiler/ir/protocol.js";
import type { ResultRow } from "../../compiler/ir/results.js";
import { countOf } from "../../compiler/results/describe.js";
import { figureData, type FigureData, type FigurePanel } from "./figure-data.js";
import { emptyMarks, heatmapLayers, lineLayers, barLayers, titleBlock, type VegaLiteSpec } from "./figure-marks.js";

export type { VegaLiteSpec } from "./figure-marks.js";

/** A figure: its specification and the texts that go with it. Everything is plain JSON. */
export interface Figure {
  readonly title: string;
  /** What was averaged and which cells are missing; null when there is nothing to say. */
  readonly subtitle: string | null;
  /** What the figure shows, for readers who do not see it. */
  readonly description: string;
  /** Vega-Lite 6, self-contained. */
  readonly spec: VegaLiteSpec;
}

/** An output of kind plot. */
export type PlotOutput = Extract<Output, { kind: "plot" }>;

/**
 * The figure of `output`: values averaged over every axis that neither `over` nor `by` names, which the subtitle says.
 * A heatmap has one panel per value and per level of `by`; line and bar have one series per value and level of `by`.
 * NaN stays visible as a hatched cell (heatmap) or a grey cross on the axis (line, bar) with its reason in the tooltip.
 */
export function buildFigure(output: PlotOutput, rows: readonly ResultRow[]): Figure {
  const data = figureData(output, rows);
  const subtitle = subtitleOf(output, data);
  return {
    title: output.title,
    subtitle,
    description: describe(output, data),
    spec: {
      $schema: "https://vega.github.io/schema/vega-lite/v6.json",
      title: titleBlock(output.title, subtitle),
      background: "white",
      padding: 12,
      config,
      ...panels(output, data),
    },
  };
}

function panels(output: PlotOutput, data: FigureData): VegaLiteSpec {
  const draw = (panel: FigurePanel): VegaLiteSpec => {
    if (output.plot === "heatmap") return heatmapLayers(panel, data);
    return output.plot === "line" ? lineLayers(panel, data) : barLayers(panel, data);
  };
  if (data.panels.every((panel) => panel.points.length === 0)) return emptyMarks();
  const [only] = data.panels;
  if (data.panels.length === 1 && only !== undefined) return draw(only);
  return {
    concat: data.panels.map((panel) => ({
      title: { text: panel.title, fontSize: 12, anchor: "middle" },
      ...draw(panel),
    })),
    columns: data.panels.length <= 3 ? data.panels.length : 2,
    spacing: 28,
    // Panels of one quantity share their scale, so that equal colours mean equal numbers; each says so by its domain.
    resolve: { scale: { color: "independent" } },
  };
}

function subtitleOf(output: PlotOutput, data: FigureData): string | null {
  const cells = output.plot === "heatmap" ? "cell" : "value";
  const faulty =
    data.faults === 0
      ? null
      : `${countOf(data.faults, cells)} NaN (${output.plot === "heatmap" ? "hatched" : "crosses on the lower edge"}; reason in the tooltip)`;
  const absent = output.plot === "heatmap" && data.absent > 0 ? "grey background: not measured" : null;
  const parts = [data.mean, faulty, absent].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(" · ");
}

function describe(output: PlotOutput, data: FigureData): string {
  const names = { heatmap: "Heatmap", line: "Line chart", bar: "Bar chart" };
  const by = output.by.length === 0 ? "" : ` by ${output.by.join(", ")}`;
  const values = data.panels.flatMap((panel) => panel.points.map((point) => point.value)).filter((v) => v !== null);
  const range =
    values.length === 0
      ? "It has no values."
      : `Values lie between ${format(values.reduce((a, b) => Math.min(a, b)))} and ${format(values.reduce((a, b) => Math.max(a, b)))}.`;
  const faulty = data.faults === 0 ? "" : ` ${countOf(data.faults, "value")} NaN.`;
  const what = output.values.map((value) => value.label).join(", ");
  return `${names[output.plot]} of ${what} over ${output.over.join(", ")}${by}. ${range}${faulty}`;
}

function format(value: number): string {
  return String(Number(value.toPrecision(4)));
}

const ink = "#1f2430";
const muted = "#5b6472";

/** Looks shared by all figures. DejaVu Sans comes with atlasc; a browser without it takes a similar font. */
const config: VegaLiteSpec = {
  font: "DejaVu Sans, Verdana, sans-serif",
  view: { stroke: null },
  axis: {
    labelColor: ink,
    titleColor: ink,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: "normal",
    titlePadding: 8,
    domainColor: "#9aa3af",
    tickColor: "#9aa3af",
    gridColor: "#e6e9ee",
    labelOverlap: "parity",
  },
  legend: { labelColor: ink, titleColor: ink, labelFontSize: 11, titleFontSize: 11, titleFontWeight: "normal" },
  title: { color: ink, subtitleColor: muted, anchor: "start", fontSize: 15, fontWeight: "bold", subtitleFontSize: 11 },
};
