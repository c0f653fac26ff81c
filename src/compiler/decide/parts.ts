/** Outcomes of tests as parts of a decision. */
import { adjust, type Correction } from "../statistics/corrections.js";
import type { Bootstrapped } from "../statistics/bootstrap.js";
import type { EffectSize } from "../statistics/effect-sizes.js";
import { undecided, type TestOutcome } from "../statistics/outcome.js";
import { statisticalTest } from "../statistics/table.js";
import type { TestedPart } from "../ir/decision-outcome.js";

/** What a part says before its test is made. */
export type PartFrame = Pick<TestedPart, "coordinates" | "sides" | "n"> & Partial<Pick<TestedPart, "claim">>;

const nothing = {
  claim: null,
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

/**
 * A bootstrap as a test of whether what is estimated lies on one side of `shift`: p is the chance, by its interval, that it
 * lies on the other.
 */
export function bootstrapP(outcome: Bootstrapped, shift: number, alternative: "less" | "greater"): number {
  return alternative === "less" ? 1 - outcome.below(shift) : outcome.below(shift);
}
