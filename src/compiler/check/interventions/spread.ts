/** Places × positions × values: the sweep of one intervention. */
import type { Span } from "../../base/span.js";
import type { SiteWrite } from "../../ir/protocol.js";
import { tooMany } from "../faults.js";
import { limits } from "../limits.js";
import type { InterventionContext, Sweep, SweepPoint, Variant } from "./context.js";
import type { SweptPositions } from "./positions.js";

/** Whether a sweep of so many places, positions and values is small enough to be built; reports one that is not. */
export function isPossible(
  cx: InterventionContext,
  [places, positions, values]: readonly [places: number, positions: number, values: number],
  span: Span,
): boolean {
  const count = places * positions * values;
  if (count <= limits.conditions) return true;
  const sizes = `${places} places, ${positions} positions, ${values} values`;
  tooMany(cx, span, "conditions", count, "this sweep", "conditions", `it has ${sizes}: name fewer`);
  return false;
}

/**
 * One point for each value, place and position; with `together` all places and positions at once, and one point for
 * each value. Null when there would be too many.
 */
export function spread(
  cx: InterventionContext,
  variants: readonly Variant[],
  positions: readonly SweptPositions[],
  together: boolean,
  span: Span,
): Sweep | null {
  if (!isPossible(cx, [variants[0]?.places.length ?? 0, positions.length, variants.length], span)) return null;
  const points: SweepPoint[] = [];
  for (const { coordinates: chosen, places } of variants) {
    const all: SiteWrite[] = [];
    for (const { coordinates: place, spots, replacement } of places) {
      for (const { coordinates: position, selection } of positions) {
        const writes = spots.map((spot) => ({ ...spot, positions: selection, replacement }));
        if (together) all.push(...writes);
        else points.push({ coordinates: { ...place, ...position, ...chosen }, writes });
      }
    }
    if (together) points.push({ coordinates: chosen, writes: all });
  }
  return { points, span };
}
