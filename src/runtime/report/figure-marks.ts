/** What marks of several kinds of figures share: titles, axes with levels, tooltips, colours of series. */
import { hasIntervals } from "./figure-overlays.js";
import type { VegaLiteSpec } from "./vega-lite.js";
import { axisTitle, safeTitle, type FigureAxis, type FigureData, type FigurePanel } from "./figure-data.js";
import { seriesLooks, type SeriesLooks } from "./series-looks.js";
import { textWidth, wrapText } from "./text-width.js";

export type { VegaLiteSpec } from "./vega-lite.js";
export { palette, seriesLooks, shapes } from "./series-looks.js";

/** Narrowest room for a title, in pixels: a picture of few cells is widened by it. */
const leastRoom = 380;
const titleSize = 15;
const subtitleSize = 11;

/** Title and subtitle of a figure in as many lines as its `room` in pixels asks for; undefined parts left out. */
export function titleBlock(title: string, subtitle: string | null, room = 460): VegaLiteSpec {
  const width = Math.max(leastRoom, room);
  const own = wrapText(title, width, titleSize, true);
  const text = own.length === 1 ? own[0] : own;
  if (subtitle === null) return { text, offset: 14 };
  const lines = subtitleLines(subtitle, width, subtitleSize);
  const [only] = lines;
  return {
    text,
    offset: 14,
    subtitle: lines.length === 1 ? only : lines,
    subtitlePadding: 5,
    subtitleLineHeight: 15,
  };
}

/** The parts of a subtitle, as many on a line as fit; only a part that is longer than a line is broken. */
export function subtitleLines(subtitle: string, room: number, fontSize: number): readonly string[] {
  const separator = " · ";
  const lines: string[] = [];
  for (const part of subtitle.split(separator)) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth(`${last}${separator}${part}`, fontSize) <= room) {
      lines[lines.length - 1] = `${last}${separator}${part}`;
    } else lines.push(...wrapText(part, room, fontSize));
  }
  return lines;
}

/** What is drawn when there is nothing to draw. */
export function emptyMarks(): VegaLiteSpec {
  const text = { type: "text", text: "no values to draw", fontSize: 12, color: "#5b6472" };
  return { data: { values: [{}] }, width: 280, height: 60, mark: text };
}

/** Whether the series of a figure are numbers in order, such as layers: they read as a gradient. */
export function isOrdered({ by, series }: FigureData): boolean {
  const [only] = by;
  return by.length === 1 && series.length > 3 && only?.levels.every((level) => typeof level === "number") === true;
}

/** Colours of the series, with their legend. */
export function seriesChannel(data: FigureData, looks: SeriesLooks): VegaLiteSpec {
  return {
    field: "series",
    type: "nominal",
    sort: data.series,
    scale: { domain: data.series, range: looks.colors },
    legend: {
      title: data.seriesTitle === "" ? null : data.seriesTitle,
      symbolLimit: 60,
      labelLimit: 260,
      ...(data.series.length > 14 ? { columns: 2 } : {}),
      // The symbols would be as faint as the bands.
      ...(data.panels.some(hasIntervals) ? { symbolOpacity: 1 } : {}),
    },
  };
}

/** {@link seriesLooks} of a figure. */
export function looksOf(data: FigureData): SeriesLooks {
  return seriesLooks(data.series.length, isOrdered(data));
}

/** An axis of levels in their order. */
export function discrete(axis: FigureAxis, room: number | null, scale: VegaLiteSpec = {}): VegaLiteSpec {
  // A list to sort by becomes an expression as deep as it is long.
  const isLong = axis.levels.length > 400;
  return {
    field: axis.field,
    type: "ordinal",
    sort: isLong ? null : axis.levels,
    title: axisTitle(axis, room),
    scale: { ...scale, ...(isLong ? { domain: axis.levels } : {}) },
  };
}

/** Labels of levels, without ticks. */
export function plainAxis(axis: FigureAxis, room: number | null): VegaLiteSpec {
  return { title: axisTitle(axis, room), ticks: false, domain: room === null, labelPadding: 6, labelLimit: 200 };
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

/** What a reader sees of a point when the pointer rests on it. */
export function tooltipOf(data: FigureData, panel: FigurePanel): readonly VegaLiteSpec[] {
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
  const lines = wrapText(title, 160, 11);
  return lines.length === 1 ? (lines[0] ?? "") : lines;
}
