/**
 * Stop after last need: graphs yield nothing but measures and what gates tell, and the removal of dead nodes, which lowering
 * ends with, takes away what comes after the last site that these need. Left out, every graph runs to its logits.
 */
import type { PlanChoice } from "./pass.js";
import { endsAtLastNeed } from "./plan-conditions.js";

export const stopAfterLastNeedPass = {
  kind: "choice",
  name: "stop-after-last-need",
  does: "computes nothing after the last measured site",
  requires: [],
  ensures: [endsAtLastNeed],
  apply: (draft) => ({ ...draft, graphs: { ...draft.graphs, whole: false } }),
} as const satisfies PlanChoice;
