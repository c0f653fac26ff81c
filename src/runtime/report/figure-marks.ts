/** Vega-Lite marks and scales of heatmaps, lines and bars. */
import { errorBars, hasIntervals, intervalBand, levelRules, valueChannel, zeroRule } from "./figure-overlays.js";
import type { VegaLiteSpec } from "./vega-lite.js";
import { axisTitle, safeTitle, type FigureAxis, type FigureData, type FigurePanel } from "./figure-data.js";

export type { VegaLiteSpec } from "./vega-lite.js";

/** Okabe and Ito's colour-blind-safe palette, without its yellow, which is too faint for lines on white. */
export const palette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"];

/** Every series also has its own shape, so that no reading depends on colour alone. */
export const shapes = [
  "circle",
  "square",
  "triangle-up",
  "diamond",
  "triangle-down",
  "triangle-right",
  "triangle-left",
];

/** Diagonal strokes across a square of side 2, the unit of Vega's symbol paths. */
const hatching = "M-1,0L0,-1M-1,1L1,-1M0,1L1,0";

/** Title and subtitle of a figure, or undefined parts left out. */
export function titleBlock(title: string, subtitle: string | null): VegaLiteSpec {
  if (subtitle === null) return { text: title, offset: 14 };
  // A long subtitle would make a narrow figure wide, so its parts then stand one below the other.
  const lines = subtitle.length > 56 ? subtitle.split(" · ") : subtitle;
  return { text: title, offset: 14, subtitle: lines, subtitlePadding: 5, subtitleLineHeight: 15 };
}

/** What is drawn when there is nothing to draw. */
export function emptyMarks(): VegaLiteSpec {
  const text = { type: "text", text: "no values to draw", fontSize: 12, color: "#5b6472" };
  return { data: { values: [{}] }, width: 280, height: 60, mark: text };
}

/** Square cells; rows are the first axis of `over`, columns the second. */
export function heatmapLayers(panel: FigurePanel, data: FigureData): VegaLiteSpec {
  const [rows, columns] = data.over;
  if (rows === undefined) return { mark: "rect", data: { values: [] } };
  const step = cellSize(Math.max(rows.levels.length, columns?.levels.length ?? 1));
  const y = {
    ...discrete(rows, rows.levels.length * step),
    axis: { ...plainAxis(rows, rows.levels.length * step), labelAngle: 0 },
  };
  const x =
    columns === undefined
      ? {}
      : {
          x: {
            ...discrete(columns, null),
            axis: { ...plainAxis(columns, null), domain: false, ...levelLabels(columns, step) },
          },
        };
  const tooltip = tooltipOf(data, panel);
  const border = step >= 8 ? { stroke: "white", strokeWidth: 1 } : {};
  const faulty = panel.points.some((point) => point.value === null);
  return {
    data: { values: panel.points },
    width: { step },
    height: { step },
    view: { fill: "#eceef1" },
    encoding: { y, ...x },
    layer: [
      {
        transform: [{ filter: "isValid(datum.value)" }],
        mark: { type: "rect", ...border },
        encoding: {
          color: {
            field: "value",
            type: "quantitative",
            scale: colorScale(panel),
            legend: panel.legend ? colorLegend(panel, rows, step) : null,
          },
          tooltip,
        },
      },
      ...(faulty ? faultCells(step, tooltip) : []),
    ],
  };
}

/** A line with points for every series, coloured and shaped by series. */
export function lineLayers(panel: FigurePanel, data: FigureData): VegaLiteSpec {
  const [axis] = data.over;
  if (axis === undefined) return { mark: "line", data: { values: [] } };
  const width = Math.min(720, Math.max(420, axis.levels.length * 28));
  const x = { ...position(axis), axis: { ...plainAxis(axis, null), ...ticksOf(axis, width) } };
  const tooltip = tooltipOf(data, panel);
  const y = valueChannel(panel, false);
  const color = seriesChannel(data);
  const shape =
    data.series.length > 1
      ? { shape: { ...color, scale: { domain: data.series, range: repeat(shapes, data.series.length) } } }
      : {};
  const colored = data.series.length > 1 ? { color } : { color: { value: palette[0] } };
  return {
    data: { values: panel.points },
    width,
    height: 300,
    encoding: { x },
    layer: [
      ...zeroRule(panel),
      ...intervalBand(panel, colored),
      // NaN breaks the line: joining its neighbours would show a value that was not measured.
      { mark: { type: "line", strokeWidth: 2, invalid: "break-paths-show-path-domains" }, encoding: { y, ...colored } },
      {
        transform: [{ filter: "isValid(datum.value)" }],
        mark: { type: "point", filled: true, size: 60, opacity: 1 },
        encoding: { y, ...colored, ...shape, tooltip },
      },
      ...faultCrosses(panel, 300, tooltip, colored),
      ...levelRules(data),
    ],
  };
}

/** Plain bars in the order of the axis; several series stand side by side. */
export function barLayers(panel: FigurePanel, data: FigureData): VegaLiteSpec {
  const [axis] = data.over;
  if (axis === undefined) return { mark: "bar", data: { values: [] } };
  const tooltip = tooltipOf(data, panel);
  const several = data.series.length > 1;
  const colored = { color: several ? seriesChannel(data) : { value: palette[0] } };
  const offset = several ? { xOffset: { field: "series", type: "nominal", sort: data.series } } : {};
  const bars = axis.levels.length * Math.max(1, data.series.length);
  const step = Math.max(several ? 8 : 12, Math.min(36, Math.floor(640 / Math.max(1, bars))));
  return {
    data: { values: panel.points },
    width: several ? { step, for: "position" } : { step },
    height: 300,
    encoding: {
      x: {
        ...discrete(axis, null),
        scale: { paddingInner: 0.2, paddingOuter: 0.15 },
        axis: { ...plainAxis(axis, null), ...levelLabels(axis, step * Math.max(1, data.series.length)) },
      },
      ...offset,
    },
    layer: [
      {
        transform: [{ filter: "isValid(datum.value)" }],
        mark: { type: "bar" },
        encoding: {
          y: valueChannel(panel, true),
          ...colored,
          tooltip,
        },
      },
      ...zeroRule(panel),
      ...errorBars(panel, step, tooltip),
      ...faultCrosses(panel, 300, tooltip, colored),
      ...levelRules(data),
    ],
  };
}

function cellSize(count: number): number {
  if (count <= 16) return 30;
  return Math.max(1, Math.floor(560 / count));
}

function colorScale(panel: FigurePanel): VegaLiteSpec {
  if (panel.range === null) return { scheme: "viridis", domain: [0, 1] };
  const [least, most] = panel.range;
  if (!panel.signed) return { scheme: "viridis", domain: [least, most], zero: false, nice: false };
  // Zero is white and both directions have the same scale, so that equal strength means equal size of effect.
  const extent = Math.max(Math.abs(least), Math.abs(most)) || 1;
  return {
    range: ["#2166ac", "#67a9cf", "#d1e5f0", "#fbfbfb", "#fddbc7", "#ef8a62", "#b2182b"],
    domain: diverging(extent),
    nice: false,
  };
}

function diverging(extent: number): readonly number[] {
  return [-1, -2 / 3, -1 / 3, 0, 1 / 3, 2 / 3, 1].map((part) => part * extent);
}

function colorLegend(panel: FigurePanel, rows: FigureAxis, step: number): VegaLiteSpec {
  const length = Math.max(100, Math.min(240, rows.levels.length * step));
  return {
    title: wrapTitle(panel.quantity),
    gradientLength: length,
    gradientThickness: 14,
    titlePadding: 8,
    tickCount: 5,
    format: ".3~g",
    titleLimit: 400,
    offset: 18,
  };
}

/** A grey cell with strokes across it; the tooltip names the reason. */
function faultCells(step: number, tooltip: readonly VegaLiteSpec[]): readonly VegaLiteSpec[] {
  const filter = { filter: "!isValid(datum.value)" };
  const side = Math.max(1, step - 1);
  return [
    {
      transform: [filter],
      mark: { type: "rect", fill: "#c9cdd3", stroke: "white", strokeWidth: step >= 8 ? 1 : 0 },
      encoding: { tooltip },
    },
    {
      transform: [filter],
      mark: {
        type: "point",
        shape: hatching,
        size: side * side,
        stroke: "#6d737d",
        strokeWidth: 1,
        filled: false,
        opacity: 1,
      },
      encoding: { tooltip },
    },
  ];
}

/** NaN has no height, so it is marked on the lower edge. */
function faultCrosses(
  panel: FigurePanel,
  height: number,
  tooltip: readonly VegaLiteSpec[],
  colored: VegaLiteSpec,
): readonly VegaLiteSpec[] {
  if (panel.points.every((point) => point.value !== null)) return [];
  return [
    {
      transform: [{ filter: "!isValid(datum.value)" }],
      mark: { type: "point", shape: "M-1,-1L1,1M-1,1L1,-1", size: 70, strokeWidth: 2, filled: false, opacity: 1 },
      encoding: { y: { value: height - 8 }, ...colored, tooltip },
    },
  ];
}

function seriesChannel(data: FigureData): VegaLiteSpec {
  const [only] = data.by;
  const ordered = data.by.length === 1 && only?.levels.every((level) => typeof level === "number") === true;
  const count = data.series.length;
  // Ordered series (layers, steps) read as a gradient; a palette has no order to show.
  const range = ordered && count > 3 ? viridis(count) : repeat(palette, count);
  return {
    field: "series",
    type: "nominal",
    sort: data.series,
    scale: { domain: data.series, range },
    legend: {
      title: data.seriesTitle === "" ? null : data.seriesTitle,
      symbolLimit: 40,
      // The symbols would be as faint as the bands.
      ...(data.panels.some(hasIntervals) ? { symbolOpacity: 1 } : {}),
    },
  };
}

/** Colours from the dark to the light part of viridis; its last fifth is too faint for a line on white. */
function viridis(count: number): readonly string[] {
  const stops = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#9bd93c"];
  return Array.from(
    { length: count },
    (_, i) => stops[Math.round((i * (stops.length - 1)) / Math.max(1, count - 1))] ?? "#000000",
  );
}

/** The values over and over, `count` of them. */
export function repeat(values: readonly string[], count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => values[i % values.length] ?? "");
}

function discrete(axis: FigureAxis, room: number | null): VegaLiteSpec {
  return { field: axis.field, type: "ordinal", sort: axis.levels, title: axisTitle(axis, room) };
}

function position(axis: FigureAxis): VegaLiteSpec {
  const numeric = axis.levels.every((level) => typeof level === "number");
  if (!numeric) return { ...discrete(axis, null), scale: { padding: 0.5 } };
  const numbers = axis.levels.map(Number);
  const first = numbers[0] ?? 0;
  const last = numbers.at(-1) ?? 1;
  // Given rather than found, because a layer of marks may have no points at all; one level needs some width around it.
  const domain = first === last ? [first - 0.5, last + 0.5] : [first, last];
  const scale = { domain, zero: false, nice: false, padding: 14 };
  return { field: axis.field, type: "quantitative", title: axisTitle(axis, null), scale };
}

function ticksOf(axis: FigureAxis, width: number): VegaLiteSpec {
  const numeric = axis.levels.every((level) => typeof level === "number");
  if (!numeric) return levelLabels(axis, width / Math.max(1, axis.levels.length));
  // Every measured level gets its tick while there is room: layers are counted, not interpolated.
  return axis.levels.length <= 26
    ? { values: axis.levels, format: "~d", grid: false }
    : { tickMinStep: 1, format: "~d", grid: false };
}

function plainAxis(axis: FigureAxis, room: number | null): VegaLiteSpec {
  return { title: axisTitle(axis, room), ticks: false, domain: room === null, labelPadding: 6, labelLimit: 160 };
}

/** A turned label of 11 px takes this much of its axis, in pixels, however long it is. */
const turnedLabel = 14;

/**
 * How labels of an axis are written whose levels are `spacing` pixels apart: long ones are turned, and then all of them
 * stay, as far as there is room. By itself Vega-Lite compares the rectangles around turned labels, and leaves out every other one.
 */
export function levelLabels({ levels }: Pick<FigureAxis, "levels">, spacing: number): VegaLiteSpec {
  const turned = levels.some((level) => String(level).length > 5);
  return { labelAngle: turned ? -40 : 0, ...(turned && spacing >= turnedLabel ? { labelOverlap: false } : {}) };
}

function tooltipOf(data: FigureData, panel: FigurePanel): readonly VegaLiteSpec[] {
  const axes = [...data.by, ...data.over];
  const named = data.series.length > 1 && data.by.length === 0;
  const reasons = panel.points.some((point) => point.reason !== null);
  return [
    ...(named ? [{ field: "series", type: "nominal", title: "measure" }] : []),
    ...axes.map((axis) => ({ field: axis.field, type: "nominal", title: safeTitle(axis.name) })),
    { field: "value", type: "quantitative", title: panel.quantity, format: ".6~g" },
    ...(hasIntervals(panel)
      ? [
          { field: "low", type: "quantitative", title: "low", format: ".6~g" },
          { field: "high", type: "quantitative", title: "high", format: ".6~g" },
          { field: "n", type: "quantitative", title: "n" },
        ]
      : []),
    ...(reasons ? [{ field: "reason", type: "nominal", title: "NaN because" }] : []),
  ];
}

/** A long title in several lines, for legends. */
export function wrapTitle(title: string): string | readonly string[] {
  if (title.length <= 24) return title;
  const lines: string[] = [];
  for (const word of title.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 24) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
