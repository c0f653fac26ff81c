/** What checking interventions knows, and what every kind of intervention becomes. */
import type { Span } from "../../base/span.js";
import type { Coordinates, ReplacementValue, SiteWrite } from "../../ir/protocol.js";
import type { Spot } from "../../ir/targets.js";
import type { MeasureContext } from "../measures/measures.js";

export interface InterventionContext extends MeasureContext {
  /** Name of the texts that the experiment runs on, in the form of `TokenizedTexts.name`: `textsName` or half of it. */
  readonly runsOn: string;
}

/** One point of a sweep over places: its coordinates and what it changes. */
export interface PlacePoint {
  readonly coordinates: Coordinates;
  readonly spots: readonly Spot[];
  /** The places that were drawn at random, in words; absent where they are named. */
  readonly drawn?: string;
}

/** One point of an intervention's sweep: what it changes there. */
export interface SweepPoint {
  readonly coordinates: Coordinates;
  readonly writes: readonly SiteWrite[];
  /** As in {@link PlacePoint}. */
  readonly drawn?: string;
}

/** An intervention: one condition for each point of its sweep. */
export interface Sweep {
  readonly points: readonly SweepPoint[];
  readonly span: Span;
}

/** A place with what is put there. */
export interface PlacedReplacement extends PlacePoint {
  readonly replacement: ReplacementValue;
}

/** Everything that one choice of values puts in, beside the coordinates of that choice (`factor` of a list of factors). */
export interface Variant {
  readonly coordinates: Coordinates;
  readonly places: readonly PlacedReplacement[];
}

/** The same replacement at every place. */
export function everyPlace(
  places: readonly PlacePoint[],
  replacement: ReplacementValue,
  coordinates: Coordinates = {},
): Variant {
  return { coordinates, places: places.map((place) => ({ ...place, replacement })) };
}
