/** A fitted curve as people read it: its coefficients in a table, its points and its course in a figure. */
import type { DecisionOutcome, FittedPart } from "../../compiler/ir/decision-outcome.js";
import { curveAt } from "../../compiler/statistics/curve-fit.js";
import { safeTitle } from "./figure-data.js";
import { palette, seriesLooks, type VegaLiteSpec } from "./figure-marks.js";
import { figureOf, type Figure } from "./figures.js";
import { formatNumber } from "./format.js";
import { axisColumn, textColumn, valueColumn, type TableCell, type TableData } from "./table-data.js";

type Fit = Extract<DecisionOutcome, { kind: "fit" }>;

/** `y = 12·x^-0.08: R² = 0.982 (log y over log x), n = 6.`; "" for several groups. */
export function fitSentence({ parts, formula, scale, curve }: Fit): string {
  const [only, another] = parts;
  if (only === undefined || another !== undefined) return "";
  if (only.reason !== null) return `No curve: ${only.reason}.`;
  const [a = Number.NaN, b = Number.NaN] = only.coefficients.map(({ value }) => value);
  const [first, second] = [a, b].map(formatNumber);
  const laws = {
    linear: `y = ${first} ${b < 0 ? "-" : "+"} ${formatNumber(Math.abs(b))}·x`,
    power_law: `y = ${first}·x^${second}`,
    exponential: `y = ${first}·exp(${second}·x)`,
    logistic: formula,
  };
  return `${laws[curve]}: R² = ${formatNumber(only.rSquared ?? Number.NaN)} (${scale}), n = ${only.n}.`;
}

/** A row for each coefficient. `pText` says a p-value. */
export function fitTable({ parts, notes }: Fit, pText: (p: number | null) => string): TableData {
  const axes = [...new Set(parts.flatMap(({ coordinates }) => Object.keys(coordinates)))];
  const corrected = parts.some(({ adjusted }) => adjusted !== null);
  const rows = parts.flatMap((part) => {
    const place = axes.map((axis): TableCell => ({ value: part.coordinates[axis] ?? null, reason: null }));
    if (part.coefficients.length === 0) return [[...place, ...undecidedCells(part)]];
    return part.coefficients.map(({ name, value, error, interval }) => {
      const p = name === "b" ? part.pValue : null;
      const adjusted = p !== null && part.adjusted !== null ? ` (${pText(part.adjusted)})` : "";
      return [
        ...place,
        cell(name),
        cell(`${formatNumber(value)} [${formatNumber(interval.low)}, ${formatNumber(interval.high)}]`),
        cell(formatNumber(error)),
        cell(`${pText(p)}${adjusted}`),
        cell(part.rSquared),
        cell(part.deviation),
        cell(part.n),
      ];
    });
  });
  const reasons = parts.flatMap(({ reason }) => (reason === null ? [] : [`undecided: ${reason}`]));
  const said = [...new Set([...reasons, ...notes])];
  return {
    title: "",
    columns: [
      ...axes.map(axisColumn),
      axisColumn("coefficient"),
      textColumn("estimate [95%]"),
      textColumn("std. error"),
      textColumn(corrected ? "p of 0 (corrected)" : "p of 0"),
      valueColumn("R²", null, false),
      valueColumn("residual", null, false),
      valueColumn("n", null, false),
    ],
    rows,
    note: said.length === 0 ? null : said.join("; "),
    warnings: [],
  };
}

function cell(value: TableCell["value"]): TableCell {
  return { value, reason: null };
}

function undecidedCells({ n, reason }: FittedPart): readonly TableCell[] {
  const none = { value: Number.NaN, reason };
  return [cell("none"), cell("undecided"), cell("·"), cell("·"), none, none, cell(n)];
}

/** Places along the curve that are drawn. */
const drawnPlaces = 80;

/** Points and curve of every group; the curve from the first point to the last and no further. Null without points. */
export function fitFigure(outcome: Fit): Figure | null {
  const { curve, over, value, parts, formula, scale, statement } = outcome;
  const fitted = parts.filter(({ points }) => points.length > 0);
  if (fitted.length === 0) return null;
  const isLogX = curve === "power_law";
  const isLogY = isLogX || curve === "exponential";
  // What a logarithmic scale has no place for: the curve was not fitted then.
  const canDraw = (x: number, y: number): boolean => (!isLogX || x > 0) && (!isLogY || y > 0);
  const seriesOf = ({ coordinates }: FittedPart): string =>
    safeTitle(Object.values(coordinates).map(String).join(" · ") || "all");
  const points = fitted.flatMap((part) =>
    part.points.flatMap(({ at, x, y }) =>
      canDraw(x, y) ? [{ x, y, series: seriesOf(part), at: safeTitle(String(at)) }] : [],
    ),
  );
  const lines = fitted.flatMap((part) => {
    const coefficients = part.coefficients.map((coefficient) => coefficient.value);
    if (coefficients.length === 0) return [];
    return placesBetween(part.points[0]?.x ?? 0, part.points.at(-1)?.x ?? 0, isLogX).map((x) => ({
      x,
      y: curveAt(curve, coefficients, x),
      series: seriesOf(part),
    }));
  });
  if (points.length === 0) return null;
  const undrawn = fitted.reduce((sum, part) => sum + part.points.length, 0) - points.length;
  const series = [...new Set(points.map((point) => point.series))];
  const left = undrawn === 0 ? "" : ` · ${undrawn} not above 0 (not drawn)`;
  return figureOf(statement, {
    subtitle: `${formula}, least squares of ${scale}${left}`,
    description: `Points of ${value} over ${over} with the fitted curve ${formula}. ${fitSentence(outcome)}`.trim(),
    parts: layers(points, lines, series, {
      x: axis("x", over, isLogX),
      y: axis("y", value, isLogY),
      group: safeTitle([...new Set(fitted.flatMap(({ coordinates }) => Object.keys(coordinates)))].join(", ")),
    }),
  });
}

function placesBetween(first: number, last: number, isLog: boolean): readonly number[] {
  const [from, to] = isLog ? [Math.log(first), Math.log(last)] : [first, last];
  return Array.from({ length: drawnPlaces }, (_, i) => {
    const place = from + ((to - from) * i) / (drawnPlaces - 1);
    return isLog ? Math.exp(place) : place;
  });
}

function axis(field: string, title: string, isLog: boolean): VegaLiteSpec {
  return {
    field,
    type: "quantitative",
    scale: isLog ? { type: "log", nice: false, padding: 12 } : { zero: false, nice: true },
    axis: { title: safeTitle(title), format: ".4~g", tickCount: 6 },
  };
}

function layers(
  points: readonly object[],
  lines: readonly object[],
  series: readonly string[],
  { x, y, group }: { readonly x: VegaLiteSpec; readonly y: VegaLiteSpec; readonly group: string },
): VegaLiteSpec {
  const several = series.length > 1;
  const channel = { field: "series", type: "nominal", sort: series, legend: { title: group, symbolLimit: 40 } };
  const color = several
    ? { ...channel, scale: { domain: series, range: seriesLooks(series.length, false).colors } }
    : { value: palette[0] };
  const shape = several
    ? { shape: { ...channel, scale: { domain: series, range: seriesLooks(series.length, false).shapes } } }
    : {};
  return {
    width: 420,
    height: 300,
    layer: [
      ...(lines.length === 0
        ? []
        : [{ data: { values: lines }, mark: { type: "line", strokeWidth: 1.5 }, encoding: { x, y, color } }]),
      {
        data: { values: points },
        mark: { type: "point", filled: true, size: 45, opacity: 0.9 },
        encoding: {
          x,
          y,
          color,
          ...shape,
          tooltip: [
            { field: "at", type: "nominal", title: "place" },
            { field: "x", type: "quantitative", title: "x", format: ".6~g" },
            { field: "y", type: "quantitative", title: "y", format: ".6~g" },
          ],
        },
      },
    ],
  };
}
