/** `with ci …`: intervals beside the means of a table, a line plot or a bar plot. */
import type { IntervalRequest } from "../../ir/outputs.js";
import type { IntervalClause } from "../../syntax/ast.js";
import { reportError } from "../faults.js";
import type { ResultContext } from "./result-context.js";
import { isWhole } from "./statistics.js";

/**
 * 2,000 draws: an end of a 95% interval is a quantile near 2.5%, which 50 draws then lie outside of. Its standard deviation
 * from seed to seed is √(0.025 · 0.975 / 2000) / φ(1.96) = 0.06 of the statistic's, or 1.5% of the interval's width (normal
 * statistic); with 200 draws it would be 5%.
 */
const defaults = { level: 0.95, count: 2000, seed: 0 } as const;

/** How an output stands to intervals: which get them without being asked, and what takes none. */
export interface TakesIntervals {
  /** Whether means over documents have an interval without being asked. */
  readonly byDefault: boolean;
  /** What takes no intervals, in words; null where intervals have a meaning. */
  readonly none: string | null;
}

/** What intervals an output has; null for none, false after an error, which has been reported. */
export function checkIntervals(
  cx: Pick<ResultContext, "report">,
  clause: IntervalClause | null,
  { byDefault, none }: TakesIntervals,
): IntervalRequest | null | false {
  if (clause === null) return byDefault ? { when: "documents", ...defaults } : null;
  if (none !== null) {
    const hint = "intervals stand beside means: in `table`, `plot line` and `plot bar`";
    reportError(cx, "A1004", clause.span, { what: "`with ci`", statement: none }, { hint });
    return false;
  }
  const { off, level, draws } = clause;
  if (off) {
    if (draws === null) return null;
    reportError(cx, "A1004", draws.span, { what: draws.name.text, statement: "`with ci off`" });
    return false;
  }
  if (level !== null && !(level.value > 0 && level.value < 1)) {
    const percent = level.value > 1 && level.value < 100 ? { hint: `write \`with ci ${level.value / 100}\`` } : {};
    const expected = "a level between 0 and 1, such as 0.95";
    reportError(cx, "A3005", level.span, { value: level.text, expected }, percent);
    return false;
  }
  const asked = { ...defaults, when: "asked", level: level?.value ?? defaults.level } as const;
  if (draws === null) return asked;
  const { name, count, seed } = draws;
  if (name.text !== "bootstrap") {
    const hint = "intervals are drawn by bootstrap: `with ci bootstrap(10000) seed 3`";
    reportError(cx, "A2001", name.span, { kind: "interval", name: name.text }, { suggestions: ["bootstrap"], hint });
    return false;
  }
  if (count !== null && !isWhole(cx, count, fewestDraws)) return false;
  if (seed !== null && !isWhole(cx, seed, 0)) return false;
  return { ...asked, count: count?.value ?? defaults.count, seed: seed?.value ?? defaults.seed };
}

/** With fewer draws, less than three of them lie outside of an end of a 95% interval. */
const fewestDraws = 100;
