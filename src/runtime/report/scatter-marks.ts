/** Vega-Lite marks of scatter plots: points or counts, lines of least squares, names of what stands out. */
import type { PlotOptions } from "../../compiler/ir/protocol.js";
import type { Coordinate } from "../../compiler/ir/protocol.js";
import { pearson } from "../../compiler/statistics/correlation.js";
import { countOf } from "../../compiler/results/describe.js";
import { linearTrend } from "../../compiler/statistics/regression.js";
import { sequentialColors } from "./color-scale.js";
import { shortNumber } from "./drawing.js";
import { safeTitle } from "./figure-data.js";
import { palette, seriesLooks, type VegaLiteSpec } from "./figure-marks.js";
import { placeLabels } from "./label-places.js";
import { logTicks } from "./log-axis.js";
import { roundDomain } from "./number-axis.js";
import { mostSeries } from "./series-looks.js";

/** One place of both values. */
export interface ScatterPoint {
  readonly x: number;
  readonly y: number;
  readonly series: string;
  /** Its coordinates in words. */
  readonly name: string;
  readonly [axis: string]: Coordinate;
}

/** Several points belong to each of so many units, such as 24 heads to each of four prompts. */
export interface Dependence {
  readonly unit: string;
  readonly count: number;
}

/** What holds for all points of a figure. */
export interface ScatterLooks {
  readonly options: PlotOptions;
  readonly quantities: { readonly x: string; readonly y: string };
  readonly axes: readonly { readonly name: string; readonly field: string }[];
  /** In order; one "" without `by`. */
  readonly series: readonly string[];
  readonly seriesTitle: string;
  /** What the points of a series, or of all (null), have in common; null where each stands for itself. */
  readonly dependence: (series: string | null) => Dependence | null;
}

const width = 420;
const height = 340;
/** With more points than these the figure counts them in cells: marks would cover each other. */
const mostPoints = 1500;
/** Cells of the counts, along either direction. */
const binSize = 10;
/** Names of points: all up to the first number on request, otherwise the outliers. */
const mostNames = 60;
const mostOutliers = 6;
/** An outlier lies this many standard deviations of the residuals away from the line. */
const outlierAt = 2.5;
const nameSize = 10;
/** Lines of least squares, one for each series, while they can be told apart. */
const mostLines = 7;

interface Scale {
  readonly domain: readonly [number, number];
  readonly isLog: boolean;
  /** From 0 at the lower end to 1. */
  readonly at: (value: number) => number;
}

/** The marks, and what the subtitle says of them. */
export function scatterMarks(
  points: readonly ScatterPoint[],
  looks: ScatterLooks,
): { readonly parts: VegaLiteSpec; readonly notes: readonly string[] } {
  const { options, series } = looks;
  const both = options.identity ? points.flatMap(({ x, y }) => [x, y]) : null;
  const x = scaleOf(both ?? points.map((point) => point.x), options.log.includes("x"));
  const y = scaleOf(both ?? points.map((point) => point.y), options.log.includes("y"));
  const lines = linesOf(points, looks, x, y);
  const binned = points.length > mostPoints;
  const bins = binned ? binsOf(points, x, y) : null;
  const names = namesOf(points, lines, options.values, bins, x, y);
  const crowded = series.length > mostSeries;
  const dependent = lines.find(({ dependence }) => dependence !== null);
  const notes = [
    ...lines.slice(0, 4).map((line) => line.note),
    lines.length > 4 ? `and ${countOf(lines.length - 4, "more line")}` : null,
    dependent === undefined ? null : `no p: points of one ${dependent.dependence?.unit ?? "text"} depend on each other`,
    binned ? "colour: how many points lie in a cell" : null,
    crowded ? `${series.length} groups, too many for colours of their own: the tooltips name them` : null,
    names.left > 0 ? `${names.left} of ${names.left + names.labels.length} names have no room` : null,
  ].filter((note) => note !== null);
  return {
    notes,
    parts: {
      data: { values: bins ?? points },
      width,
      height,
      layer: [
        ...(options.identity ? [identity(x, y)] : []),
        bins !== null ? counts(bins) : single(points, looks, crowded),
        ...lines.map((line) => line.mark),
        ...(names.labels.length === 0 ? [] : [nameMarks(names.labels)]),
      ],
      encoding: {
        x: channel("x", x, looks.quantities.x, 7),
        y: channel("y", y, looks.quantities.y, 6),
      },
    },
  };
}

function scaleOf(values: readonly number[], isLog: boolean): Scale {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!isLog) {
    // Points on the frame would be cut in half.
    const room = (most - least) * 0.03;
    const [low, high] = roundDomain(least - room, most + room, 10);
    const domain = [least >= 0 ? Math.max(0, low) : low, high] as const;
    return { domain, isLog, at: (value) => (value - domain[0]) / (domain[1] - domain[0]) };
  }
  const factor = least === most ? 2 : (most / least) ** 0.04;
  const domain = [least / factor, most * factor] as const;
  return { domain, isLog, at: (value) => Math.log(value / domain[0]) / Math.log(domain[1] / domain[0]) };
}

function channel(field: "x" | "y", { domain, isLog }: Scale, title: string, tickCount: number): VegaLiteSpec {
  return {
    field,
    type: "quantitative",
    scale: { ...(isLog ? { type: "log" } : { zero: false }), domain, nice: false },
    axis: { title, ...(isLog ? logTicks(domain) : { format: ".6~g", tickCount }) },
  };
}

interface FittedLine {
  readonly series: string;
  readonly note: string;
  readonly dependence: Dependence | null;
  readonly mark: VegaLiteSpec;
  /** How far a point lies from the line, in standard deviations of the residuals. */
  readonly away: (point: ScatterPoint) => number;
}

/** Least squares through each series; on logarithmic axes through the logarithms. None where statistics give none. */
function linesOf(points: readonly ScatterPoint[], looks: ScatterLooks, x: Scale, y: Scale): readonly FittedLine[] {
  const { series } = looks;
  const groups = series.length > mostLines ? [null] : series;
  const [fx, fy] = [x, y].map(({ isLog }) => (isLog ? Math.log : (value: number) => value));
  const [bx, by] = [x, y].map(({ isLog }) => (isLog ? Math.exp : (value: number) => value));
  if (fx === undefined || fy === undefined || bx === undefined || by === undefined) return [];
  return groups.flatMap((group, i): readonly FittedLine[] => {
    const own = group === null ? points : points.filter((point) => point.series === group);
    const [xs, ys] = [own.map((point) => fx(point.x)), own.map((point) => fy(point.y))];
    const line = linearTrend(xs, ys);
    const test = pearson(xs, ys, "two-sided");
    if (line.kind !== "line" || test.kind !== "tested") return [];
    const [from, to] = [Math.min(...ends(xs)), Math.max(...ends(xs))];
    const values = [from, to].map((at) => ({ x: bx(at), y: by(line.intercept + line.slope * at) }));
    // A line that leaves the frame is cut there.
    const axis = Number.isFinite(Number(group)) ? `${looks.seriesTitle.replaceAll("_", " ")} ` : "";
    const name = group === null || group === "" ? "" : `${axis}${group}: `;
    const dependence = looks.dependence(group);
    const logs = x.isLog || y.isLog ? ", of logarithms" : "";
    const color = groups.length > 1 ? (seriesLooks(series.length, false).colors[i] ?? "#1f2430") : "#D55E00";
    return [
      {
        series: group ?? "",
        note: `line: ${name}r = ${test.estimate.toFixed(2)}, ${sizeText(own.length, dependence, test.pValue)}${logs}`,
        dependence,
        mark: {
          data: { values: cut(values, y) },
          mark: { type: "line", strokeWidth: 1.8, color, clip: true },
          encoding: {},
        },
        away: (point) => Math.abs(fy(point.y) - line.intercept - line.slope * fx(point.x)) / line.deviation,
      },
    ];
  });
}

/** Both ends of a list of numbers, which may be longer than a call has arguments. */
function ends(values: readonly number[]): readonly [number, number] {
  return [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];
}

function cut(
  values: readonly { readonly x: number; readonly y: number }[],
  { domain, isLog }: Scale,
): readonly object[] {
  const [low, high] = domain;
  return values.filter(({ y }) => Number.isFinite(y) && (!isLog || y > 0)).map(({ x, y }) => ({ x, y: Math.max(low - (high - low), Math.min(high + (high - low), y)) })); // prettier-ignore
}

/** The p of a correlation and its n; where several points are of one text they are no sample, and there is no p. */
function sizeText(n: number, dependence: Dependence | null, p: number): string {
  return dependence === null ? `${pText(p)}, n = ${n}` : `n = ${n} of ${countOf(dependence.count, dependence.unit)}`;
}

function pText(p: number): string {
  return p < 1e-4 ? `p < 0.0001` : `p = ${shortNumber(Number(p.toPrecision(2)))}`;
}

function identity(x: Scale, y: Scale): VegaLiteSpec {
  const from = Math.max(x.domain[0], y.domain[0]);
  const to = Math.min(x.domain[1], y.domain[1]);
  return {
    data: { values: [from, to].map((at) => ({ x: at, y: at })) },
    mark: { type: "line", color: "#5b6472", strokeWidth: 1.2, strokeDash: [5, 4] },
    encoding: {},
  };
}

function single(points: readonly ScatterPoint[], looks: ScatterLooks, crowded: boolean): VegaLiteSpec {
  const { series, axes, quantities } = looks;
  const several = series.length > 1 && !crowded;
  const own = seriesLooks(series.length, false);
  const title = looks.seriesTitle === "" ? null : safeTitle(looks.seriesTitle);
  const nominal = {
    field: "series",
    type: "nominal",
    sort: series,
    legend: { title, symbolLimit: 60, labelLimit: 260 },
  };
  const opacity = points.length > 500 ? 0.4 : points.length > 200 ? 0.55 : 0.8;
  return {
    mark: { type: "point", filled: true, size: points.length > 500 ? 18 : 45, opacity },
    encoding: {
      color: several ? { ...nominal, scale: { domain: series, range: own.colors } } : { value: palette[0] },
      ...(several ? { shape: { ...nominal, scale: { domain: series, range: own.shapes } } } : {}),
      tooltip: [
        ...(series.length > 1 ? [{ field: "series", type: "nominal", title: safeTitle(looks.seriesTitle) }] : []),
        ...axes.map(({ name, field }) => ({ field, type: "nominal", title: safeTitle(name) })),
        { field: "x", type: "quantitative", title: quantities.x, format: ".6~g" },
        { field: "y", type: "quantitative", title: quantities.y, format: ".6~g" },
      ],
    },
  };
}

/** A cell of the picture with the number of points in it. */
interface Bin {
  readonly x: number;
  readonly x2: number;
  readonly y: number;
  readonly y2: number;
  readonly count: number;
}

/** How many points lie in each cell of a grid: every point counts, and none is left out. */
function binsOf(points: readonly ScatterPoint[], x: Scale, y: Scale): readonly Bin[] {
  const [columns, rows] = [width / binSize, height / binSize];
  const cells = new Map<number, number>();
  for (const point of points) {
    const column = Math.min(columns - 1, Math.floor(x.at(point.x) * columns));
    const row = Math.min(rows - 1, Math.floor(y.at(point.y) * rows));
    cells.set(row * columns + column, (cells.get(row * columns + column) ?? 0) + 1);
  }
  const edge = ({ domain: [low, high], isLog }: Scale, part: number): number =>
    Number((isLog ? low * (high / low) ** part : low + (high - low) * part).toPrecision(8));
  return [...cells].map(([at, count]) => {
    const [column, row] = [at % columns, Math.floor(at / columns)];
    return {
      x: edge(x, column / columns),
      x2: edge(x, (column + 1) / columns),
      y: edge(y, row / rows),
      y2: edge(y, (row + 1) / rows),
      count,
    };
  });
}

/** Cells by their counts, from light to dark: few points are faint, and none is white. */
function counts(bins: readonly Bin[]): VegaLiteSpec {
  const most = bins.reduce((max, { count }) => Math.max(max, count), 2);
  const colors = [...sequentialColors].reverse();
  return {
    mark: { type: "rect" },
    encoding: {
      x2: { field: "x2" },
      y2: { field: "y2" },
      color: {
        field: "count",
        type: "quantitative",
        scale: { type: "log", domain: [1, most], range: [colors[1], colors[5], colors[9]], interpolate: "lab", clamp: true }, // prettier-ignore
        legend: { title: "points", format: "~d", gradientThickness: 14, tickCount: 4 },
      },
      tooltip: [{ field: "count", type: "quantitative", title: "points" }],
    },
  };
}

interface Names {
  readonly labels: readonly { readonly x: number; readonly y: number; readonly text: string }[];
  /** Names that were asked for and have no room. */
  readonly left: number;
}

/** The names of outliers, the farthest first; of all points where that was asked for. */
function namesOf(
  points: readonly ScatterPoint[],
  lines: readonly FittedLine[],
  all: boolean,
  bins: readonly Bin[] | null,
  x: Scale,
  y: Scale,
): Names {
  const away = (point: ScatterPoint): number =>
    (lines.length === 1 ? lines[0] : lines.find(({ series }) => series === point.series))?.away(point) ?? 0;
  const far = points
    .map((point) => ({ point, distance: away(point) }))
    .filter(({ point, distance }) => point.name !== "" && (all || distance > outlierAt))
    .sort((a, b) => b.distance - a.distance);
  const wanted = far.slice(0, all ? mostNames : mostOutliers).map(({ point }) => point);
  const pixel = (point: ScatterPoint): { readonly x: number; readonly y: number } => ({
    x: x.at(point.x) * width,
    y: (1 - y.at(point.y)) * height,
  });
  const named = new Set(wanted);
  const others =
    bins === null
      ? points.filter((point) => !named.has(point)).map(pixel)
      : bins.map((bin) => ({ x: x.at(bin.x) * width + binSize / 2, y: (1 - y.at(bin.y)) * height - binSize / 2 }));
  const labels = placeLabels(
    wanted.map((point) => ({ ...pixel(point), text: point.name })),
    { width, height, fontSize: nameSize },
    others,
  );
  return { labels, left: all ? far.length - labels.length : 0 };
}

/** Names at places in pixels. */
export function nameMarks(labels: Names["labels"], fontSize = nameSize): VegaLiteSpec {
  return {
    data: { values: labels },
    mark: { type: "text", align: "left", baseline: "middle", fontSize, color: "#1f2430" },
    encoding: {
      x: { field: "x", type: "quantitative", scale: null, axis: null },
      y: { field: "y", type: "quantitative", scale: null, axis: null },
      text: { field: "text", type: "nominal" },
    },
  };
}
