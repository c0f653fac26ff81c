/** What results a protocol will have, for checking the statements that read them: columns and axes of experiments. */
import type { Coordinate, Coordinates, Study, TokenizedTexts } from "../ir/protocol.js";
import type { LetStatement } from "../syntax/ast.js";
import { deferredAxes } from "./interventions/deferred-axes.js";
import { resultAxis } from "./measures.js";

export interface ExperimentShape {
  readonly name: string;
  readonly metrics: readonly string[];
  /** Every axis with its coordinates; null where they depend on what is measured, such as positions. */
  readonly coordinates: ReadonlyMap<string, ReadonlySet<Coordinate> | null>;
  readonly hasIntervention: boolean;
  /** Metrics that are 0 in the unmodified model by definition (`recovery of …`): their value is the whole result. */
  readonly normalised: ReadonlySet<string>;
  /** False when something about it was wrong: its axes and metrics are then incomplete, and nothing is said of them. */
  readonly complete: boolean;
}

export interface ResultScope {
  readonly experiments: ReadonlyMap<string, ExperimentShape>;
  readonly lets: ReadonlyMap<string, LetStatement>;
}

/** Axes of all the studies of one experiment, in the order in which a table shows them. */
export function experimentShape(
  name: string,
  studies: readonly Study[],
  texts: readonly TokenizedTexts[],
  metrics: readonly string[],
  complete: boolean,
  normalised: ReadonlySet<string> = new Set(),
): ExperimentShape {
  const coordinates = new Map<string, Set<Coordinate> | null>();
  const add = (axis: string, value: Coordinate): void => {
    const known = coordinates.get(axis);
    if (known === undefined) coordinates.set(axis, new Set([value]));
    else known?.add(value);
  };
  const addAll = (point: Coordinates): void => {
    for (const [axis, value] of Object.entries(point)) add(axis, value);
  };
  for (const study of studies) {
    addAll(study.coordinates);
    for (const set of texts) {
      if (set.name !== study.texts || set.model !== study.model) continue;
      // The windows of a corpus are put together again: its results are those of whole texts.
      for (const document of set.documents ?? []) addAll(document.columns);
      if (set.documents !== null) continue;
      for (const prompt of set.prompts) {
        add("prompt", prompt.index);
        addAll(prompt.columns);
      }
    }
    for (const condition of study.conditions) addAll(condition.coordinates);
    // Which places a selection by another experiment's result chooses is known when that result is there.
    for (const axis of deferredAxes(study.deferred)) coordinates.set(axis, countsOf(study));
    const conditionAxes = new Set([
      ...study.conditions.flatMap((c) => Object.keys(c.coordinates)),
      ...deferredAxes(study.deferred),
    ]);
    for (const measure of study.measures) {
      addAll(measure.coordinates);
      for (const axis of measure.type.axes) coordinates.set(resultAxis(axis.name, conditionAxes), null);
    }
  }
  return {
    name,
    metrics,
    coordinates,
    hasIntervention: studies.some((s) => s.conditions.length > 1 || s.deferred !== null),
    normalised,
    complete,
  };
}

/** The coordinates of `count`, the axis of `top 1..20`; null for any other selection. */
function countsOf({ deferred }: Study): Set<Coordinate> | null {
  if (deferred?.isRange !== true) return null;
  return new Set(Array.from({ length: deferred.last - deferred.first + 1 }, (_, i) => deferred.first + i));
}
