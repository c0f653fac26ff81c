/** Results whose means say little, because a few values outweigh all others. */
import { baselineCondition } from "../ir/result-type.js";
import { visitRows } from "../ir/result-table.js";
import type { ResultSet } from "../ir/results.js";
import { countOf } from "./describe.js";

/**
 * A patch that brings back the whole difference between two runs has the recovery 1. Beyond five times that, the two runs
 * agreed so nearly that the share of their difference means nothing.
 */
const plausibleRecovery = 5;

/** A sentence for each metric of shares of a difference, where that difference was almost nothing for some prompts. */
export function unstableMeans({ types, rows }: ResultSet): readonly string[] {
  return [...types.values()].flatMap(({ experiment, metrics }) =>
    metrics.flatMap(({ name, normalised }) => {
      if (!normalised) return [];
      let total = 0;
      let beyond = 0;
      let largest = 0;
      visitRows(rows, (row) => {
        if (row.experiment !== experiment || row.metric !== name || row.condition === baselineCondition) return;
        if (!Number.isFinite(row.value)) return;
        total++;
        const size = Math.abs(row.value);
        if (size > plausibleRecovery) beyond++;
        if (size > largest) largest = size;
      });
      if (beyond === 0) return [];
      return [
        `${experiment}.${name}: ${beyond} of ${countOf(total, "value")} lie beyond ±${plausibleRecovery} (the largest is ` +
          `${Number(largest.toPrecision(3))} in size): there the two runs hardly differ, and means over prompts say little`,
      ];
    }),
  );
}
