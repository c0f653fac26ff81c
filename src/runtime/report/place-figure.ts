/** Heatmaps, lines and bars: one number at each place of their axes. */
import type { ResultSet } from "../../compiler/ir/results.js";
import type { OnNote } from "../../compiler/results/evaluate.js";
import { countOf } from "../../compiler/results/describe.js";
import { shortNumber, type Drawing, type PlotOutput } from "./drawing.js";
import { figureData, type FigureData, type FigurePanel } from "./figure-data.js";
import { barLayers, emptyMarks, heatmapLayers, lineLayers, type VegaLiteSpec } from "./figure-marks.js";

/**
 * Values averaged over every axis that neither `over` nor `by` names, which the subtitle says. A heatmap has one panel
 * per value and per level of `by`; line and bar have one series per value and level of `by`. NaN stays visible as a
 * hatched cell (heatmap) or a cross on the lower edge (line, bar) with its reason in the tooltip.
 */
export function drawPlaces(output: PlotOutput, results: ResultSet, onNote: OnNote): Drawing {
  const data = figureData(output, results, onNote);
  return { subtitle: subtitleOf(output, data), description: describe(output, data), parts: panels(output, data) };
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
  const parts = [data.mean, data.intervals, faulty, absent].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(" · ");
}

function describe(output: PlotOutput, data: FigureData): string {
  const name = output.plot === "heatmap" ? "Heatmap" : output.plot === "line" ? "Line chart" : "Bar chart";
  const by = output.by.length === 0 ? "" : ` by ${output.by.join(", ")}`;
  const values = data.panels.flatMap((panel) => panel.points.map((point) => point.value)).filter((v) => v !== null);
  const range =
    values.length === 0
      ? "It has no values."
      : `Values lie between ${shortNumber(values.reduce((a, b) => Math.min(a, b)))} and ${shortNumber(values.reduce((a, b) => Math.max(a, b)))}.`;
  const faulty = data.faults === 0 ? "" : ` ${countOf(data.faults, "value")} NaN.`;
  const what = output.values.map((value) => value.label).join(", ");
  return `${name} of ${what} over ${output.over.join(", ")}${by}. ${range}${faulty}`;
}
