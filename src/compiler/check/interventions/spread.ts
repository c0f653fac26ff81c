/** Places × positions × values: the sweep of one intervention. */
import type { Span } from "../../base/span.js";
import type { Coordinates, SiteWrite } from "../../ir/protocol.js";
import { tooMany } from "../faults.js";
import { limits } from "../limits.js";
import type { InterventionContext, Sweep, SweepPoint, Variant } from "./context.js";
import type { SweptPositions } from "./positions.js";
import { joinedAxes, type Reach } from "./together.js";

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
 * One point for each value, place and position. What differs in the axes that the clause's `together` joins alone is one
 * point; plain `together` makes one point for each value. Null when there would be too many.
 */
export function spread(
  cx: InterventionContext,
  variants: readonly Variant[],
  positions: readonly SweptPositions[],
  clause: Reach & { readonly span: Span },
): Sweep | null {
  const { span } = clause;
  const places = variants[0]?.places ?? [];
  if (!isPossible(cx, [places.length, positions.length, variants.length], span)) return null;
  const joined = joinedAxes(cx, clause, [...new Set(places.flatMap(({ coordinates }) => Object.keys(coordinates)))]);
  if (joined === null) return null;
  const points: SweepPoint[] = [];
  for (const variant of variants) {
    /** Points of this variant by what is left of their coordinates. */
    const made = new Map<string, SiteWrite[]>();
    for (const { coordinates: place, spots, replacement, drawn } of variant.places) {
      for (const { coordinates: position, selection } of positions) {
        const writes = spots.map((spot) => ({ ...spot, positions: selection, replacement }));
        const coordinates = without({ ...place, ...position }, joined);
        const key = JSON.stringify(Object.entries(coordinates));
        const known = made.get(key);
        if (known !== undefined && clause.together !== null) {
          known.push(...writes);
          continue;
        }
        made.set(key, writes);
        const own = drawn === undefined ? {} : { drawn };
        points.push({ coordinates: { ...coordinates, ...variant.coordinates }, writes, ...own });
      }
    }
  }
  return { points, span };
}

function without(coordinates: Coordinates, joined: ReadonlySet<string>): Coordinates {
  return Object.fromEntries(Object.entries(coordinates).filter(([axis]) => !joined.has(axis)));
}
