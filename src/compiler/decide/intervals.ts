/**
 * Intervals of what tables and figures show. Texts are drawn, whole and within their sets and groups, and what is shown is
 * computed anew: a ratio of sums, a difference of groups, a standard deviation over groups as well as a mean.
 */
import type { IntervalRequest } from "../ir/outputs.js";
import type { Coordinates, ResultCondition, ResultExpression } from "../ir/result-expression.js";
import type { ResultSet } from "../ir/results.js";
import { seededIntegers } from "../base/random.js";
import { evaluateResult } from "../results/evaluate.js";
import { filterAxes } from "../results/filter-axes.js";
import { averageOver, coordinateKey, type ResultArray } from "../results/result-array.js";
import { intervalFrom } from "../statistics/bootstrap.js";
import { averageDrawn, evaluateDrawn, type DrawnContext } from "./drawn-arrays.js";
import { isOverBudget, textsOf, type Budget } from "./drawn-values.js";
import { resampled, type DrawnUnit, type Resampling } from "./resample.js";
import { drawTexts } from "./text-draws.js";

/** What is shown: the mean of an expression over all axes but `keep`, of the cells for which conditions on axes hold. */
export interface ShownValue {
  readonly expression: ResultExpression;
  readonly conditions: readonly ResultCondition[];
  readonly keep: readonly string[];
}

/** Why what is NaN itself has no interval. */
export const notFinite = "the value itself is not finite";

/** The interval of one cell. */
export interface CellInterval {
  /** NaN where there is none. */
  readonly low: number;
  readonly high: number;
  /** Texts that the value depends on. */
  readonly n: number;
  readonly method: "bca" | "percentile" | null;
  /** Why there is no interval; null otherwise. */
  readonly reason: string | null;
}

export interface Intervals {
  /** `prompt` or `document`; "" where there is nothing to draw. */
  readonly unit: string;
  /** The interval at a place of what is shown; null where nothing is shown. */
  readonly at: (place: Coordinates) => CellInterval | null;
  readonly cells: readonly CellInterval[];
}

/** Rows × draws for what has to be evaluated anew in each draw: some ten seconds. */
const mostRows = 5e6;

/** Texts × draws: some seconds, and 2 bytes each. */
const mostDrawn = 1e8;

/** The intervals of all cells of what is shown, from one sequence of draws. */
export function intervalsOf(shown: ShownValue, results: ResultSet, request: IntervalRequest): Intervals {
  const measured = averageOver(filterAxes(evaluateResult(shown.expression, results), shown.conditions), shown.keep);
  const resampling = resampled([shown.expression], results);
  if (resampling === null) return everywhere(measured, "", "its values belong to no prompt or document to draw");
  return (
    drawnIntervals(shown, measured, results, resampling, request) ??
    evaluatedIntervals(shown, measured, resampling, request)
  );
}

function everywhere(measured: ResultArray, unit: string, reason: string): Intervals {
  return placed(
    measured,
    unit,
    measured.cells.map(() => without(0, reason)),
  );
}

function without(n: number, reason: string): CellInterval {
  return { low: Number.NaN, high: Number.NaN, n, method: null, reason };
}

/** Intervals by their places; `cells` in the order of the array's. */
function placed({ axes, cells: places }: ResultArray, unit: string, cells: readonly CellInterval[]): Intervals {
  const index = new Map(places.map(({ coordinates }, i) => [coordinateKey(coordinates, axes), cells[i]]));
  return { unit, cells, at: (place) => index.get(coordinateKey(place, axes)) ?? null };
}

/** Numbers under all draws at once; null for what has to be evaluated draw by draw. */
function drawnIntervals(
  { expression, conditions, keep }: ShownValue,
  measured: ResultArray,
  results: ResultSet,
  { unit, strata }: Resampling,
  { level, count, seed }: IntervalRequest,
): Intervals | null {
  const textOf = new Map(strata.flat().flatMap(({ rows }, text) => rows.map(({ axes }) => [axes, text] as const)));
  const budget: Budget = { steps: 0, numbers: 0 };
  const sizes = strata.map(({ length }) => length);
  const texts = sizes.reduce((sum, size) => sum + size, 0);
  if (texts * count > mostDrawn) {
    return everywhere(measured, unit, `${texts} ${unit}s drawn ${count} times are too many: draw fewer times`);
  }
  const draws = drawTexts(sizes, { count, seed });
  const cx: DrawnContext = { results, textAt: (coordinates) => textOf.get(coordinates), draws, budget };
  const drawn = evaluateDrawn(expression, cx);
  const shown =
    drawn === null ? null : averageDrawn({ ...drawn, array: filterAxes(drawn.array, conditions) }, keep, cx);
  if (shown === null) return null;
  if (isOverBudget(budget)) {
    const reason = `${shown.array.cells.length} values of ${draws.texts} ${unit}s drawn ${count} times are too many`;
    return everywhere(shown.array, unit, `${reason}: draw fewer times, or show fewer`);
  }
  const cells = shown.array.cells.map((cell): CellInterval => {
    const value = shown.values[cell.value];
    if (value === undefined || (value.draws === null && value.text < 0)) return without(0, `it depends on no ${unit}`);
    if (value.draws === null) return without(1, onlyOne(unit));
    const uses = textsOf(value, draws.texts);
    const [drawn, left] = [value.draws.subarray(0, count), value.draws.subarray(count)];
    const parts = alongStrata(sizes, (first, end) => ({
      uses: uses.subarray(first, end).reduce((sum, one) => sum + one, 0),
      left: [...left.subarray(first, end)],
    })).filter((part) => part.uses > 0);
    const n = parts.reduce((sum, part) => sum + part.uses, 0);
    return parts.some((part) => part.uses < 2)
      ? without(n, onlyOne(unit))
      : intervalOf(
          value.value,
          drawn,
          parts.map((part) => part.left),
          level,
          n,
        );
  });
  return placed(shown.array, unit, cells);
}

function onlyOne(unit: string): string {
  return `one ${unit} only, nothing to draw from`;
}

function alongStrata<T>(sizes: readonly number[], make: (first: number, end: number) => T): readonly T[] {
  let end = 0;
  return sizes.map((size) => {
    const first = end;
    end += size;
    return make(first, end);
  });
}

function intervalOf(
  estimate: number,
  draws: Float64Array,
  left: readonly (readonly number[])[],
  level: number,
  n: number,
): CellInterval {
  if (!Number.isFinite(estimate)) return without(n, notFinite);
  const outcome = intervalFrom(estimate, draws, left, level);
  if (outcome.kind === "undecided") return without(n, outcome.reason);
  const { interval, method } = outcome;
  return { low: interval.low, high: interval.high, n, method, reason: null };
}

/** The expression evaluated for each draw and with each text left out. */
function evaluatedIntervals(
  { expression, conditions, keep }: ShownValue,
  measured: ResultArray,
  { unit, strata, rows, resultsOf }: Resampling,
  { level, count, seed }: IntervalRequest,
): Intervals {
  // Beside each text stands what was measured on it, or on it and another one: there is nothing to draw.
  if (measured.axes.some((axis) => axis === "prompt" || axis === "document")) {
    return placed(
      measured,
      unit,
      measured.cells.map(() => without(1, onlyOne(unit))),
    );
  }
  const texts = strata.reduce((sum, { length }) => sum + length, 0);
  if (rows * (count + texts) > mostRows) {
    const reason = `${rows} values computed anew for ${count} draws are too many: draw fewer times`;
    return everywhere(measured, unit, reason);
  }
  const valuesOf = (chosen: readonly (readonly DrawnUnit[])[]): readonly number[] => {
    const array = averageOver(filterAxes(evaluateResult(expression, resultsOf(chosen)), conditions), keep);
    const found = new Map(array.cells.map((cell) => [coordinateKey(cell.coordinates, measured.axes), cell.value]));
    return measured.cells.map(({ coordinates }) => found.get(coordinateKey(coordinates, measured.axes)) ?? Number.NaN);
  };
  const next = seededIntegers(seed);
  const draws = Array.from({ length: count }, () =>
    valuesOf(strata.map((units) => units.flatMap(() => units[next(units.length)] ?? []))),
  );
  const left = strata.map((units, s) =>
    units.map((_, i) => valuesOf(strata.map((all, at) => (at === s ? all.toSpliced(i, 1) : all)))),
  );
  const cells = measured.cells.map(({ value }, c): CellInterval => {
    const parts = left
      .map((stratum) => stratum.map((values) => values[c] ?? Number.NaN))
      // Texts that the value does not depend on (another group, say) count for nothing.
      .filter((stratum) => stratum.some((other) => other !== value));
    const n = parts.reduce((sum, { length }) => sum + length, 0);
    if (parts.length === 0) return without(0, `it depends on no ${unit}`);
    if (parts.some(({ length }) => length < 2)) return without(n, onlyOne(unit));
    const drawn = Float64Array.from(draws, (values) => values[c] ?? Number.NaN);
    return intervalOf(value, drawn, parts, level, n);
  });
  return placed(measured, unit, cells);
}
