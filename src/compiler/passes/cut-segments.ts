/**
 * Cut segments: graphs are cut where they become the same and share sessions from there on (`lower/cuts.ts`,
 * `lower/segments.ts`). Only on the CPU: elsewhere values return to the host at every border.
 */
import type { PlanChoice } from "./pass.js";
import { cutsFollowGates } from "./plan-conditions.js";

export const cutSegmentsPass = {
  kind: "choice",
  name: "cut-segments",
  does: "shares sessions between graphs, layer by layer",
  requires: [],
  ensures: [cutsFollowGates],
  apply: (draft, { capabilities }) => ({ ...draft, segments: capabilities.segments.holds }),
} as const satisfies PlanChoice;
