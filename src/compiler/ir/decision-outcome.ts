/** What statements that compare and decide came to. Plain JSON, kept in the record; a number that is not there is null. */
import type { Curve } from "../statistics/curve-fit.js";
import type { Coordinate, Coordinates } from "./result-expression.js";

/**
 * Of a hypothesis. CONFIRMED: significant in the direction that was expected. REJECTED: significant in the other one.
 * NOT SIGNIFICANT: neither. UNDECIDED: the test could not be made, with the reason. PARTIAL: several groups, of which
 * some are confirmed and too few. NOT SUPPORTED: any other than CONFIRMED and UNDECIDED, where the hypothesis says
 * `else not supported`.
 */
export type Verdict = "CONFIRMED" | "PARTIAL" | "NOT SIGNIFICANT" | "REJECTED" | "NOT SUPPORTED" | "UNDECIDED";

export interface OutcomeInterval {
  readonly level: number;
  readonly low: number;
  readonly high: number;
}

/** One test of one group or pair. */
export interface TestedPart {
  /** The group, by the axes of `by`. Empty for all. */
  readonly coordinates: Coordinates;
  /** What is compared, as labels: two levels, or the two sides as they are written. */
  readonly sides: readonly [left: string, right: string];
  /** Of a hypothesis: what is expected here, as it is written, or the title of another hypothesis in quotes. */
  readonly claim: string | null;
  /** A test by name; `hypothesis` for what another hypothesis decided. */
  readonly test: string;
  /** `t`, `U`, `r` …, or `difference`. */
  readonly symbol: string;
  readonly statistic: number | null;
  readonly df: number | null;
  readonly pValue: number | null;
  /** After the correction over the family; null where there is none. */
  readonly adjusted: number | null;
  /** `exact`, `asymptotic`, `t`, `permutations`, `bca`, `percentile`; null where nothing was tested. */
  readonly method: string | null;
  /** A mean difference, a correlation, an effect size: what the interval is of. */
  readonly estimate: number | null;
  readonly interval: OutcomeInterval | null;
  /** Units on each side; for pairs both are the number of pairs. */
  readonly n: readonly [left: number, right: number];
  readonly verdict: Verdict | null;
  /** Why there is no statistic; null otherwise. */
  readonly reason: string | null;
}

/** What a series does. */
export interface FoundPart {
  readonly coordinates: Coordinates;
  /** Where it is: the coordinate of the peak or dip, or of the first value after the change. */
  readonly at: Coordinate | null;
  /** Of a peak or dip the value there; of a changepoint the mean after it. */
  readonly value: number | null;
  /** Of a peak or dip what its neighbours make expected; of a changepoint the mean before it. */
  readonly expected: number | null;
  readonly pValue: number | null;
  /** Of a changepoint: the shape that describes the series best, by AICc. */
  readonly shape: "level" | "step" | "line" | "s-shape" | null;
  readonly n: number;
  readonly reason: string | null;
}

/** A number that a curve has, such as the exponent of a power law. */
export interface FittedCoefficient {
  readonly name: string;
  readonly value: number;
  /** Standard error. */
  readonly error: number;
  readonly interval: OutcomeInterval;
}

/** A curve through the points of one group. */
export interface FittedPart {
  readonly coordinates: Coordinates;
  /** In the order of the curve's formula; empty where nothing was fitted. */
  readonly coefficients: readonly FittedCoefficient[];
  /** Of the exponent or slope `b` being 0; null for a logistic curve. */
  readonly pValue: number | null;
  /** After the correction over the groups; null where there is none. */
  readonly adjusted: number | null;
  /** Share of the variance that the curve explains, on the scale of the fit. */
  readonly rSquared: number | null;
  /** Standard deviation of the residuals, on the scale of the fit. */
  readonly deviation: number | null;
  /** What the curve goes through, by rising x. */
  readonly points: readonly { readonly at: Coordinate; readonly x: number; readonly y: number }[];
  readonly n: number;
  readonly reason: string | null;
}

/** How well a probe does in one group, on texts that it has not seen. */
export interface ProbedPart {
  readonly coordinates: Coordinates;
  /** Texts, and how many units of them stay together; both are the same where each text stands for itself. */
  readonly n: number;
  readonly units: number;
  readonly features: number;
  /** Each class with its texts, and how many of them are predicted right; empty for numbers. */
  readonly classes: readonly { readonly name: string; readonly n: number; readonly right: number | null }[];
  /** Accuracy; of numbers R². */
  readonly score: number | null;
  /** Accuracy of the class that is most frequent in the other folds; of numbers 0, the R² of their mean. */
  readonly baseline: number | null;
  readonly interval: OutcomeInterval | null;
  /** Of a score at least as high, where the field means nothing; null where it was not asked for. */
  readonly pValue: number | null;
  /** After the correction over the groups; null where there is none. */
  readonly adjusted: number | null;
  readonly reason: string | null;
}

interface Outcome {
  /** The statement as it is written, on one line. */
  readonly statement: string;
  /** What a reader needs to know to judge it: units of analysis, pairing, what was averaged, corrections. */
  readonly notes: readonly string[];
}

export type DecisionOutcome =
  | (Outcome & {
      readonly kind: "compare";
      /** What one independent value is of: `prompt`, `document`, `head` … */
      readonly unit: string;
      readonly parts: readonly TestedPart[];
    })
  | (Outcome & {
      readonly kind: "correlate";
      /** As of a comparison. */
      readonly unit: string;
      /** The axes whose levels are correlated with each other, and are the sides of the parts; empty otherwise. */
      readonly between: readonly string[];
      readonly parts: readonly TestedPart[];
    })
  | (Outcome & {
      readonly kind: "hypothesis";
      readonly title: string;
      readonly unit: string;
      readonly parts: readonly TestedPart[];
      readonly alpha: number;
      readonly verdict: Verdict;
      /** In words: the end of a sentence that begins with the verdict. */
      readonly reason: string;
    })
  | (Outcome & {
      readonly kind: "find";
      readonly what: "peak" | "dip" | "changepoint";
      readonly over: string;
      readonly parts: readonly FoundPart[];
    })
  | (Outcome & {
      readonly kind: "pca";
      readonly over: string;
      /** Levels of `over`, in order. */
      readonly observations: readonly Coordinate[];
      /** What each feature is, in the order of the loadings. */
      readonly features: readonly Coordinates[];
      /** The share of the variance along every component, of which `components` has the first. */
      readonly spectrum: readonly number[];
      readonly components: readonly {
        readonly explained: number;
        readonly variance: number;
        readonly scores: readonly number[];
        readonly loadings: readonly number[];
      }[];
      readonly reason: string | null;
    })
  | (Outcome & {
      readonly kind: "probe";
      readonly field: string;
      readonly over: readonly string[];
      /** What the field is taken for. */
      readonly predicts: "classes" | "numbers";
      readonly folds: number;
      readonly penalty: number;
      readonly seed: number;
      readonly parts: readonly ProbedPart[];
    })
  | (Outcome & {
      readonly kind: "fit";
      readonly curve: Curve;
      /** `y = a·x^b` */
      readonly formula: string;
      /** What least squares were taken of: `log y over log x`. */
      readonly scale: string;
      readonly over: string;
      /** The value as it is written. */
      readonly value: string;
      readonly parts: readonly FittedPart[];
    })
  | (Outcome & {
      readonly kind: "classify";
      readonly parts: readonly {
        readonly coordinates: Coordinates;
        readonly value: number | null;
        /** The class; null for a value that is not a number, or above the last bound. */
        readonly name: string | null;
        readonly reason: string | null;
      }[];
    });
