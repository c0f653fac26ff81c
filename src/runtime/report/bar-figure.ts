/** Vega-Lite marks of bars. */
import type { VegaLiteSpec } from "./vega-lite.js";
import type { Coordinate } from "../../compiler/ir/protocol.js";
import { axisTitle, type FigureAxis, type FigureData, type FigurePanel, type FigurePoint } from "./figure-data.js";
import { discrete, looksOf, palette, plainAxis, seriesChannel, tooltipOf } from "./figure-marks.js";
import {
  channelsOf,
  errorBars,
  hasIntervals,
  levelRules,
  valueChannel,
  zeroRule,
  type Direction,
} from "./figure-overlays.js";
import { shortNumbers } from "./format.js";
import { hasLogValues, logDomainOf, onLogAxis } from "./log-axis.js";
import { roundDomain } from "./number-axis.js";
import { textWidth } from "./text-width.js";

/** Room for the bars of a figure that stand upright, in pixels; more bars are thinner, or lie. */
const room = 680;
/** Labels of upright bars that are wider than this stand beside lying ones. */
const mostWidth = 130;
/** Length of the axis of values. */
const wholeReach = 300;
const smallReach = 170;
/** Lying bars beyond these have their numbers above the first, where a reader begins. */
const fewLying = 40;
/** Series of bars side by side; more are panels of their own. */
const mostTogether = 7;
/** Bars that show their numbers by themselves. */
const fewBars = 12;

/** How the bars of a figure lie: upright, or to the right where labels would not fit below them. */
export interface BarLayout {
  readonly direction: Direction;
  /** Along the axis of places, for one bar. */
  readonly step: number;
}

/** Upright where every label has room below its bars, lying otherwise: then each label has a line of its own. */
export function barLayout(levels: readonly Coordinate[], series: number): BarLayout {
  const own = Math.max(1, series);
  const bars = Math.max(1, levels.length) * own;
  const step = Math.max(own > 1 ? 8 : 12, Math.min(own > 1 ? 26 : 40, Math.floor(room / bars)));
  const widest = levels.reduce<number>((most, level) => Math.max(most, textWidth(String(level), 11)), 0);
  const needed = Math.max(step, Math.ceil((widest + 8) / own));
  if (needed * bars <= room + 40 && widest <= mostWidth) return { direction: "up", step: needed };
  return { direction: "right", step: own > 1 ? Math.max(8, Math.ceil(16 / own)) : levels.length > 60 ? 15 : 20 };
}

/** Bars in the order of the axis, or sorted by their values; several series stand side by side. */
export function barLayers(panel: FigurePanel, data: FigureData): VegaLiteSpec {
  const [found] = data.over;
  if (found === undefined) return { mark: "bar", data: { values: [] } };
  const axis = sortedAxis(found, panel, data);
  const several = data.series.length > 1;
  const layout = withNumbers(barLayout(axis.levels, data.series.length), panel, data);
  const { direction, step } = layout;
  const { value, place } = channelsOf(direction);
  const colored = { color: several ? seriesChannel(data, looksOf(data)) : { value: palette[0] } };
  const offset = several ? { [`${place}Offset`]: { field: "series", type: "nominal", sort: data.series } } : {};
  const extent = { step: step * Math.max(1, data.series.length), ...(several ? { for: "position" } : {}) };
  const reach = data.panels.length > 1 ? smallReach : wholeReach;
  const title = data.options[place] ?? axisTitle(axis, null);
  // A bar on a logarithmic axis has no 0 to begin at; it begins at the lower end.
  const floor = hasLogValues(data) ? logDomainOf(data)[0] : null;
  const base = floor === null ? {} : { [`${value}2`]: { datum: floor } };
  const own = floor === null ? panel : { ...panel, points: panel.points.map((point) => onLogAxis(point, floor)) };
  const points = labelled(own, data);
  const tooltip = tooltipOf(data, own);
  return {
    data: { values: points },
    ...(direction === "up" ? { width: extent, height: reach } : { width: reach + 160, height: extent }),
    encoding: {
      [place]: {
        ...discrete(axis, null, { paddingInner: 0.2, paddingOuter: 0.15 }),
        title,
        axis: { ...plainAxis(axis, null), title, labelAngle: 0, labelOverlap: false },
      },
      ...offset,
    },
    layer: [
      {
        transform: [{ filter: "isValid(datum.value)" }],
        mark: { type: "bar" },
        encoding: { [value]: valueAxis(panel, data, direction, layout.beyond), ...base, ...colored, tooltip },
      },
      ...zeroRule(panel, data, direction),
      ...errorBars(own, data, step, tooltip, direction),
      ...barNumbers(points, own, data, layout),
      ...faultCrosses(own, tooltip, colored, direction === "up" ? { y: { value: reach - 8 } } : { x: { value: 8 } }),
      ...levelRules(data, direction),
    ],
  };
}

/** The axis of the values, with room for numbers at the ends of bars. */
function valueAxis(panel: FigurePanel, data: FigureData, direction: Direction, beyond: number): VegaLiteSpec {
  const channel = valueChannel(panel, data, true, direction);
  if (hasLogValues(data) || panel.range === null) return channel;
  const all = panel.points.flatMap(({ value, low, high }) => [value, low ?? null, high ?? null]);
  const levels = data.levels.map(({ value }) => value);
  const numbers = [...all, ...levels, ...panel.range, 0].flatMap((one) => (one === null || !Number.isFinite(one) ? [] : [one])); // prettier-ignore
  const least = numbers.reduce((a, b) => Math.min(a, b), 0);
  const most = numbers.reduce((a, b) => Math.max(a, b), 0);
  const room = showsNumbers(panel, data)
    ? (most - least) * (direction === "up" ? beyond / (data.panels.length > 1 ? smallReach : wholeReach) : 0.12)
    : 0;
  const domain = roundDomain(least < 0 ? least - room : 0, most > 0 ? most + room : 0, 12);
  const isLong = direction === "right" && points(panel, data) > fewLying;
  const axis = { ...(channel["axis"] as VegaLiteSpec), ...(isLong ? { orient: "top" } : {}) };
  return { ...channel, axis, scale: { domain, nice: false, zero: true } };
}

function points({ points: own }: FigurePanel, { series }: FigureData): number {
  return own.length / Math.max(1, series.length);
}

function showsNumbers({ points }: FigurePanel, data: FigureData): boolean {
  const { options, series, panels } = data;
  return options.values || (points.length <= fewBars && series.length <= 1 && !panels.some(hasIntervals));
}

/** A layout with room for the numbers at the ends of bars. */
interface NumberLayout extends BarLayout {
  /** Whether numbers stand upright, because they are wider than the bars can be. */
  readonly turned: boolean;
  /** Pixels that numbers need beyond the longest upright bar. */
  readonly beyond: number;
}

const numberSize = 10;
/** Bars of one place fill this part of it; the rest is the gap to the next. */
const filled = 0.8;

/**
 * Bars as wide as their numbers, so that none covers its neighbour. Where those would not fit a page, numbers are turned, and
 * where those would not either, bars lie.
 */
function withNumbers(layout: BarLayout, panel: FigurePanel, data: FigureData): NumberLayout {
  const { direction, step } = layout;
  const plain = { ...layout, turned: false, beyond: 18 };
  if (!showsNumbers(panel, data)) return plain;
  const several = data.series.length > 1;
  const bars = (data.over[0]?.levels.length ?? 1) * Math.max(1, data.series.length);
  const widest = shortNumbers(panel.points.flatMap(({ value }) => (value === null ? [] : [value]))).reduce(
    (most, text) => Math.max(most, textWidth(text, numberSize)),
    0,
  );
  // Between bars of different places there is a gap, between those of one place there is none.
  const stepFor = (bar: number): number => Math.max(step, Math.ceil(several ? bar / filled : bar));
  const [beside, turned] = [stepFor(Math.ceil(widest) + 3), stepFor(numberSize + 3)];
  if (direction === "up" && (beside === step || beside * bars <= room)) return { ...plain, step: beside };
  if (direction === "up" && turned * bars <= room) return { ...plain, step: turned, turned: true, beyond: widest + 8 };
  return { ...plain, direction: "right", step: direction === "right" ? turned : Math.max(turned, 15) };
}

/** Whether a figure of bars is divided into panels, a series each. */
export function hasBarPanels(data: FigureData): boolean {
  return data.series.length > mostTogether;
}

/** The levels by the mean of their values over all series, where that was asked for. */
function sortedAxis(axis: FigureAxis, panel: FigurePanel, { options }: FigureData): FigureAxis {
  if (options.sorted === null) return axis;
  const sign = options.sorted === "descending" ? -1 : 1;
  const means = new Map(
    axis.levels.map((level) => {
      const own = panel.points.flatMap((point) =>
        String(point[axis.field]) === String(level) && point.value !== null ? [point.value] : [],
      );
      return [level, own.reduce((sum, one) => sum + one, 0) / own.length];
    }),
  );
  const key = (level: Coordinate): number => {
    const mean = means.get(level) ?? NaN;
    // What has no value stands last.
    return Number.isFinite(mean) ? sign * mean : Infinity;
  };
  return { ...axis, levels: [...axis.levels].sort((a, b) => key(a) - key(b) || 0) };
}

type Bar = FigurePoint & { readonly shown?: string; readonly end?: number };

/** Bars with the number at their end, where they show it. */
function labelled(panel: FigurePanel, data: FigureData): readonly Bar[] {
  const { points } = panel;
  if (!showsNumbers(panel, data)) return points;
  const numbers = points.map(({ value }) => value).filter((value) => value !== null);
  const texts = shortNumbers(numbers);
  let next = 0;
  return points.map((point): Bar => {
    if (point.value === null) return point;
    const [low, high] = [point.low ?? point.value, point.high ?? point.value];
    return { ...point, shown: texts[next++] ?? "", end: point.value < 0 ? Math.min(low, point.value) : Math.max(high, point.value) }; // prettier-ignore
  });
}

function barNumbers(
  points: readonly Bar[],
  panel: FigurePanel,
  data: FigureData,
  { direction, turned, beyond }: NumberLayout,
): readonly VegaLiteSpec[] {
  if (points.every(({ shown }) => shown === undefined)) return [];
  const { value } = channelsOf(direction);
  const channel = { ...valueAxis(panel, data, direction, beyond), field: "end" };
  return [false, true].flatMap((negative) => {
    const own = points.filter((point) => point.shown !== undefined && (point.value ?? 0) < 0 === negative);
    if (own.length === 0) return [];
    const look = turned
      ? { angle: -90, align: negative ? "right" : "left", baseline: "middle", dx: negative ? -4 : 4 }
      : direction === "up"
        ? { align: "center", baseline: negative ? "top" : "bottom", dy: negative ? 4 : -3 }
        : { align: negative ? "right" : "left", baseline: "middle", dx: negative ? -4 : 4 };
    return [
      {
        transform: [{ filter: `isValid(datum.end) && datum.value ${negative ? "<" : ">="} 0` }],
        mark: { type: "text", fontSize: numberSize, color: "#1f2430", ...look },
        encoding: { [value]: channel, text: { field: "shown", type: "nominal" } },
      },
    ];
  });
}

/** NaN has no length, so it is marked where bars begin. */
function faultCrosses(
  panel: FigurePanel,
  tooltip: readonly VegaLiteSpec[],
  colored: VegaLiteSpec,
  place: VegaLiteSpec,
): readonly VegaLiteSpec[] {
  if (panel.points.every((point) => point.value !== null)) return [];
  return [
    {
      transform: [{ filter: "!isValid(datum.value)" }],
      mark: { type: "point", shape: "M-1,-1L1,1M-1,1L1,-1", size: 50, strokeWidth: 2, filled: false, opacity: 1 },
      encoding: { ...place, ...colored, tooltip },
    },
  ];
}
