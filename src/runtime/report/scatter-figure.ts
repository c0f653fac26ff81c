/** Scatter plots: two values of each place against each other. */
import { entryOf } from "../../compiler/base/entry.js";
import type { Coordinate } from "../../compiler/ir/protocol.js";
import type { ResultSet } from "../../compiler/ir/results.js";
import { countOf, describeMean, unitOf } from "../../compiler/results/describe.js";
import { evaluateResult, unmatchedText, type OnNote } from "../../compiler/results/evaluate.js";
import { averagedAxes, averageOver, joinArrays, type ResultArray } from "../../compiler/results/result-array.js";
import { evenly } from "./distribution.js";
import { shortNumber, type Drawing, type PlotOutput } from "./drawing.js";
import { axisOf, safeLevel, safeTitle, withUnit } from "./figure-data.js";
import { emptyMarks, palette, repeat, shapes, type VegaLiteSpec } from "./figure-marks.js";

/** Points that a figure draws at most: with more the picture gets slow and no clearer. */
const mostPoints = 4000;

interface ScatterPoint {
  readonly x: number;
  readonly y: number;
  readonly series: string;
  readonly [axis: string]: Coordinate;
}

/**
 * A point for each place that both values have: the first value upwards, the one after `against` to the right. Either
 * is averaged over axes that the other lacks. Levels of `by` are colours and shapes.
 */
export function drawScatter(output: PlotOutput, results: ResultSet, onNote: OnNote): Drawing {
  const [vertical] = output.values;
  const { against } = output;
  if (vertical === undefined || against === null) {
    return { subtitle: null, description: "It has no values.", parts: emptyMarks() };
  }
  const up = evaluateResult(vertical.expression, results, onNote);
  const right = evaluateResult(against.expression, results, onNote);
  const shared = up.axes.filter((axis) => right.axes.includes(axis));
  const keep = [...new Set([...shared, ...output.by])];
  const by = output.by.map((name) => axisOf(name, [up, right]));
  const [ups, rights] = [averageOver(up, keep, onNote), averageOver(right, keep, onNote)];
  // Joined twice, once for each value: both have the same places in the same order.
  const joined = joinArrays(
    ups,
    rights,
    (y, x) => ({ value: y.value, reason: y.reason ?? x.reason }),
    (unmatched) => onNote(unmatchedText(unmatched)),
  );
  const horizontal = joinArrays(ups, rights, (_y, x) => ({ value: x.value, reason: x.reason }));
  const all = joined.cells.map((cell, i) => ({ cell, x: horizontal.cells[i]?.value ?? NaN }));
  const sound = all.filter(({ cell, x }) => Number.isFinite(cell.value) && Number.isFinite(x));
  const points = evenly(sound, mostPoints).map(({ cell, x }): ScatterPoint => {
    const axes = shared.flatMap((axis) => {
      const level = entryOf(cell.coordinates, axis);
      return level === undefined ? [] : [[fieldOf(axis), safeLevel(level)] as const];
    });
    const series = by.map((axis) => safeTitle(String(entryOf(cell.coordinates, axis.name) ?? "all"))).join(" · ");
    return { ...Object.fromEntries(axes), x, y: cell.value, series };
  });
  const quantities = {
    x: withUnit(against.label, unitOf(against)),
    y: withUnit(vertical.label, unitOf(vertical)),
  };
  const faults = all.length - sound.length;
  const notes = [
    countOf(sound.length, "point"),
    meanOf(up, right, keep),
    points.length < sound.length ? `${points.length} drawn, evenly chosen` : null,
    faults === 0 ? null : `${countOf(faults, "point")} NaN (not drawn)`,
  ].filter((part) => part !== null);
  return {
    subtitle: notes.join(" · "),
    description: describe(output, sound, faults),
    parts:
      points.length === 0
        ? emptyMarks()
        : marks(
            points,
            seriesOrder(points, by.length === 1 ? (by[0]?.levels ?? []) : []),
            quantities,
            shared,
            output.by.join(", "),
          ),
  };
}

/** A field name that neither Vega-Lite nor the points' own fields take for something else. */
function fieldOf(axis: string): string {
  return `axis_${axis.replace(/[^A-Za-z0-9_]/g, "_")}`;
}

function meanOf(up: ResultArray, right: ResultArray, keep: readonly string[]): string | null {
  const parts = [up, right].map((array) => describeMean(averagedAxes(array, keep))).filter((part) => part !== null);
  return parts.length === 0 ? null : [...new Set(parts)].join("; ");
}

function seriesOrder(points: readonly ScatterPoint[], levels: readonly Coordinate[]): readonly string[] {
  const found = [...new Set(points.map((point) => point.series))];
  const order = levels.map((level) => safeTitle(String(level)));
  return order.length === 0 ? found : found.sort((a, b) => order.indexOf(a) - order.indexOf(b));
}

function marks(
  points: readonly ScatterPoint[],
  series: readonly string[],
  quantities: { readonly x: string; readonly y: string },
  axes: readonly string[],
  title: string,
): VegaLiteSpec {
  const several = series.length > 1;
  const channel = {
    field: "series",
    type: "nominal",
    sort: series,
    legend: { title: title === "" ? null : safeTitle(title), symbolLimit: 40 },
  };
  const opacity = points.length > 1000 ? 0.25 : points.length > 200 ? 0.5 : 0.8;
  return {
    data: { values: points },
    width: 420,
    height: 340,
    mark: { type: "point", filled: true, size: points.length > 500 ? 18 : 45, opacity },
    encoding: {
      x: {
        field: "x",
        type: "quantitative",
        scale: { zero: false, nice: true },
        axis: { title: quantities.x, format: ".6~g", tickCount: 7 },
      },
      y: {
        field: "y",
        type: "quantitative",
        scale: { zero: false, nice: true },
        axis: { title: quantities.y, format: ".6~g", tickCount: 6 },
      },
      color: several
        ? { ...channel, scale: { domain: series, range: repeat(palette, series.length) } }
        : { value: palette[0] },
      ...(several ? { shape: { ...channel, scale: { domain: series, range: repeat(shapes, series.length) } } } : {}),
      tooltip: [
        ...(several ? [{ field: "series", type: "nominal", title: safeTitle(title) }] : []),
        ...axes.map((axis) => ({ field: fieldOf(axis), type: "nominal", title: safeTitle(axis) })),
        { field: "x", type: "quantitative", title: quantities.x, format: ".6~g" },
        { field: "y", type: "quantitative", title: quantities.y, format: ".6~g" },
      ],
    },
  };
}

function describe(
  output: PlotOutput,
  points: readonly { readonly cell: { readonly value: number }; readonly x: number }[],
  faults: number,
): string {
  const by = output.by.length === 0 ? "" : ` by ${output.by.join(", ")}`;
  const what = `${output.values[0]?.label ?? ""} against ${output.against?.label ?? ""}${by}`;
  const faulty = faults === 0 ? "" : ` ${countOf(faults, "point")} NaN.`;
  if (points.length === 0) return `Scatter plot of ${what}. It has no values.${faulty}`;
  const range = (values: readonly number[]): string => {
    const least = values.reduce((a, b) => Math.min(a, b));
    const most = values.reduce((a, b) => Math.max(a, b));
    return `between ${shortNumber(least)} and ${shortNumber(most)}`;
  };
  const up = range(points.map(({ cell }) => cell.value));
  const right = range(points.map(({ x }) => x));
  return `Scatter plot of ${what}. ${countOf(points.length, "point")}: upwards ${up}, to the right ${right}.${faulty}`;
}
