/** `together` and `together over AXIS, …`: which axes of an intervention's sweep become one condition. */
import { nearestNames } from "../../base/suggest.js";
import type { Positions, Together } from "../../syntax/ast.js";
import { reportError } from "../faults.js";
import type { InterventionContext } from "./context.js";

/** What a clause says of its sweep, wherever it stands. */
export interface Reach {
  readonly positions: Positions | null;
  readonly together: Together | null;
}

/** Whether a clause changes all of its positions at once. */
export function joinsPositions(together: Together | null): boolean {
  return together !== null && (together.over.length === 0 || together.over.some(({ text }) => text === "position"));
}

/** Why a sweep without a range after `at` has no positions to join. */
const noPositions =
  "positions are an axis where `at` names several, as in `at -3..-1` or `at *`; without it all of them are changed at once";

/**
 * The axes that `together` joins: of a sweep over `places`, the axes of its places, and `position` where `at` names a
 * range. Plain `together` joins all of them. Null after an error: an axis that the sweep does not have, or one twice.
 */
export function joinedAxes(
  cx: InterventionContext,
  { positions, together }: Reach,
  places: readonly string[],
): ReadonlySet<string> | null {
  if (together === null) return new Set();
  const ranges = positions?.at.kind === "range" || positions?.at.kind === "all";
  const axes = [...places, ...(ranges ? ["position"] : [])];
  if (together.over.length === 0) return new Set([...axes, "position"]);
  for (const [i, { text, span }] of together.over.entries()) {
    if (!axes.includes(text)) {
      const called = text === "pos" && ranges ? ["position"] : nearestNames(text, axes);
      const suggestions = called.length === 0 ? {} : { suggestions: called };
      const several = axes.length > 1 ? "one of its axes, " : "";
      const expected = axes.length === 0 ? "nothing to join: this has one condition" : `${several}${axes.join(", ")}`;
      const hint = text === "position" || text === "pos" ? { hint: noPositions } : {};
      reportError(cx, "A3004", span, { expected, found: text }, { ...suggestions, ...hint });
      return null;
    }
    if (together.over.findIndex((other) => other.text === text) < i) {
      reportError(cx, "A1003", span, { what: `the axis ${text}` });
      return null;
    }
  }
  return new Set(together.over.map(({ text }) => text));
}
