/** Scatter plots: two values of each place against each other. */
import { entryOf } from "../../compiler/base/entry.js";
import { independenceOf } from "../../compiler/decide/paired-places.js";
import type { Coordinate, Coordinates } from "../../compiler/ir/protocol.js";
import type { ResultSet } from "../../compiler/ir/results.js";
import { countOf, describeMean, unitOf } from "../../compiler/results/describe.js";
import { evaluateResult, unmatchedText, type OnNote } from "../../compiler/results/evaluate.js";
import { joinArrays } from "../../compiler/results/joins.js";
import { averagedAxes, averageOver, coordinateKey, type ResultArray } from "../../compiler/results/result-array.js";
import { shortNumber, type Drawing, type PlotOutput } from "./drawing.js";
import { axisOf, safeLevel, safeTitle, withUnit, type FigureAxis } from "./figure-data.js";
import { emptyMarks } from "./figure-marks.js";
import { scatterMarks, type Dependence, type ScatterPoint } from "./scatter-marks.js";
import { mostSeries } from "./series-looks.js";

/**
 * A point for each place that both values have: the first value upwards, the one after `against` to the right. Either
 * is averaged over axes that the other lacks. Levels of `by` are colours and shapes. A line of least squares shows how
 * the values go together; of thousands of points the picture shows how many lie where.
 */
export function drawScatter(output: PlotOutput, results: ResultSet, onNote: OnNote): Drawing {
  const [vertical] = output.values;
  const { against, options } = output;
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
  const all = joined.cells.map((cell, i) => ({ cell, x: horizontal.cells.at(i)?.value ?? NaN }));
  const finite = all.filter(({ cell, x }) => Number.isFinite(cell.value) && Number.isFinite(x));
  const [logX, logY] = [options.log.includes("x"), options.log.includes("y")];
  const sound = finite.filter(({ cell, x }) => (!logX || x > 0) && (!logY || cell.value > 0));
  // Colours say which group a point is of, unless there are too many for colours.
  const groups = new Set(sound.map(({ cell }) => seriesAt(cell.coordinates, by)));
  const named = groups.size > mostSeries ? [] : output.by;
  const points = sound.map(({ cell, x }): ScatterPoint => {
    const axes = shared.flatMap((axis) => {
      const level = entryOf(cell.coordinates, axis);
      return level === undefined ? [] : [[fieldOf(axis), safeLevel(level)] as const];
    });
    const name = nameOf(cell.coordinates, shared, named);
    return { ...Object.fromEntries(axes), x, y: cell.value, series: seriesAt(cell.coordinates, by), name };
  });
  const dependence = (group: string | null): Dependence | null => {
    const own = sound.filter(({ cell }) => group === null || seriesAt(cell.coordinates, by) === group);
    const cells = own.map(({ cell }) => cell);
    const { unit, clustered, textAxes } = independenceOf({ ...joined, cells }, group === null ? [] : output.by);
    if (!clustered) return null;
    return { unit, count: new Set(cells.map(({ coordinates }) => coordinateKey(coordinates, textAxes))).size };
  };
  const quantities = {
    x: options.x ?? withUnit(against.label, unitOf(against)),
    y: options.y ?? withUnit(vertical.label, unitOf(vertical)),
  };
  const faults = all.length - finite.length;
  const { parts, notes: said } =
    points.length === 0
      ? { parts: emptyMarks(), notes: [] }
      : scatterMarks(points, {
          options,
          quantities,
          axes: shared.map((name) => ({ name, field: fieldOf(name) })),
          series: seriesOrder(points, by.length === 1 ? (by[0]?.levels ?? []) : []),
          seriesTitle: output.by.join(", "),
          dependence,
        });
  const notes = [
    countOf(sound.length, "point"),
    meanOf(up, right, keep),
    ...said,
    faults === 0 ? null : `${countOf(faults, "point")} NaN (not drawn)`,
    finite.length === sound.length
      ? null
      : `${countOf(finite.length - sound.length, "point")} not above 0 (no place on a logarithmic axis)`,
  ].filter((part) => part !== null);
  return { subtitle: notes.join(" · "), description: describe(output, sound, faults, said), parts };
}

/** The levels of `by` that a point has, as its axis writes them. */
function seriesAt(coordinates: Coordinates, by: readonly FigureAxis[]): string {
  return by.map(({ name }) => String(safeLevel(entryOf(coordinates, name) ?? "all"))).join(" · ");
}

/** What a point is called: a head by its place, others by the levels of their axes. */
function nameOf(coordinates: Coordinates, axes: readonly string[], by: readonly string[]): string {
  const own = axes.filter((axis) => !by.includes(axis) && entryOf(coordinates, axis) !== undefined);
  const [layer, head] = [entryOf(coordinates, "layer"), entryOf(coordinates, "head")];
  const place = layer !== undefined && head !== undefined && own.includes("head") ? [`L${layer}.H${head}`] : [];
  const rest = own
    .filter((axis) => place.length === 0 || (axis !== "layer" && axis !== "head"))
    .map((axis) => {
      const level = entryOf(coordinates, axis) ?? "";
      return typeof level === "number" ? `${axis.replaceAll("_", " ")} ${level}` : level;
    });
  return safeTitle([...place, ...rest].join(", "));
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
  const order = levels.map(String);
  return order.length === 0 ? found : found.sort((a, b) => order.indexOf(a) - order.indexOf(b));
}

function describe(
  output: PlotOutput,
  points: readonly { readonly cell: { readonly value: number }; readonly x: number }[],
  faults: number,
  said: readonly string[],
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
  const line = said.find((note) => note.startsWith("line: "));
  const told = line === undefined ? "" : ` ${line.replace(/^line/, "Line")}.`;
  return `Scatter plot of ${what}. ${countOf(points.length, "point")}: upwards ${up}, to the right ${right}.${faulty}${told}`;
}
