/** Vega-Lite marks of lines. */
import type { VegaLiteSpec } from "./vega-lite.js";
import { coordinateNumber } from "../../compiler/ir/coordinate-number.js";
import { axisTitle, safeTitle, type FigureAxis, type FigureData, type FigurePanel } from "./figure-data.js";
import {
  discrete,
  isOrdered,
  levelLabels,
  looksOf,
  palette,
  plainAxis,
  seriesChannel,
  tooltipOf,
} from "./figure-marks.js";
import { hasIntervals, intervalBand, levelRules, valueChannel, zeroRule } from "./figure-overlays.js";
import { hasLogValues, logDomainOf, onLogAxis } from "./log-axis.js";
import { labelledLevels, numberLabel, numbersOf } from "./number-axis.js";
import { mostSeries } from "./series-looks.js";
import { textWidth } from "./text-width.js";

const height = 300;
/** Room between the ends of an axis of numbers and its first and last level. */
const padding = 14;
/** Lines at either end that stand out where there are too many for a legend. */
const highlighted = 3;
const grey = "#b8bec8";

/** A line with points for every series: its colour, dash and shape are its own. */
export function lineLayers(panel: FigurePanel, data: FigureData): VegaLiteSpec {
  const [axis] = data.over;
  if (axis === undefined) return { mark: "line", data: { values: [] } };
  const width = Math.min(720, Math.max(420, axis.levels.length * 28));
  const numbers = axis.tokens ? null : numbersOf(axis.levels);
  const floor = hasLogValues(data) ? logDomainOf(data)[0] : null;
  const points = panel.points
    .map((point) => (floor === null ? point : onLogAxis(point, floor)))
    .map((point) => (numbers === null ? point : { ...point, place: coordinateNumber(point[axis.field] ?? 0) }));
  const x = numbers === null ? namedPlaces(axis, data, width) : numberPlaces(axis, numbers, data, width);
  const tooltip = tooltipOf(data, { ...panel, points });
  const y = valueChannel({ ...panel, points }, data, false);
  const chosen = isCrowded(data) ? extremeSeries(panel) : null;
  const drawn = { ...panel, points };
  const common = { data: { values: points }, width, height, encoding: { x } };
  if (chosen !== null) {
    return {
      ...common,
      layer: [...zeroRule(panel, data), ...crowd(drawn, data, chosen, y, tooltip), ...levelRules(data)],
    };
  }
  const several = data.series.length > 1;
  const looks = looksOf(data);
  const color = seriesChannel(data, looks);
  const gradient = several && isOrdered(data) && data.series.length > mostSeries;
  const colored = gradient
    ? { color: gradientChannel(data), detail: { field: "series", type: "nominal" } }
    : several
      ? { color }
      : { color: { value: palette[0] } };
  const own = several && !gradient;
  const shape = own ? { shape: { ...color, scale: { domain: data.series, range: looks.shapes } } } : {};
  const isDashed = own && looks.dashes.some((dash) => dash[1] !== 0);
  const dash = isDashed ? { strokeDash: { ...color, scale: { domain: data.series, range: looks.dashes } } } : {};
  const size = axis.levels.length > 80 ? 12 : axis.levels.length > 40 ? 30 : 60;
  return {
    ...common,
    layer: [
      ...zeroRule(panel, data),
      ...intervalBand(drawn, data, colored),
      // NaN breaks the line: joining its neighbours would show a value that was not measured.
      {
        mark: { type: "line", strokeWidth: 2, invalid: "break-paths-show-path-domains" },
        encoding: { y, ...colored, ...dash },
      },
      {
        transform: [{ filter: "isValid(datum.value)" }],
        mark: { type: "point", filled: true, size: gradient ? 20 : size, opacity: 1 },
        encoding: { y, ...colored, ...shape, tooltip },
      },
      ...faultCrosses(drawn, tooltip, colored),
      ...levelRules(data),
    ],
  };
}

/** Why the axis of places is not logarithmic although that was asked for; null where there is nothing to say. */
export function logPlacesText({ over: [axis], options }: FigureData): string | null {
  if (axis === undefined || !options.log.includes("x")) return null;
  const name = safeTitle(axis.name.replaceAll("_", " "));
  const numbers = axis.tokens ? null : numbersOf(axis.levels);
  if (numbers === null) return `no logarithmic axis of ${name}: its entries are no numbers`;
  const [first = 0, last = 0] = [numbers[0], numbers.at(-1)];
  if (last <= 0) return `linear axis of ${name}: no entry is above 0`;
  if (first < 0) return `linear axis of ${name}: entries below 0 have no logarithm`;
  return first === 0 ? `axis of ${name}: linear up to ${numberLabel(numbers.find((one) => one > 0) ?? 1)}` : null;
}

function namedPlaces(axis: FigureAxis, data: FigureData, width: number): VegaLiteSpec {
  const title = data.options.x ?? axisTitle(axis, null);
  const spacing = width / Math.max(1, axis.levels.length);
  const widest = axis.levels.reduce<number>((most, level) => Math.max(most, textWidth(String(level), 11)), 0);
  const turned = widest > spacing - 4;
  const labels = turned
    ? { labelAngle: -90, ...(spacing >= 13 ? { labelOverlap: false } : {}) }
    : { labelAngle: 0, labelOverlap: false };
  return {
    ...discrete(axis, null, { padding: 0.5 }),
    axis: { ...plainAxis(axis, null), title, ...(axis.tokens ? labels : levelLabels(axis, spacing)) },
  };
}

/** Where numbers stand: at their places on a line of numbers, or of their logarithms. */
function numberPlaces(axis: FigureAxis, numbers: readonly number[], data: FigureData, width: number): VegaLiteSpec {
  const [first = 0, last = 1] = [numbers[0], numbers.at(-1)];
  const positive = numbers.find((number) => number > 0) ?? 1;
  const wantsLog = data.options.log.includes("x") && first >= 0 && last > 0;
  // A logarithm has no 0, which steps of training begin with: below the first step the axis is linear.
  const kind = !wantsLog ? "linear" : first === 0 ? "symlog" : "log";
  // Given rather than found, because a layer of marks may have no points at all; one level needs some width around it.
  const domain = first === last ? (kind === "log" ? [first / 2, first * 2] : [first - 0.5, last + 0.5]) : [first, last];
  const unit = (value: number): number =>
    kind === "log" ? Math.log(value) : kind === "symlog" ? Math.log1p(value / positive) : value;
  const [from, to] = [unit(domain[0] ?? 0), unit(domain[1] ?? 1)];
  const at = (value: number): number => padding + ((unit(value) - from) / (to - from)) * (width - 2 * padding);
  const values = labelledLevels(numbers, at) ?? (kind === "symlog" ? thinned(numbers, at) : null);
  const whole = numbers.every((number) => Number.isInteger(number));
  return {
    field: "place",
    type: "quantitative",
    title: data.options.x ?? axisTitle(axis, null),
    scale: {
      type: kind,
      ...(kind === "symlog" ? { constant: positive } : {}),
      domain,
      ...(kind === "log" ? {} : { zero: false }),
      nice: false,
      padding,
    },
    axis: {
      title: data.options.x ?? axisTitle(axis, null),
      grid: false,
      labelPadding: 6,
      format: ".6~g",
      ...(values === null
        ? { tickCount: Math.floor(width / 70), ...(whole ? { tickMinStep: 1 } : {}) }
        : { values, labelOverlap: false }),
    },
  };
}

/** As many levels as have room for their labels, from the first one on. */
function thinned(numbers: readonly number[], at: (value: number) => number): readonly number[] {
  let end = -Infinity;
  return numbers.filter((number) => {
    const half = textWidth(numberLabel(number), 11) / 2;
    if (at(number) - half < end + 6) return false;
    end = at(number) + half;
    return true;
  });
}

/** Whether there are too many lines for a legend, and no order that a gradient could show. */
export function isCrowded(data: FigureData): boolean {
  return data.series.length > mostSeries && !isOrdered(data);
}

/** What a figure of too many lines says of them; null for any other. */
export function crowdText(data: FigureData): string | null {
  return isCrowded(data)
    ? `${data.series.length} lines: the ${highlighted} highest and ${highlighted} lowest means in colour, the others grey`
    : null;
}

/** The series with the highest and the lowest means, highest first. */
function extremeSeries(panel: FigurePanel): readonly string[] {
  const sums = new Map<string, { sum: number; n: number }>();
  for (const { series, value } of panel.points) {
    if (value === null) continue;
    const own = sums.get(series) ?? { sum: 0, n: 0 };
    sums.set(series, { sum: own.sum + value, n: own.n + 1 });
  }
  const order = [...sums].map(([series, { sum, n }]) => ({ series, mean: sum / n })).sort((a, b) => b.mean - a.mean);
  return [...order.slice(0, highlighted), ...order.slice(-highlighted)].map(({ series }) => series);
}

/** All lines in grey, and the chosen ones over them in their colours, with a legend of those alone. */
function crowd(
  panel: FigurePanel,
  data: FigureData,
  chosen: readonly string[],
  y: VegaLiteSpec,
  tooltip: readonly VegaLiteSpec[],
): readonly VegaLiteSpec[] {
  const own = panel.points.filter(({ series }) => chosen.includes(series));
  const color = {
    field: "series",
    type: "nominal",
    sort: chosen,
    scale: { domain: chosen, range: palette.slice(0, chosen.length) },
    legend: { title: data.seriesTitle === "" ? null : data.seriesTitle, labelLimit: 260 },
  };
  const detail = { field: "series", type: "nominal" };
  const line = { type: "line", invalid: "break-paths-show-path-domains" };
  return [
    { mark: { ...line, strokeWidth: 1, color: grey, opacity: 0.7 }, encoding: { y, detail, tooltip } },
    { data: { values: own }, mark: { ...line, strokeWidth: 2.5 }, encoding: { y, color, tooltip } },
  ];
}

/** Numbers in order, as a continuous gradient. */
function gradientChannel(data: FigureData): VegaLiteSpec {
  const [by] = data.by;
  const numbers = by?.levels.map(Number) ?? [];
  const colors = looksOf({ ...data, series: data.series.slice(0, 8) }).colors;
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return {
    field: by?.field ?? "series",
    type: "quantitative",
    scale: { domain: colors.map((_, i) => least + ((most - least) * i) / (colors.length - 1)), range: colors },
    legend: { title: data.seriesTitle, gradientLength: 180, gradientThickness: 14, format: ".4~g" },
  };
}

/** NaN has no height, so it is marked on the lower edge. */
function faultCrosses(
  panel: FigurePanel,
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

/** Whether lines have bands around them. */
export function hasBands(data: FigureData): boolean {
  return data.panels.some(hasIntervals);
}
