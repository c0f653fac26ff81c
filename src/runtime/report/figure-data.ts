/** The numbers behind a figure: evaluated, averaged, divided into panels and series, ready for `figure-marks.ts`. */
import { entryOf } from "../../compiler/base/entry.js";
import { printableLine } from "../../compiler/base/printable.js";
import type { CellInterval, Intervals } from "../../compiler/decide/intervals.js";
import type { Coordinate, Coordinates, NamedResult, PlotOptions, PlotOutput } from "../../compiler/ir/protocol.js";
import { fixedCoordinates } from "../../compiler/ir/result-expression.js";
import { isConstant, type ResultSet } from "../../compiler/ir/results.js";
import { describeMean, isSigned, unitOf } from "../../compiler/results/describe.js";
import { evaluateResult, type OnNote } from "../../compiler/results/evaluate.js";
import {
  averagedAxes,
  averageOver,
  emptyArray,
  levelsOf,
  type ResultArray,
} from "../../compiler/results/result-array.js";
import type { FigureAxis } from "./figure-axis.js";
import { baselineOf } from "./baseline-level.js";
import { cellTexts } from "./cell-texts.js";
import { reservedWords } from "./safe-specification.js";
import { shownIntervals } from "./shown-intervals.js";
import { tokenLevels } from "./token-levels.js";
import { noTokenTexts, type TokenTexts } from "./token-texts.js";

export type { FigureAxis } from "./figure-axis.js";

/** One place of a figure. Fields of the axes are added under their {@link FigureAxis.field}. */
export interface FigurePoint {
  /** null for a NaN, which JSON does not have. */
  readonly value: number | null;
  readonly reason: string | null;
  /** The ends of its interval; null where there is none. Absent where the figure shows none. */
  readonly low?: number | null;
  readonly high?: number | null;
  /** Texts that the interval is drawn from. */
  readonly n?: number | null;
  /** What is written into its cell; absent where nothing is. */
  readonly text?: string;
  /** Which line or group of bars the point belongs to. */
  readonly series: string;
  readonly [field: string]: Coordinate | null | undefined;
}

/** One coordinate system with its points. */
export interface FigurePanel {
  readonly title: string;
  /** What the values are, with their unit, for the axis or the legend. */
  readonly quantity: string;
  readonly signed: boolean;
  readonly points: readonly FigurePoint[];
  /** Smallest and largest value of the quantity over all its panels; null without any. */
  readonly range: readonly [number, number] | null;
  /** Whether the panel shows the legend of its colours: one of the panels that share a scale does. */
  readonly legend: boolean;
}

/** A number without axes beside values that have them, such as a published one. */
export interface FigureLevel {
  readonly label: string;
  readonly value: number;
}

/** A figure's panels (at least one) and what holds for all of them. */
export interface FigureData {
  readonly panels: readonly FigurePanel[];
  readonly over: readonly FigureAxis[];
  readonly by: readonly FigureAxis[];
  /** Levels of the series in order, and what they are levels of. */
  readonly series: readonly string[];
  readonly seriesTitle: string;
  readonly mean: string | null;
  /** What the intervals are, or why there are none; null where there is nothing to say. */
  readonly intervals: string | null;
  /** Why the unmodified model is not drawn; null where it is, or nothing was changed. */
  readonly baseline: string | null;
  /** Numbers that lines or bars are compared with, each drawn across all of them. */
  readonly levels: readonly FigureLevel[];
  /** How many values are NaN. */
  readonly faults: number;
  /** How many places of the grid have no value at all. */
  readonly absent: number;
  readonly options: PlotOptions;
}

/** Evaluates the values of a plot over its axes; see {@link FigureData}. */
export function figureData(
  output: PlotOutput,
  results: ResultSet,
  onNote: OnNote,
  tokens: TokenTexts = noTokenTexts,
): FigureData {
  const keep = [...output.over, ...output.by];
  const { drawn, levels } = withoutLevels(output, results);
  const full = drawn.map((named) => evaluateResult(named.expression, results, onNote));
  const arrays = full.map((array) => averageOver(array, keep, onNote));
  const over = output.over.map((name) => tokenLevels(axisOf(name, arrays), drawn, full, tokens));
  const texts = cellTexts(output, results, tokens, onNote);
  const by = output.by.map((name) => axisOf(name, arrays));
  const { intervals, words } = shownIntervals(output.ci, drawn, arrays, [], keep, results);
  const separate = output.plot === "heatmap";
  const quantities = drawn.map((named) => withUnit(named.label, unitOf(named)));
  const points = arrays.map((array, index) =>
    pointsOf(
      array,
      over,
      by,
      drawn[index]?.label ?? "",
      drawn.length > 1 && !separate,
      intervals.some((one) => one !== null) ? (intervals[index]?.at ?? ((): null => null)) : null,
      texts,
    ),
  );
  const signed = drawn.map((named) => isSigned(named.expression));
  const all = points.flat();
  const baseline = output.plot === "line" ? baselineOf(drawn, results, arrays) : null;
  return {
    panels: separate
      ? arrays.flatMap((_, index) =>
          heatmapPanels(points[index] ?? [], quantities[index] ?? "", signed[index] ?? false, by),
        )
      : [
          {
            title: "",
            quantity: sharedQuantity({ values: drawn }),
            signed: signed.some(Boolean),
            points: all,
            range: rangeOf(all),
            legend: true,
          },
        ],
    over,
    by,
    series: seriesOrder(all, by),
    seriesTitle: safeTitle(output.by.join(", ")),
    mean: describeMean(averagedAxes(full[0] ?? emptyArray, keep)),
    intervals: words === null ? null : [words.text, ...(words.lacking === null ? [] : [words.lacking])].join(" · "),
    baseline: typeof baseline === "string" ? baseline : null,
    levels: baseline === null || typeof baseline === "string" ? levels : [...levels, baseline],
    faults: all.filter((point) => point.reason !== null).length,
    absent: arrays.reduce((sum, array) => sum + absentCells(array, over, by), 0),
    options: output.options,
  };
}

/** Published values and numbers without axes, apart from the values that are drawn over the axes. */
function withoutLevels(
  { values, plot }: PlotOutput,
  results: ResultSet,
): { readonly drawn: readonly NamedResult[]; readonly levels: readonly FigureLevel[] } {
  if (plot !== "line" && plot !== "bar") return { drawn: values, levels: [] };
  const isLevel = ({ expression }: NamedResult): boolean =>
    isConstant(expression, (name) => results.types.get(name)) && evaluateResult(expression, results).axes.length === 0;
  const levels = values
    .filter(isLevel)
    .flatMap((named) =>
      evaluateResult(named.expression, results).cells.map(({ value }) => ({ label: levelName(named), value })),
    );
  return { drawn: values.filter((value) => !isLevel(value)), levels };
}

/** A published value goes by the name that it was published under, where it is of one. */
function levelName({ label, expression }: NamedResult): string {
  const name = expression.kind === "where" ? fixedCoordinates(expression.condition).get("model") : undefined;
  return safeTitle(name === undefined ? label : String(name));
}

/** A field name for an axis: no two axes share one, and neither Vega nor the points themselves mean something else by it. */
function fieldOf(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9_]/gu, (character) => `_${character.codePointAt(0)?.toString(16) ?? ""}_`);
  const taken = ["", "value", "reason", "series", "low", "high", "n", "text"].includes(safe) || reservedWords.has(safe);
  return taken || safe.endsWith("_") ? `${safe}_` : safe;
}

/** Levels of an axis over all the arrays, in their order. */
export function axisOf(name: string, arrays: readonly ResultArray[]): FigureAxis {
  const levels = new Map<string, Coordinate>();
  for (const array of arrays) for (const level of levelsOf(array, name)) levels.set(String(level), safeLevel(level));
  return { name, field: fieldOf(name), levels: [...levels.values()], tokens: false };
}

function pointsOf(
  array: ResultArray,
  over: readonly FigureAxis[],
  by: readonly FigureAxis[],
  label: string,
  named: boolean,
  intervalAt: Intervals["at"] | null,
  texts: ((coordinates: Coordinates) => string | null) | null,
): readonly FigurePoint[] {
  const shown = new Map(
    over.filter((axis) => axis.tokens).map(({ name, levels }) => [name, new Map(levels.map((l) => [parseInt(String(l), 10), l]))]), // prettier-ignore
  );
  return array.cells.map((cell) => {
    // An axis that this value does not have holds for all of it.
    const levelAt = ({ name }: FigureAxis): Coordinate => {
      const level = safeLevel(entryOf(cell.coordinates, name) ?? "all");
      return shown.get(name)?.get(Number(level)) ?? level;
    };
    // Filled in field by field: an object put together from pieces takes ten times as long, and there may be a million.
    const point: Record<string, Coordinate | null> = {};
    for (const axis of over) point[axis.field] = levelAt(axis);
    let series = named ? safeTitle(label) : "";
    for (const axis of by) {
      const level = levelAt(axis);
      point[axis.field] = level;
      series = series === "" ? String(level) : `${series} · ${String(level)}`;
    }
    const isFinite = Number.isFinite(cell.value);
    point["value"] = isFinite ? cell.value : null;
    point["reason"] = isFinite ? null : (cell.reason ?? `the value is ${cell.value}`);
    if (intervalAt !== null) Object.assign(point, endsOf(intervalAt(cell.coordinates)));
    if (texts !== null) point["text"] = safeTitle(texts(cell.coordinates) ?? "");
    point["series"] = series;
    // All fields that a point has were written above.
    return point as FigurePoint;
  });
}

function endsOf(interval: CellInterval | null): Pick<FigurePoint, "low" | "high" | "n"> {
  if (interval === null || !(Number.isFinite(interval.low) && Number.isFinite(interval.high))) {
    return { low: null, high: null, n: null };
  }
  return { low: interval.low, high: interval.high, n: interval.n };
}

/** What a panel is called: levels that are numbers with the name of their axis, `head 0`. */
export function panelTitle(series: string, point: FigurePoint | undefined, by: readonly FigureAxis[]): string {
  const levels = by.map(({ field }) => String(point?.[field] ?? "")).join(" · ");
  if (point === undefined || levels === "" || !series.endsWith(levels)) return series;
  const named = by.map(({ name, field }) => {
    const level = point[field] ?? "";
    return Number.isFinite(Number(level)) ? safeTitle(`${name.replaceAll("_", " ")} ${level}`) : String(level);
  });
  return series.slice(0, series.length - levels.length) + named.join(" · ");
}

function heatmapPanels(
  points: readonly FigurePoint[],
  quantity: string,
  signed: boolean,
  by: readonly FigureAxis[],
): readonly FigurePanel[] {
  const range = rangeOf(points);
  const titles = [...new Set(points.map((point) => point.series))];
  if (titles.length === 0) return [{ title: "", quantity, signed, points, range, legend: true }];
  return titles.map((title, index) => ({
    title:
      title === ""
        ? quantity
        : panelTitle(
            title,
            points.find((point) => point.series === title),
            by,
          ),
    quantity,
    signed,
    points: points.filter((point) => point.series === title),
    range,
    legend: index === titles.length - 1,
  }));
}

function rangeOf(points: readonly FigurePoint[]): readonly [number, number] | null {
  let least = Infinity;
  let most = -Infinity;
  for (const { value } of points) {
    if (value === null) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return least <= most ? [least, most] : null;
}

function seriesOrder(points: readonly FigurePoint[], by: readonly FigureAxis[]): readonly string[] {
  const found = [...new Set(points.map((point) => point.series))];
  const [only] = by;
  // One axis alone gives the series its own order (numbers ascending); otherwise they appear as the sweep has them.
  if (by.length !== 1 || only === undefined) return found;
  const order = only.levels.map(String);
  return found.sort((a, b) => order.indexOf(a) - order.indexOf(b));
}

/** What the values of a plot are, with their unit where they share one. Several are named by the legend. */
export function sharedQuantity(output: Pick<PlotOutput, "values">): string {
  const units = new Set(output.values.map(unitOf));
  const [unit] = units;
  const [only, ...others] = output.values;
  const label = others.length === 0 ? (only?.label ?? "") : "value";
  return withUnit(label, units.size === 1 ? (unit ?? null) : null);
}

/** `sweep.nll (nats)`, safe for a title. */
export function withUnit(label: string, unit: string | null): string {
  return safeTitle(unit === null ? label : `${label} (${unit})`);
}

function absentCells(array: ResultArray, over: readonly FigureAxis[], by: readonly FigureAxis[]): number {
  const places = [...over, ...by].reduce((product, axis) => product * Math.max(1, axis.levels.length), 1);
  return Math.max(0, places - array.cells.length);
}

/**
 * A text for a title that Vega-Lite puts into an expression. It escapes quotes there but neither backslashes nor line
 * breaks, so such a name would end the string early.
 */
export function safeTitle(text: string): string {
  return printableLine(text.replace(/[\n\r\t\u2028\u2029]/g, " ")).replaceAll("\\", "∖");
}

/** A level as it may stand in a specification and in SVG, which has no control characters; different ones stay different. */
export function safeLevel(level: Coordinate): Coordinate {
  return typeof level === "string" ? printableLine(level) : level;
}

/**
 * The title of an axis: its name. A vertical axis of layers also says which way they run, because conventions differ;
 * `room` is its length in pixels, and a short axis has its tick labels to say so.
 */
export function axisTitle(axis: FigureAxis, room: number | null): string | readonly string[] {
  const name = safeTitle(axis.name.replaceAll("_", " "));
  const [first] = axis.levels;
  if (room === null || axis.name !== "layer" || first === undefined) return name;
  return room < 90 ? name : [name, `(${first} at the top)`];
}
