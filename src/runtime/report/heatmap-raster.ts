/** A heatmap of many cells as one image: a pixel for each cell, or for the mean of several where there are very many. */
import { colorAt, vegaColorScale, type ColorScale } from "./color-scale.js";
import { axisTitle, type FigureAxis, type FigureData, type FigurePanel } from "./figure-data.js";
import { encodePng, type Palette } from "./png-encode.js";
import type { VegaLiteSpec } from "./vega-lite.js";
import { textWidth } from "./text-width.js";

/** Pixels of an image on its longer side: a screen shows no more of a figure. */
const mostPixels = 1200;
/** Units of the figure on its longer side. */
const longest = 560;
/** Colours of numbers; the rest of a palette's 256 are for what is missing. */
const shades = 250;

/** Cells of an image: numbers row by row, NaN for a fault, and where nothing was measured. */
export interface Grid {
  readonly width: number;
  readonly height: number;
  readonly values: Float64Array;
  /** 1 where a cell has no value at all. */
  readonly absent: Uint8Array;
}

/** How many cells a pixel stands for along each direction. */
export function cellsPerPixel(rows: number, columns: number): number {
  return Math.max(1, Math.ceil(Math.max(rows, columns) / mostPixels));
}

/** The values of a panel as a grid, in blocks of `per` × `per` cells whose mean they show. */
export function gridOf(panel: FigurePanel, rows: FigureAxis, columns: FigureAxis, per: number): Grid {
  const [width, height] = [Math.ceil(columns.levels.length / per), Math.ceil(rows.levels.length / per)];
  const indexOf = (axis: FigureAxis): ReadonlyMap<unknown, number> =>
    new Map(axis.levels.map((level, i) => [String(level), i]));
  const [rowOf, columnOf] = [indexOf(rows), indexOf(columns)];
  const sums = new Float64Array(width * height);
  const counts = new Uint32Array(width * height);
  const absent = new Uint8Array(width * height).fill(1);
  for (const point of panel.points) {
    const row = rowOf.get(String(point[rows.field]));
    const column = columnOf.get(String(point[columns.field]));
    if (row === undefined || column === undefined) continue;
    const at = Math.floor(row / per) * width + Math.floor(column / per);
    absent[at] = 0;
    if (point.value === null) continue;
    sums[at] = (sums[at] ?? 0) + point.value;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return { width, height, values: sums.map((sum, i) => sum / (counts[i] ?? 0)), absent };
}

/** A grid as PNG bytes. A cell without a number is dark grey in a checked pattern of two greys; an absent one is clear. */
export function gridPng(grid: Grid, scale: ColorScale): Uint8Array {
  const { width, height, values, absent } = grid;
  const [first = 0, last = 1] = [scale.stops[0], scale.stops.at(-1)];
  const palette: Palette = [
    ...Array.from({ length: shades }, (_, i) => {
      const [r, g, b] = colorAt(scale, first + ((last - first) * (i + 0.5)) / shades);
      return [r, g, b, 255] as const;
    }),
    [0, 0, 0, 0],
    [130, 136, 146, 255],
  ];
  const pixels = new Uint8Array(width * height);
  for (const [i, value] of values.entries()) {
    const shade = Math.floor(((value - first) / (last - first)) * shades);
    pixels[i] = absent[i] === 1 ? shades : Number.isNaN(value) ? shades + 1 : Math.max(0, Math.min(shades - 1, shade));
  }
  return encodePng(width, height, pixels, palette);
}

/** In parts, because a function takes only so many arguments. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** The panel as an image with the axes and the legend of its cells. Its numbers are in the specification's `usermeta`. */
export function rasterPanel(
  panel: FigurePanel,
  data: FigureData,
  scale: ColorScale,
  legend: VegaLiteSpec,
): VegaLiteSpec {
  const [rows, columns] = data.over;
  if (rows === undefined || columns === undefined) return { mark: "rect", data: { values: [] } };
  const per = cellsPerPixel(rows.levels.length, columns.levels.length);
  const grid = gridOf(panel, rows, columns, per);
  const unit = longest / Math.max(rows.levels.length, columns.levels.length);
  // A grid of few rows and very many columns would be a line.
  const side = (levels: readonly unknown[]): number =>
    Math.round(Math.max(levels.length * unit, Math.min(levels.length * 12, longest / 3)));
  const [width, height] = [side(columns.levels), side(rows.levels)];
  const url = `data:image/png;base64,${base64(gridPng(grid, scale))}`;
  const faulty = panel.points.some(({ value }) => value === null);
  return {
    width,
    height,
    layer: [
      {
        data: { values: [{ url }] },
        mark: {
          type: "image",
          width,
          height,
          align: "left",
          baseline: "top",
          aspect: false,
          smooth: false,
          aria: false,
        },
        encoding: { x: { value: 0 }, y: { value: 0 }, url: { field: "url", type: "nominal" } },
      },
      ...extremeFrames(panel, data, per, [width, height]),
      {
        // Unseen marks, which the axes and the legend are made for.
        data: { values: scale.stops.map((value) => ({ row: rows.levels[0], column: columns.levels[0], value })) },
        mark: { type: "point", opacity: 0 },
        encoding: {
          y: {
            ...place("row", rows, height, data.options.y ?? axisTitle(rows, height)),
          },
          x: { ...place("column", columns, width, data.options.x ?? axisTitle(columns, null)) },
          color: {
            field: "value",
            type: "quantitative",
            scale: vegaColorScale(scale),
            legend: panel.legend && panel.range !== null ? legend : null,
          },
        },
      },
      ...(faulty
        ? [
            {
              data: { values: [{ fault: "NaN" }] },
              mark: { type: "square", opacity: 0 },
              encoding: {
                x: { value: 0 },
                y: { value: 0 },
                fill: {
                  field: "fault",
                  type: "nominal",
                  scale: { domain: ["NaN"], range: ["#828892"] },
                  legend: { title: null, symbolType: "square", symbolSize: 160, symbolOpacity: 1, offset: 18 },
                },
              },
            },
          ]
        : []),
    ],
  };
}

/** Frames around the largest and the smallest cell, where each is one cell that is seen as such. */
function extremeFrames(
  panel: FigurePanel,
  { over: [rows, columns] }: FigureData,
  per: number,
  [width, height]: readonly [number, number],
): readonly VegaLiteSpec[] {
  if (rows === undefined || columns === undefined || panel.range === null || per > 1) return [];
  const [cellWidth, cellHeight] = [width / columns.levels.length, height / rows.levels.length];
  return [...new Set(panel.range)].flatMap((value) => {
    const [point, ...others] = panel.points.filter((one) => one.value === value);
    if (point === undefined || others.length > 0) return [];
    const at = ({ field, levels }: FigureAxis): number => levels.map(String).indexOf(String(point[field]));
    // A line of its own around the cell, so that its colour stays as it is.
    const [left, top] = [at(columns) * cellWidth - 1, at(rows) * cellHeight - 1];
    return [
      {
        data: { values: [{}] },
        mark: { type: "rect", fillOpacity: 0, filled: false, stroke: "#111111", strokeWidth: 1.2, aria: false },
        encoding: {
          x: { value: left },
          x2: { value: left + cellWidth + 2 },
          y: { value: top },
          y2: { value: top + cellHeight + 2 },
        },
      },
    ];
  });
}

/** A band axis with as many labels as there is room for. */
function place(field: string, { levels }: FigureAxis, room: number, title: unknown): VegaLiteSpec {
  const isRow = field === "row";
  const widest = levels.reduce<number>((most, level) => Math.max(most, textWidth(String(level), 11)), 0);
  const turned = !isRow && levels.some((level) => typeof level !== "number");
  const step = isRow || turned ? 20 : widest + 14;
  const every = Math.max(1, Math.ceil((levels.length * step) / room));
  const round = roundStep(every);
  return {
    field,
    type: "ordinal",
    sort: null,
    scale: { type: "band", domain: levels, padding: 0 },
    axis: {
      title,
      values: levels.filter((_, i) => i % round === 0),
      labelOverlap: false,
      ticks: true,
      domain: false,
      labelLimit: 160,
      labelAngle: turned ? -90 : 0,
    },
  };
}

/** The next of 1, 2, 5, 10, 20, 50 …, so that labels are round numbers. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least - 1e-9) ?? least;
}

/** The numbers of all panels for whoever downloads the data: rows of a grid, in four digits, with the names of both axes. */
export function rasterNumbers(data: FigureData): VegaLiteSpec {
  const [rows, columns] = data.over;
  if (rows === undefined || columns === undefined) return {};
  const grids = data.panels.map((panel) => {
    const { width, height, values } = gridOf(panel, rows, columns, 1);
    const short = (value: number): number | null => (Number.isFinite(value) ? Number(value.toPrecision(4)) : null);
    return {
      panel: panel.title,
      values: Array.from({ length: height }, (_, row) => [...values.subarray(row * width, (row + 1) * width)].map(short)), // prettier-ignore
    };
  });
  return { rows: rows.name, columns: columns.name, rowLevels: rows.levels, columnLevels: columns.levels, grids };
}
