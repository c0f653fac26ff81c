/** Vega-Lite marks of heatmaps: cells with colours, numbers or words in them, and what is missing. */
import type { VegaLiteSpec } from "./vega-lite.js";
import {
  colorAt,
  colorScaleOf,
  sequentialColors,
  sparseColors,
  vegaColorScale,
  wantsDarkText,
  type ColorScale,
} from "./color-scale.js";
import { axisTitle, type FigureAxis, type FigureData, type FigurePanel, type FigurePoint } from "./figure-data.js";
import { discrete, plainAxis, tooltipOf, wrapTitle } from "./figure-marks.js";
import { shortNumbers } from "./format.js";
import { rasterPanel } from "./heatmap-raster.js";
import { shortened, textWidth } from "./text-width.js";

/** More cells than these are drawn as one image: each as a mark of its own would take a minute and megabytes. */
const mostCells = 2500;
/** Cells up to which each shows its number by itself. */
const fewCells = 150;
/** Room for all columns of a grid of words, in pixels. */
const pageWidth = 900;
/** Characters of a word that a cell shows. */
const mostCharacters = 12;

/** Diagonal strokes across a square of side 2, the unit of Vega's symbol paths. */
const hatching = "M-1,0L0,-1M-1,1L1,-1M0,1L1,0";

/** Colours of cells without a number. */
export const faultColor = "#c9cdd3";
export const absentColor = "#eceef1";

/** Whether a figure has so many cells that its panels are images. */
export function isRaster(data: FigureData): boolean {
  return data.panels.reduce((sum, panel) => sum + panel.points.length, 0) > mostCells;
}

/** Whether `over` are the queries and keys of attention, in either order: keys after the query are masked. */
export function isAttention({ over }: Pick<FigureData, "over">): boolean {
  const names = over.map(({ name }) => name);
  return names.includes("query") && names.includes("key");
}

/** Cells of one size; rows are the first axis of `over`, columns the second. */
export function heatmapLayers(panel: FigurePanel, data: FigureData): VegaLiteSpec {
  const [rows, columns] = data.over;
  if (rows === undefined) return { mark: "rect", data: { values: [] } };
  const scale = colorScaleOf(panel.range, panel.signed, isAttention(data) ? sparseColors : sequentialColors);
  const points = isAttention(data) ? unmasked(panel.points, data) : panel.points;
  if (isRaster(data)) return rasterPanel({ ...panel, points }, data, scale, colorLegend(panel, 300));
  const cells = written({ ...panel, points }, data, scale);
  const { width, height } = cellSize(rows, columns, cells);
  const y = {
    ...discrete(rows, rows.levels.length * height),
    title: data.options.y ?? axisTitle(rows, rows.levels.length * height),
    axis: { ...plainAxis(rows, rows.levels.length * height), ...titled(data.options.y), labelAngle: 0 },
  };
  const x =
    columns === undefined
      ? {}
      : {
          x: {
            ...discrete(columns, null),
            title: data.options.x ?? axisTitle(columns, null),
            axis: {
              ...plainAxis(columns, null),
              ...titled(data.options.x),
              domain: false,
              ...columnLabels(columns, width),
            },
          },
        };
  const tooltip = [
    ...tooltipOf(data, panel),
    ...(cells.some(({ text }) => text !== undefined) && data.options.text !== null
      ? [{ field: "text", type: "nominal", title: "text" }]
      : []),
  ];
  const border = Math.min(width, height) >= 8 ? { stroke: "white", strokeWidth: 1 } : {};
  const blank = isAttention(data) ? {} : { view: { fill: absentColor } };
  return {
    data: { values: cells },
    width: { step: width },
    height: { step: height },
    ...blank,
    encoding: { y, ...x },
    layer: [
      {
        transform: [{ filter: "isValid(datum.value)" }],
        mark: { type: "rect", ...border },
        encoding: {
          color: {
            field: "value",
            type: "quantitative",
            scale: vegaColorScale(scale),
            legend: panel.legend && panel.range !== null ? colorLegend(panel, rows.levels.length * height) : null,
          },
          tooltip,
        },
      },
      ...(cells.some((point) => point.value === null) ? faultCells(Math.min(width, height), tooltip) : []),
      ...(cells.some(({ text }) => text !== undefined && text !== "") ? [words(height, tooltip)] : []),
      // Around the smallest cells a frame would be all that is seen.
      ...(isAttention(data) || Math.min(width, height) < 6 ? [] : extremeMarks(cells)),
    ],
  };
}

const titled = (title: string | null): VegaLiteSpec => (title === null ? {} : { title });

/** Cells that are not masked: of a causal model those whose key does not come after the query. */
export function unmasked(points: readonly FigurePoint[], { over }: FigureData): readonly FigurePoint[] {
  const [query, key] = ["query", "key"].map((name) => over.find((axis) => axis.name === name));
  if (query === undefined || key === undefined) return points;
  const at = (point: FigurePoint, { field }: FigureAxis): number => parseInt(String(point[field]), 10);
  return points.filter((point) => !(at(point, key) > at(point, query) && (point.value ?? 0) === 0));
}

/** A point with what is written into its cell, and whether that is dark. */
interface Cell {
  readonly value: number | null;
  readonly text?: string;
  readonly pale?: boolean;
  readonly extreme?: boolean;
}

function written({ points, range }: FigurePanel, data: FigureData, scale: ColorScale): readonly Cell[] {
  const all = data.panels.reduce((sum, panel) => sum + panel.points.length, 0);
  const wantsNumbers = data.options.text === null && (data.options.values || all <= fewCells);
  const numbers = points.map(({ value }) => value).filter((value) => value !== null);
  const formatted = wantsNumbers ? shortNumbers(numbers) : [];
  // Those of all panels, which the subtitle names.
  const [least, most] = range ?? [0, 0];
  // Words are cut so that the columns fit a page.
  const columns = data.over[1]?.levels.length ?? 1;
  const characters = Math.max(4, Math.min(mostCharacters, Math.floor((pageWidth / columns - 8) / 6.2)));
  let next = 0;
  return points.map((point): Cell => {
    if (point.value === null) return point;
    const number = formatted[next++];
    const text = data.options.text === null ? number : cutWord(point.text ?? "", characters);
    const isExtreme = numbers.length > 2 && least < most && (point.value === least || point.value === most);
    return {
      ...point,
      ...(text === undefined ? {} : { text, pale: wantsDarkText(colorAt(scale, point.value)) }),
      ...(isExtreme ? { extreme: true } : {}),
    };
  });
}

/** A word in so many characters; a number stays whole, because what is left of it would be another one. */
function cutWord(text: string, characters: number): string {
  return Number.isNaN(Number(text)) ? shortened(text, characters) : text;
}

const wordSize = 10;

/** Room for what is written; without words square cells, the smaller the more there are. */
function cellSize(
  rows: FigureAxis,
  columns: FigureAxis | undefined,
  cells: readonly Cell[],
): { readonly width: number; readonly height: number } {
  const count = Math.max(rows.levels.length, columns?.levels.length ?? 1);
  const side = count <= 16 ? 30 : Math.max(2, Math.floor(560 / count));
  const widest = cells.reduce((most, { text }) => Math.max(most, textWidth(text ?? "", wordSize)), 0);
  if (widest === 0) {
    // A grid of few rows and very many columns would be a line.
    const long = (levels: readonly unknown[]): number => Math.max(side, Math.min(16, 190 / levels.length));
    return { width: long(columns?.levels ?? [0]), height: long(rows.levels) };
  }
  return { width: Math.max(side, Math.ceil(widest) + 8), height: Math.max(side, 18) };
}

/** All labels of columns as far as there is room: turned where they are wider than a column. */
export function columnLabels({ levels }: FigureAxis, width: number): VegaLiteSpec {
  const widest = levels.reduce<number>((most, level) => Math.max(most, textWidth(String(level), 11)), 0);
  if (widest <= width - 4) return { labelAngle: 0 };
  if (levels.every((level) => typeof level === "number")) return { labelAngle: 0 };
  return { labelAngle: -90, ...(width >= 13 ? { labelOverlap: false } : {}) };
}

function words(height: number, tooltip: readonly VegaLiteSpec[]): VegaLiteSpec {
  return {
    transform: [{ filter: "isValid(datum.value)" }],
    mark: { type: "text", fontSize: height >= 24 ? wordSize : 9 },
    encoding: {
      text: { field: "text", type: "nominal" },
      // Not the colours of other text, which turn around on a dark page while cells stay as they are.
      color: { condition: { test: "datum.pale", value: "#1b1b1b" }, value: "#ffffff" },
      tooltip,
    },
  };
}

/** A frame around the smallest and the largest value, which the subtitle names. */
function extremeMarks(cells: readonly Cell[]): readonly VegaLiteSpec[] {
  if (cells.length < 12 || cells.filter(({ extreme }) => extreme === true).length > 4) return [];
  return [
    {
      transform: [{ filter: "datum.extreme" }],
      mark: { type: "rect", fillOpacity: 0, filled: false, stroke: "#111111", strokeWidth: 1.5 },
    },
  ];
}

/**
 * `largest 3.21 at layer 9, head 6 · smallest −1.2 at layer 0, head 1`, for each of several quantities on its own; null where
 * there is nothing to compare.
 */
export function extremesText(data: FigureData, format: (value: number) => string): string | null {
  const quantities = [...new Set(data.panels.map(({ quantity }) => quantity))];
  const texts = quantities.flatMap((quantity) => {
    const own = data.panels.filter((panel) => panel.quantity === quantity);
    const text = extremesOf({ ...data, panels: own }, format);
    return text === null ? [] : [quantities.length === 1 ? text : `${quantity}: ${text}`];
  });
  return texts.length === 0 ? null : texts.join(" · ");
}

function extremesOf(data: FigureData, format: (value: number) => string): string | null {
  const found = data.panels.flatMap((panel) =>
    panel.points.flatMap((point) => (point.value === null ? [] : [{ point, value: point.value, panel }])),
  );
  const [first] = found;
  if (first === undefined || found.length < 12 || isAttention(data)) return null;
  const several = data.panels.length > 1;
  const place = ({ point, panel }: typeof first): string =>
    [
      ...(several ? [panel.title] : []),
      ...data.over.map(({ name, field }) => `${name.replaceAll("_", " ")} ${String(point[field])}`),
    ].join(", ");
  const most = found.reduce((best, one) => (one.value > best.value ? one : best), first);
  const least = found.reduce((best, one) => (one.value < best.value ? one : best), first);
  if (most.value === least.value) return null;
  const named = (what: string, one: typeof first): string => {
    const count = found.filter(({ value }) => value === one.value).length;
    return `${what} ${format(one.value)} ${count === 1 ? `at ${place(one)}` : `in ${count} cells`}`;
  };
  return `${named("largest", most)} · ${named("smallest", least)}`;
}

function colorLegend(panel: FigurePanel, height: number): VegaLiteSpec {
  return {
    title: wrapTitle(panel.quantity),
    gradientLength: Math.max(100, Math.min(240, height)),
    gradientThickness: 14,
    titlePadding: 8,
    tickCount: 5,
    // Equal values have no scale: numbers beside theirs would be made up.
    ...(panel.range !== null && panel.range[0] === panel.range[1] ? { values: [panel.range[0]] } : {}),
    format: ".3~g",
    titleLimit: 400,
    offset: 18,
  };
}

/** A grey cell with strokes across it, which the legend calls NaN; the tooltip names the reason. */
function faultCells(step: number, tooltip: readonly VegaLiteSpec[]): readonly VegaLiteSpec[] {
  const filter = { filter: "!isValid(datum.value)" };
  const side = Math.max(1, step - 1);
  return [
    {
      transform: [filter, { calculate: "'NaN'", as: "fault" }],
      mark: { type: "rect", stroke: "white", strokeWidth: step >= 8 ? 1 : 0 },
      encoding: {
        fill: {
          field: "fault",
          type: "nominal",
          scale: { domain: ["NaN"], range: [faultColor] },
          legend: { title: null, symbolType: "square", symbolSize: 160, offset: 18 },
        },
        tooltip,
      },
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
