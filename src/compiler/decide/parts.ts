/** Outcomes of tests as parts of a decision. */
import { adjust, type Correction } from "../statistics/corrections.js";
import type { Bootstrapped } from "../statistics/bootstrap.js";
import type { EffectSize } from "../statistics/effect-sizes.js";
import { undecided, type TestOutcome, type Undecided } from "../statistics/outcome.js";
import { statisticalTest } from "../statistics/table.js";
import type { TestedPart } from "../ir/decision-outcome.js";

/** What a part says before its test is made. */
export type PartFrame = Pick<TestedPart, "coordinates" | "sides" | "n">;

const nothing = {
  statistic: null,
  df: null,
  pValue: null,
  adjusted: null,
  method: null,
  estimate: null,
  interval: null,
  verdict: null,
  reason: null,
} as const;

/** A part for whatever a test, an effect size or a bootstrap gave. */
export function partOf(
  frame: PartFrame,
  test: string,
  outcome: TestOutcome | EffectSize | Bootstrapped,
  symbol: string = statisticalTest(test).symbol,
): TestedPart {
  const common = { ...nothing, ...frame, test, symbol };
  switch (outcome.kind) {
    case "undecided":
      return { ...common, reason: outcome.reason };
    case "effect":
      return { ...common, statistic: outcome.value, estimate: outcome.value, interval: outcome.interval };
    case "bootstrapped": {
      const { estimate, interval, method } = outcome;
      return { ...common, statistic: estimate, estimate, interval, method };
    }
    case "tested": {
      const { statistic, df, pValue, method, estimate, interval } = outcome;
      const shown = Number.isNaN(estimate) ? null : estimate;
      return { ...common, statistic, df, pValue, method, estimate: shown, interval };
    }
  }
}

export function undecidedPart(frame: PartFrame, test: string, reason: string): TestedPart {
  return partOf(frame, test, undecided(reason));
}

/** The parts with p-values corrected over each test's family: all parts that use the same test. */
export function corrected(parts: readonly TestedPart[], correction: Correction | null): readonly TestedPart[] {
  if (correction === null) return parts;
  const adjusted = new Map<TestedPart, number>();
  for (const test of new Set(parts.map((part) => part.test))) {
    const family = parts.filter((part) => part.test === test && part.pValue !== null);
    const values = adjust(
      family.map(({ pValue }) => pValue ?? Number.NaN),
      correction,
    );
    family.forEach((part, i) => adjusted.set(part, values[i] ?? Number.NaN));
  }
  return parts.map((part) => ({ ...part, adjusted: adjusted.get(part) ?? null }));
}

/** A bootstrap with the p of one direction: the chance that what is estimated lies on the other side of 0. */
export function withDirection(
  part: TestedPart,
  outcome: Bootstrapped | Undecided,
  alternative: "less" | "greater",
): TestedPart {
  if (outcome.kind === "undecided") return part;
  return { ...part, pValue: alternative === "less" ? 1 - outcome.belowZero : outcome.belowZero };
}
