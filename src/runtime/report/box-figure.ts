/** Boxes and whiskers. */
import type { ResultSet } from "../../compiler/ir/results.js";
import { countOf } from "../../compiler/results/describe.js";
import type { OnNote } from "../../compiler/results/evaluate.js";
import { boxSummary, evenly } from "./distribution.js";
import { describeSamples, distributionsOf, type Distributions, type Sample } from "./distribution-data.js";
import { describe } from "./distribution-figure.js";
import type { Drawing, PlotOutput } from "./drawing.js";
import { axisTitle, safeTitle } from "./figure-data.js";
import { emptyMarks, palette, seriesLooks, type VegaLiteSpec } from "./figure-marks.js";
import { channelsOf, type Direction } from "./figure-overlays.js";
import { logDomain, logTicks } from "./log-axis.js";
import { roundDomain } from "./number-axis.js";
import { textWidth } from "./text-width.js";

/** Samples of at most this many values show every value; larger ones only those beyond the whiskers. */
const fewValues = 30;
/** Values that are all shown as points, over all samples. */
const mostShown = 1000;
/** Values beyond the whiskers that one box shows at most. */
const mostOutliers = 200;

/**
 * A box from the first to the third quartile with the median across it, whiskers to the last values within 1.5
 * interquartile ranges (Tukey). The first axis of `by` (without one: the values) is the horizontal axis, the rest are
 * colours side by side. Small samples show all their values as points.
 */
export function drawBoxes(output: PlotOutput, results: ResultSet, onNote: OnNote): Drawing {
  const data = distributionsOf(output, results, onNote);
  const drawn = data.samples.filter((sample) => sample.numbers.length > 0);
  const apart = drawn.map(placeOf);
  // More colours than there are would mean several things at once: then each box has a line of its own.
  const isFolded = new Set(apart.map(({ series }) => series)).size > palette.length;
  const places = isFolded
    ? apart.map(({ column, series }) => ({ column: `${column} · ${series}`, series: "" }))
    : apart;
  const columns = sortedColumns(drawn, places, output.options.sorted);
  const series = [...new Set(places.map((place) => place.series))];
  const several = series.length > 1;
  const [axis] = data.by;
  const values = drawn.flatMap((sample, i) => {
    const summary = boxSummary(sample.numbers);
    if (summary === null) return [];
    const { outliers: _outliers, ...numbers } = summary;
    return [{ ...places[i], ...numbers }];
  });
  const isMany = data.count > mostShown;
  const points = drawn.flatMap((sample, i) => pointsOf(sample, isMany).map((value) => ({ ...places[i], value })));
  const boxes = Math.max(1, columns.length * series.length);
  const wide = Math.max(several ? 14 : 26, Math.min(64, Math.floor(680 / boxes)));
  const widest = columns.reduce((most, column) => Math.max(most, textWidth(column, 11)), 0);
  const needed = Math.max(wide, Math.ceil((widest + 8) / series.length));
  const isUpright = needed * boxes <= 720 && widest <= 130;
  const step = isUpright ? needed : several ? 12 : 18;
  const direction = isUpright ? "up" : "right";
  const { place, value } = channelsOf(direction);
  const across = {
    field: "column",
    type: "ordinal",
    sort: columns.length > 400 ? null : columns,
    title:
      output.options[place] ??
      (axis === undefined ? null : isFolded ? safeTitle(data.by.map(({ name }) => name.replaceAll("_", " ")).join(" · ")) : axisTitle(axis, null)), // prettier-ignore
    scale: { paddingInner: 0.25, paddingOuter: 0.2, ...(columns.length > 400 ? { domain: columns } : {}) },
    axis: { ticks: false, labelPadding: 6, labelLimit: 200, labelAngle: 0, labelOverlap: false },
  };
  const offset = several ? { [`${place}Offset`]: { field: "series", type: "nominal", sort: series } } : {};
  const color = several
    ? {
        field: "series",
        type: "nominal",
        sort: series,
        scale: { domain: series, range: seriesLooks(series.length, false).colors },
        legend: { title: safeTitle(restOf(data)) || null, symbolLimit: 60, symbolType: "square", labelLimit: 260 },
      }
    : { value: palette[0] };
  const quantity = output.options[value] ?? data.quantity;
  const shown = [...values.flatMap(({ lower, upper }) => [lower, upper]), ...points.map((point) => point.value)];
  const wantsLog = output.options.log.includes("y");
  const scale = boxDomain(shown, wantsLog);
  const off = wantsLog ? drawn.flatMap(({ numbers }) => numbers).filter((number) => number <= 0).length : 0;
  const notes = [
    noteOf(data, drawn, isMany),
    // Quartiles are those of all values, so none is left out for the sake of the axis.
    off === 0 ? null : `linear axis: ${countOf(off, "value")} not above 0`,
  ].filter((part) => part !== null);
  const extent = { step: step * series.length, ...(several ? { for: "position" } : {}) };
  return {
    subtitle: notes.length === 0 ? null : notes.join(" · "),
    description: describe("Box plot", output, data),
    parts:
      drawn.length === 0
        ? emptyMarks()
        : {
            data: { values },
            ...(isUpright ? { width: extent, height: 300 } : { width: 460, height: extent }),
            encoding: { [place]: across, ...offset, color },
            layer: [
              ...boxMarks(quantity, scale, direction),
              ...(points.length === 0 ? [] : [pointMarks(points, quantity, value)]),
            ],
          },
  };
}

/** Axes that colours stand for. */
function restOf({ by }: Distributions): string {
  return by
    .slice(1)
    .map(({ name }) => name)
    .join(", ");
}

/** Columns in the order of their axis, or by their medians. */
function sortedColumns(
  drawn: readonly Sample[],
  places: readonly BoxPlace[],
  sorted: PlotOutput["options"]["sorted"],
): readonly string[] {
  const columns = [...new Set(places.map((place) => place.column))];
  if (sorted === null) return columns;
  const median = (column: string): number => {
    const own = drawn.filter((_, i) => places[i]?.column === column).flatMap((sample) => sample.numbers);
    return boxSummary(own)?.median ?? NaN;
  };
  const medians = new Map(columns.map((column) => [column, median(column)]));
  const sign = sorted === "descending" ? -1 : 1;
  return columns.sort((a, b) => sign * ((medians.get(a) ?? 0) - (medians.get(b) ?? 0)));
}

/** What the axis of values shows: all whiskers and points; values above 0 do not make it begin below. */
function boxDomain(values: readonly number[], isLog: boolean): VegaLiteSpec {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!(least <= most)) return { domain: [0, 1] };
  if (isLog && least > 0) return { type: "log", domain: logDomain(values), nice: false };
  const room = (most - least) * 0.03;
  const [low, high] = roundDomain(least - room, most + room);
  return { domain: [least >= 0 ? Math.max(0, low) : low, high], nice: false, zero: false };
}

interface BoxPlace {
  readonly column: string;
  readonly series: string;
}

function placeOf({ value, levels }: Sample): BoxPlace {
  const [first, ...rest] = [...levels.map(String), ...(value === "" ? [] : [value])];
  return { column: first ?? "all", series: rest.join(" · ") };
}

function pointsOf(sample: Sample, isMany: boolean): readonly number[] {
  if (sample.numbers.length <= fewValues && !isMany) return sample.numbers;
  return evenly(boxSummary(sample.numbers)?.outliers ?? [], mostOutliers);
}

/** Lying boxes may be many: their numbers stand above the first. */
function topOf(direction: Direction): VegaLiteSpec {
  return direction === "right" ? { orient: "top" } : {};
}

function boxMarks(quantity: string, scale: VegaLiteSpec, direction: Direction): readonly VegaLiteSpec[] {
  const { value } = channelsOf(direction);
  const isLog = scale["type"] === "log";
  const channel = {
    type: "quantitative",
    scale,
    axis: {
      title: quantity,
      ...(isLog ? logTicks(scale["domain"] as readonly [number, number]) : { format: ".6~g", tickCount: 6 }),
      ...topOf(direction),
    },
  };
  const at = (field: string, end: string | null): VegaLiteSpec => ({
    [value]: { ...channel, field, ...(field === "first" ? { stack: null } : {}) },
    ...(end === null ? {} : { [`${value}2`]: { field: end } }),
  });
  const tooltip = ["column", "series", "count", "lower", "first", "median", "third", "upper"].map((field) => ({
    field,
    type: field === "column" || field === "series" ? "nominal" : "quantitative",
    title: titles[field] ?? field,
    ...(field === "column" || field === "series" ? {} : { format: ".6~g" }),
  }));
  const size = direction === "up" ? { width: { band: 0.8 } } : { height: { band: 0.8 } };
  return [
    { mark: { type: "rule", strokeWidth: 1.5 }, encoding: at("lower", "first") },
    { mark: { type: "rule", strokeWidth: 1.5 }, encoding: at("third", "upper") },
    {
      mark: { type: "bar", ...size, fillOpacity: 0.3, strokeWidth: 1.5, stroke: "#1f2430" },
      encoding: { ...at("first", "third"), tooltip },
    },
    {
      mark: { type: "tick", thickness: 2.5, ...size, color: "#1f2430", opacity: 1 },
      encoding: { ...at("median", null), color: { value: "#1f2430" }, tooltip },
    },
  ];
}

const titles: Readonly<Record<string, string>> = {
  column: "group",
  count: "values",
  lower: "lower whisker",
  first: "first quartile",
  third: "third quartile",
  upper: "upper whisker",
};

function pointMarks(points: readonly object[], quantity: string, channel: "x" | "y"): VegaLiteSpec {
  return {
    data: { values: points },
    mark: { type: "point", filled: true, size: 18, opacity: 0.65, stroke: "white", strokeWidth: 0.5 },
    encoding: {
      [channel]: { field: "value", type: "quantitative" },
      tooltip: [{ field: "value", type: "quantitative", title: quantity, format: ".6~g" }],
    },
  };
}

function noteOf(data: Distributions, drawn: readonly Sample[], isMany: boolean): string | null {
  const large = isMany || drawn.some((sample) => sample.numbers.length > fewValues);
  const whiskers = "whiskers: up to 1.5 interquartile ranges";
  const marks = drawn.length === 0 ? null : large ? whiskers : `${whiskers}; points: every value`;
  const parts = [describeSamples(data), marks].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(" · ");
}
