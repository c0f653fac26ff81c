/** Heatmaps, lines and bars: one number at each place of their axes. */
import type { ResultSet } from "../../compiler/ir/results.js";
import type { OnNote } from "../../compiler/results/evaluate.js";
import { countOf } from "../../compiler/results/describe.js";
import { barLayers, hasBarPanels } from "./bar-figure.js";
import { shortNumber, type Drawing, type PlotOutput } from "./drawing.js";
import { figureData, panelTitle, type FigureData, type FigurePanel } from "./figure-data.js";
import { figureWidth } from "./figure-width.js";
import { emptyMarks, type VegaLiteSpec } from "./figure-marks.js";
import { formatNumber } from "./format.js";
import { extremesText, heatmapLayers, isAttention, isRaster, unmasked } from "./heatmap-figure.js";
import { cellsPerPixel, rasterNumbers } from "./heatmap-raster.js";
import { crowdText, lineLayers, logPlacesText } from "./line-figure.js";
import { logValuesText } from "./log-axis.js";
import { cutTo } from "./text-width.js";
import type { TokenTexts } from "./token-texts.js";

/** More panels would make a picture that nobody prints. */
const mostPanels = 24;
/** A page is about this wide; panels stand side by side as far as they fit. */
const page = 860;

/**
 * Values averaged over every axis that neither `over` nor `by` names, which the subtitle says. A heatmap has one panel
 * per value and per level of `by`; line and bar have one series per value and level of `by`. NaN stays visible as a
 * hatched cell (heatmap) or a cross on the lower edge (line, bar) with its reason in the tooltip.
 */
export function drawPlaces(output: PlotOutput, results: ResultSet, onNote: OnNote, tokens?: TokenTexts): Drawing {
  const all = figureData(output, results, onNote, tokens);
  const data = output.plot === "bar" && hasBarPanels(all) ? barPanels(all) : all;
  const first = data.panels.slice(0, mostPanels);
  // The last panel has the legend of its colours, also where those after it are left out.
  const shown = {
    ...data,
    panels: first.map((panel, i) => (i === first.length - 1 ? { ...panel, legend: true } : panel)),
  };
  const left = data.panels.length - shown.panels.length;
  const notes = [
    subtitleOf(output, data),
    left === 0 ? null : `the first ${mostPanels} of ${data.panels.length} panels`,
  ].filter((part) => part !== null);
  return {
    subtitle: notes.length === 0 ? null : notes.join(" · "),
    description: describe(output, all),
    parts: { ...panels(output, shown), ...numbersOf(output, shown) },
  };
}

/** Cells up to which an image goes with its numbers, for readers who download them. */
const mostNumbers = 60_000;

function numbersOf(output: PlotOutput, data: FigureData): VegaLiteSpec {
  if (output.plot !== "heatmap" || !isRaster(data)) return {};
  const cells = data.panels.reduce((sum, { points }) => sum + points.length, 0);
  return cells > mostNumbers ? {} : { usermeta: { numbers: rasterNumbers(data) } };
}

/** A panel for each series, all with the same scale. */
function barPanels(data: FigureData): FigureData {
  const [panel] = data.panels;
  if (panel === undefined) return data;
  return {
    ...data,
    series: [""],
    panels: data.series.map((series) => ({
      ...panel,
      title: panelTitle(
        series,
        panel.points.find((point) => point.series === series),
        data.by,
      ),
      points: panel.points.filter((point) => point.series === series),
    })),
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
  const drawn = data.panels.map(draw);
  const widest = drawn.reduce((most, spec) => Math.max(most, figureWidth(spec)), 0);
  return {
    concat: drawn.map((spec, i) => ({
      title: {
        text: cutTo(data.panels[i]?.title ?? "", Math.max(220, figureWidth(spec)), 12, true),
        fontSize: 12,
        anchor: "middle",
      },
      ...spec,
    })),
    columns: Math.max(1, Math.min(data.panels.length, Math.floor(page / (widest + 70)))),
    spacing: 28,
    // Panels of one quantity share their scale, so that equal colours mean equal numbers; each says so by its domain.
    resolve: { scale: { color: "independent", fill: "independent" } },
  };
}

function subtitleOf(output: PlotOutput, data: FigureData): string | null {
  const isHeatmap = output.plot === "heatmap";
  const raster = isHeatmap && isRaster(data);
  const cells = isHeatmap ? "cell" : "value";
  const look = raster ? "dark grey" : isHeatmap ? "hatched; reason in the tooltip" : "crosses on the lower edge; reason in the tooltip"; // prettier-ignore
  const [rows, columns] = data.over;
  const blank = isHeatmap && isAttention(data);
  // What is masked is blank, whatever its number.
  const shown = data.panels.map(({ points }) => (blank ? unmasked(points, data) : points));
  const faults = blank ? shown.flat().filter(({ value }) => value === null).length : data.faults;
  const faulty = faults === 0 ? null : `${countOf(faults, cells)} NaN (${look})`;
  const whole = Math.max(1, rows?.levels.length ?? 1) * Math.max(1, columns?.levels.length ?? 1);
  const absent = isHeatmap && !blank && shown.some((points) => points.length < whole) ? "grey background: not measured" : null; // prettier-ignore
  const per = raster ? cellsPerPixel(rows?.levels.length ?? 1, columns?.levels.length ?? 1) : 1;
  const parts = [
    data.mean,
    data.baseline,
    data.intervals,
    isHeatmap ? extremesText(data, formatNumber) : null,
    per > 1 ? `each pixel is the mean of ${per} × ${per} cells` : null,
    output.plot === "line" ? crowdText(data) : null,
    isHeatmap ? null : logValuesText(data),
    output.plot === "line" ? logPlacesText(data) : null,
    faulty,
    absent,
    blank ? "blank: keys after the query" : null,
  ].filter((part) => part !== null);
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
