/** Batch rows: rows of several conditions share a batch (`lower/batches.ts`). Left out, each condition has its own. */
import type { PlanChoice } from "./pass.js";
import { batchesAreFull } from "./plan-conditions.js";

export const batchRowsPass = {
  kind: "choice",
  name: "batch-rows",
  does: "puts rows of several conditions into one batch",
  requires: [],
  ensures: [batchesAreFull],
  apply: (draft) => ({ ...draft, mixedBatches: true }),
} as const satisfies PlanChoice;
