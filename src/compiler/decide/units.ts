/**
 * Which values of an array are independent of each other. Tokens of one text are not, and neither are the heads of one
 * model on one text; the prompts and documents are what was sampled. So each prompt (or document) gives one value, the
 * mean over everything that was measured on it.
 */
import { isUnit } from "../base/place-units.js";
import { entryOf } from "../base/entry.js";
import type { Coordinates } from "../ir/result-expression.js";
import type { TextsScope } from "./spine.js";
import { averagedAxes, averageOver, columnsOf, levelsOf, type ResultArray } from "../results/result-array.js";

export interface UnitValue {
  /** Equal for the same unit, wherever it is measured. */
  readonly key: string;
  readonly value: number;
}

export interface Units {
  /** What one value is of: `prompt`, `document`, `head` … */
  readonly unit: string;
  readonly values: readonly UnitValue[];
  /** What the value of a unit is the mean of, in words; null for a single value. */
  readonly averaged: string | null;
  /** Why the units cannot be tested: a NaN among them, with its reason. */
  readonly reason: string | null;
}

/** Axes that tell units apart, and what one is called; or why there are none. */
export type UnitAxes =
  | { readonly kind: "units"; readonly unit: string; readonly axes: readonly string[] }
  | { readonly kind: "none"; readonly reason: string };

const textUnits = ["document", "prompt"] as const;
const modelAxes = ["model", "revision", "dtype"];

/**
 * The units of values with these axes, beside those in `except` (which tell groups apart). Texts come first; without
 * them places of the model; without these models.
 */
export function unitAxesOf(array: ResultArray, except: readonly string[]): UnitAxes {
  const columns = columnsOf(array);
  const all = array.axes.filter((axis) => !columns.has(axis) && !except.includes(axis));
  // An axis with one level tells nothing apart; but a single prompt is a text all the same.
  const axes = all.filter((axis) => levelsOf(array, axis).length > 1);
  const text = textUnits.find((axis) => all.includes(axis));
  if (text !== undefined) {
    return { kind: "units", unit: text, axes: all.filter((axis) => ["prompts", "group", text].includes(axis)) };
  }
  const places = axes.filter((axis) => !array.ragged.includes(axis));
  if (places.length === 0 && axes.length > 0) {
    const reason = "tokens of one text are not independent of each other: measure several prompts or documents";
    return { kind: "none", reason };
  }
  const part = places.find(isUnit);
  if (part !== undefined && places.every((axis) => axis === part || axis === "layer")) {
    return { kind: "units", unit: part, axes: places };
  }
  const beside = places.filter((axis) => !modelAxes.includes(axis));
  if (beside.length === 0 && places.length > 0) {
    return { kind: "units", unit: places.at(-1) ?? "model", axes: places };
  }
  const [only, another] = beside;
  if (only !== undefined && another === undefined) return { kind: "units", unit: only, axes: [only] };
  if (only === undefined) return { kind: "none", reason: "there is a single value, which has no spread" };
  const named = beside.join(", ");
  return { kind: "none", reason: `values differ in ${named}, and none of these is the unit: average over all but one` };
}

/** What the mean over everything but `kept` is over: `head (4), position (3 to 9)`; null where nothing is averaged. */
export function averagedText(array: ResultArray, kept: readonly string[]): string | null {
  const averaged = averagedAxes(array, kept).map(({ axis, least, most }) =>
    least === most ? `${axis} (${most})` : `${axis} (${least} to ${most})`,
  );
  return averaged.length === 0 ? null : averaged.join(", ");
}

/** The values of an array's units: means over whatever else it has. `scope` says which texts they are of, as far as coordinates do not. */
export function unitsOf(
  array: ResultArray,
  { unit, axes }: Extract<UnitAxes, { kind: "units" }>,
  scope: TextsScope,
): Units {
  const means = averageOver(array, axes);
  const faulty = means.cells.filter(({ value }) => !Number.isFinite(value));
  const [first] = faulty;
  const reason =
    first === undefined
      ? null
      : `${faulty.length} of ${means.cells.length} values are not finite (${first.reason ?? "infinite"})`;
  return {
    unit,
    values: means.cells.map(({ coordinates, value }) => ({
      key: keyOf(coordinates, unit, axes, scope),
      value,
    })),
    averaged: averagedText(array, axes),
    reason,
  };
}

/** Prompts are numbered through the groups of their set, documents within their group. */
function keyOf(coordinates: Coordinates, unit: string, axes: readonly string[], scope: TextsScope): string {
  const at = (axis: string): string => String(entryOf(coordinates, axis));
  if (unit !== "prompt" && unit !== "document") return JSON.stringify(axes.map((axis) => [axis, at(axis)]));
  const prompts = entryOf(coordinates, "prompts") ?? scope.prompts;
  const group = unit === "document" ? (entryOf(coordinates, "group") ?? scope.group) : null;
  return JSON.stringify([prompts, group, at(unit)]);
}
