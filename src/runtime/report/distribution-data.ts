/** The numbers behind histograms, boxes and densities: every value is a point, divided into samples. */
import { entryOf } from "../../compiler/base/entry.js";
import type { Coordinate } from "../../compiler/ir/protocol.js";
import type { ResultSet } from "../../compiler/ir/results.js";
import { countOf } from "../../compiler/results/describe.js";
import { evaluateResult, type OnNote } from "../../compiler/results/evaluate.js";
import { averagedAxes, groupCells, type ResultArray } from "../../compiler/results/result-array.js";
import type { PlotOutput } from "./drawing.js";
import { axisOf, safeLevel, safeTitle, sharedQuantity, type FigureAxis } from "./figure-data.js";

/** The values of one group. */
export interface Sample {
  /** Which of several values it is of; "" where there is one only. */
  readonly value: string;
  /** Its levels on the axes of `by`. */
  readonly levels: readonly Coordinate[];
  /** Value and levels in words; "" where there is one sample only. */
  readonly label: string;
  /** Finite values in the order of the results. */
  readonly numbers: readonly number[];
  /** How many values are not finite. */
  readonly faults: number;
}

export interface Distributions {
  /** In the order of the values, then of the levels; none without values. */
  readonly samples: readonly Sample[];
  readonly by: readonly FigureAxis[];
  /** What the numbers are, with their unit. */
  readonly quantity: string;
  readonly count: number;
  readonly faults: number;
  /** What is a point: `8 prompts × 12 heads` in each sample; null where a sample has one point. */
  readonly points: string | null;
}

/** Evaluates the values of a plot and divides them by the axes of `by`. */
export function distributionsOf(output: PlotOutput, results: ResultSet, onNote: OnNote): Distributions {
  const arrays = output.values.map((named) => evaluateResult(named.expression, results, onNote));
  const by = output.by.map((name) => axisOf(name, arrays));
  const several = output.values.length > 1;
  const samples = arrays.flatMap((array, i) =>
    samplesOf(array, by, several ? safeTitle(output.values[i]?.label ?? "") : ""),
  );
  const [first] = arrays;
  const within = first === undefined ? [] : averagedAxes(first, output.by);
  const sizes = within.map(({ axis, least, most }) => countOf(least === most ? most : `${least}–${most}`, axis));
  return {
    samples,
    by,
    quantity: sharedQuantity(output),
    count: samples.reduce((sum, sample) => sum + sample.numbers.length, 0),
    faults: samples.reduce((sum, sample) => sum + sample.faults, 0),
    points: sizes.length === 0 ? null : sizes.join(" × "),
  };
}

function samplesOf(array: ResultArray, by: readonly FigureAxis[], value: string): readonly Sample[] {
  const axes = by.map((axis) => axis.name);
  const samples = [...groupCells(array.cells, axes).values()].map((cells): Sample => {
    // An axis that this value does not have holds for all of it.
    const levels = by.map((axis) => safeLevel(entryOf(cells[0]?.coordinates ?? {}, axis.name) ?? "all"));
    const numbers = cells.map((cell) => cell.value).filter((number) => Number.isFinite(number));
    const words = levels.map((level, i) =>
      typeof level === "number" ? `${by[i]?.name.replaceAll("_", " ") ?? ""} ${level}` : level,
    );
    const label = [...(value === "" ? [] : [value]), ...words.map(safeTitle)].join(" · ");
    return { value, levels, label, numbers, faults: cells.length - numbers.length };
  });
  const order = (sample: Sample, axis: number): number => by[axis]?.levels.indexOf(sample.levels[axis] ?? "") ?? 0;
  return samples.sort((a, b) => {
    const axis = by.findIndex((_, i) => order(a, i) !== order(b, i));
    return axis < 0 ? 0 : order(a, axis) - order(b, axis);
  });
}

/** `96 values · each sample: 8 prompts × 12 heads · 2 values NaN (not drawn)`. */
export function describeSamples(data: Distributions): string | null {
  const { count, points, samples, faults } = data;
  const each = points === null ? null : samples.length > 1 ? `each sample: ${points}` : points;
  const parts = [
    count === 0 ? null : countOf(count, "value"),
    each,
    faults === 0 ? null : `${countOf(faults, "value")} NaN (not drawn)`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(" · ");
}
