/** What a test says: a p-value with what it is about, or why there is none. */

/** Which way a test looks: whether the first is less than the second (or than a number), greater, or either. */
export type Alternative = "less" | "greater" | "two-sided";

/** A range that holds the true value with probability `level`, if the assumptions of its method hold. */
export interface Interval {
  readonly level: number;
  readonly low: number;
  readonly high: number;
}

export interface Tested {
  readonly kind: "tested";
  /** The test statistic (t, U, the sum of positive ranks, r, an observed difference). */
  readonly statistic: number;
  /** Degrees of freedom; null for tests without. */
  readonly df: number | null;
  readonly pValue: number;
  /** How p was found: `exact` and `asymptotic` as SciPy names them, `permutations` where labels were drawn. */
  readonly method: "exact" | "asymptotic" | "t" | "permutations";
  /** What is estimated: a mean, a difference of means, a correlation. NaN where the test estimates nothing. */
  readonly estimate: number;
  /** Of the estimate, two-sided; null where the test gives none. */
  readonly interval: Interval | null;
}

/** A test that cannot be made; `reason` is the end of a sentence that begins with "undecided: ". */
export interface Undecided {
  readonly kind: "undecided";
  readonly reason: string;
}

export type TestOutcome = Tested | Undecided;

export function undecided(reason: string): Undecided {
  return { kind: "undecided", reason };
}

/** Level of every interval that a test gives unless another is asked for. */
export const intervalLevel = 0.95;

/** A p-value from the two tails of a distribution: `below` = P(X ≤ x), `above` = P(X ≥ x). */
export function pFromTails(below: number, above: number, alternative: Alternative): number {
  if (alternative === "less") return below;
  if (alternative === "greater") return above;
  return Math.min(1, 2 * Math.min(below, above));
}
