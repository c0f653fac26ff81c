/** Is a difference small enough not to matter? */
import { tAt } from "./distributions.js";
import type { Alternative, Tested, TestOutcome } from "./outcome.js";

/** A test of whether a difference is `shift`, against its being less or greater. */
export type ShiftedTest = (shift: number, alternative: Alternative) => TestOutcome;

export interface Equivalence {
  /** That the difference lies within the margin. */
  readonly expected: TestOutcome;
  /** That it lies outside: beyond one end or the other, so its p is twice the smaller one. */
  readonly opposite: TestOutcome;
}

/**
 * Two one-sided tests: the difference is above −`within` and below `within`, so p is the larger of the two. With a t-test, the
 * interval has the level 1 − 2·alpha, and lies inside ±`within` exactly where p < alpha.
 * @source Schuirmann, "A comparison of the two one-sided tests procedure …", 1987; statsmodels, `ttost_ind` with
 * `usevar="unequal"`.
 */
export function equivalence(test: ShiftedTest, within: number, alpha: number): Equivalence {
  const plain = test(0, "two-sided");
  const inside = [test(-within, "greater"), test(within, "less")] as const;
  const outside = [test(-within, "less"), test(within, "greater")] as const;
  const undecided = [plain, ...inside, ...outside].find(({ kind }) => kind === "undecided");
  const told = tested(plain);
  const [above, below, under, over] = [...inside, ...outside].map(tested);
  if (undecided !== undefined || told === null || !above || !below || !under || !over) {
    const outcome = undecided ?? plain;
    return { expected: outcome, opposite: outcome };
  }
  const { estimate } = told;
  const interval = narrower(told, alpha);
  const larger = above.pValue >= below.pValue ? above : below;
  const smaller = under.pValue <= over.pValue ? under : over;
  return {
    expected: { ...larger, estimate, interval },
    opposite: { ...smaller, estimate, interval, pValue: Math.min(1, 2 * smaller.pValue) },
  };
}

function tested(outcome: TestOutcome): Tested | null {
  return outcome.kind === "tested" ? outcome : null;
}

/** The interval of level 1 − 2·alpha around the estimate of a t-test; the one that it has for any other test. */
function narrower({ df, interval, estimate, method }: Tested, alpha: number): Tested["interval"] {
  if (df === null || interval === null || method !== "t") return interval;
  const error = (interval.high - interval.low) / 2 / tAt(1 - (1 - interval.level) / 2, df);
  const reach = tAt(1 - alpha, df) * error;
  return { level: 1 - 2 * alpha, low: estimate - reach, high: estimate + reach };
}
