/**
 * The places that a ranking can tell apart. An experiment can measure one thing for each head and another for each prompt
 * only: it depends on the column whether there is anything to rank.
 */
import type { Coordinates, Measure, ResultCondition, ResultExpression, Study } from "../../ir/protocol.js";
import { extentSize } from "../../ir/tensor-type.js";
import { choiceParts, comparedIn, fixedAxes } from "../../ir/result-expression.js";
import { deferredAxes } from "../../ir/deferred-axes.js";

type Place = Readonly<Record<string, number>>;

/** What is known of an expression's values before anything runs. */
export interface Ranked {
  /** Those of the places' axes that the values have. */
  readonly axes: ReadonlySet<string>;
  /** Those of the axes that say what was measured, the others saying what was changed in the model. */
  readonly measured: ReadonlySet<string>;
  /** The places that can have a value; null where that shows in the run only. */
  readonly places: ReadonlyMap<string, Place> | null;
}

const nothing: Ranked = { axes: new Set(), measured: new Set(), places: null };

/** The places along `axes` that `by` has values for, in `studies`: those that read the model at hand. */
export function rankedPlaces(by: ResultExpression, studies: readonly Study[], axes: readonly string[]): Ranked {
  switch (by.kind) {
    case "number":
      return nothing;
    case "column":
      return columnPlaces(
        studies.filter((study) => study.experiment === by.experiment),
        by.metric,
        axes,
      );
    case "call":
    case "rank":
      return rankedPlaces(by.argument, studies, axes);
    case "rename":
      // A new name is that of no place; what had it before is gone.
      return without(rankedPlaces(by.argument, studies, axes), by.from);
    case "argmax":
      return without(rankedPlaces(by.argument, studies, axes), [by.over]);
    case "reduce":
    case "quantile":
      return without(rankedPlaces(by.argument, studies, axes), by.over ?? axes);
    case "where": {
      const of = rankedPlaces(by.argument, studies, axes);
      const kept = [...(of.places ?? [])].filter(([, place]) => holds(by.condition, place) !== false);
      return without({ ...of, places: of.places === null ? null : new Map(kept) }, fixedAxes(by.condition));
    }
    case "binary":
      return joined(rankedPlaces(by.left, studies, axes), rankedPlaces(by.right, studies, axes));
    case "choice":
      return choiceParts(by)
        .map((part) => rankedPlaces(part, studies, axes))
        .reduce(joined, nothing);
    case "truth": {
      const sides = comparedIn(by.condition).map((side) => rankedPlaces(side, studies, axes));
      return sides.reduce(joined, nothing);
    }
  }
}

function columnPlaces(studies: readonly Study[], metric: string, axes: readonly string[]): Ranked {
  const found = new Map<string, Place>();
  const own = new Set<string>();
  const measured = new Set<string>();
  let known = true;
  for (const study of studies) {
    const changes = study.conditions.length > 1 ? study.conditions.slice(1) : study.conditions;
    const conditionAxes = new Set([
      ...changes.flatMap(({ coordinates }) => Object.keys(coordinates)),
      ...deferredAxes(study.deferred),
    ]);
    for (const axis of conditionAxes) own.add(axis);
    if (study.deferred !== null) known = false;
    for (const measure of study.measures) {
      if (measure.metric !== metric) continue;
      const points = measuredPoints(measure, axes);
      for (const axis of Object.keys(points[0] ?? {})) measured.add(axis);
      for (const { coordinates } of changes) {
        for (const point of points) addPlace(found, { ...coordinates, ...point }, axes);
      }
    }
  }
  const all = axes.filter((axis) => own.has(axis) || measured.has(axis));
  return {
    axes: new Set(all),
    measured: new Set(all.filter((axis) => measured.has(axis))),
    places: known && all.length === axes.length ? found : null,
  };
}

/** The points of a measure along those of `axes` that it has, as results call them. */
function measuredPoints(
  { coordinates, type, axes: measured }: Measure,
  axes: readonly string[],
): readonly Coordinates[] {
  let points: readonly Coordinates[] = [coordinates];
  for (const [i, { extent }] of type.axes.entries()) {
    const axis = measured[i]?.name ?? "";
    if (!axes.includes(axis)) continue;
    const entries = Array.from({ length: extentSize(extent, 0) }, (_, i) => i);
    points = points.flatMap((point) => entries.map((entry) => ({ ...point, [axis]: entry })));
  }
  return points;
}

function addPlace(found: Map<string, Place>, coordinates: Coordinates, axes: readonly string[]): void {
  const place = Object.fromEntries(axes.map((axis) => [axis, Number(coordinates[axis] ?? Number.NaN)]));
  if (Object.values(place).every(Number.isInteger)) found.set(Object.values(place).join("."), place);
}

function without({ axes, measured, places }: Ranked, removed: readonly string[]): Ranked {
  const left = (of: ReadonlySet<string>): ReadonlySet<string> =>
    new Set([...of].filter((axis) => !removed.includes(axis)));
  const kept = left(axes);
  return { axes: kept, measured: left(measured), places: kept.size === axes.size ? places : null };
}

/** Both sides have to have a value at a place, where both have places. */
function joined(left: Ranked, right: Ranked): Ranked {
  const both =
    left.places === null || right.places === null
      ? (left.places ?? right.places)
      : new Map([...left.places].filter(([key]) => right.places?.has(key) === true));
  return {
    axes: new Set([...left.axes, ...right.axes]),
    measured: new Set([...left.measured, ...right.measured]),
    places: both,
  };
}

/** Whether a place fulfils a condition; null where that depends on more than the place. */
function holds(condition: ResultCondition, place: Place): boolean | null {
  switch (condition.kind) {
    case "axis": {
      const at = place[condition.axis];
      return at === undefined ? null : condition.among.includes(at);
    }
    case "and": {
      const parts = condition.operands.map((operand) => holds(operand, place));
      return parts.includes(false) ? false : parts.includes(null) ? null : true;
    }
    case "or": {
      const parts = condition.operands.map((operand) => holds(operand, place));
      return parts.includes(true) ? true : parts.includes(null) ? null : false;
    }
    case "not": {
      const inner = holds(condition.operand, place);
      return inner === null ? null : !inner;
    }
    case "compare":
    case "among":
      return null;
  }
}
