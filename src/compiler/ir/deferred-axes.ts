/** Axes and number of the conditions that another experiment's result decides. */
import { isUnit } from "../base/place-units.js";
import type { DeferredConditions } from "./protocol.js";

/** Axes whose coordinates name one place of a target. */
export function placeAxes(target: DeferredConditions["target"]): readonly string[] {
  return isUnit(target) ? ["layer", target] : ["layer"];
}

/** Axes of the conditions that a selection will make. */
export function deferredAxes(deferred: DeferredConditions | null): readonly string[] {
  if (deferred === null) return [];
  if (deferred.isRange) return ["count"];
  return deferred.together ? [] : placeAxes(deferred.target);
}

/** How many conditions a selection will make. */
export function deferredMost(deferred: DeferredConditions | null): number {
  if (deferred === null) return 0;
  if (deferred.isRange) return deferred.last - deferred.first + 1;
  return deferred.together ? 1 : deferred.last;
}
