/** Comparisons and decisions over results (§8 of the language), already checked. */
import type { Span } from "../base/span.js";
import type { Correction } from "../statistics/corrections.js";
import type { Curve } from "../statistics/curve-fit.js";
import type { Coordinate, NamedResult } from "./result-expression.js";

/** A statistical test or measure of effect, with what it draws. */
export interface TestUse {
  readonly name: string;
  /** How many resamples or permutations; null for a test that draws none. */
  readonly count: number | null;
  /** Seed of what is drawn; null for a test that draws nothing. 0 where none is written. */
  readonly seed: number | null;
}

interface Stated {
  /** The whole statement as it is written, on one line. */
  readonly text: string;
  readonly span: Span;
}

/** One thing that a hypothesis expects. */
export type Expectation =
  | {
      readonly kind: "order";
      readonly left: NamedResult;
      readonly operation: "<" | ">" | "<=" | ">=";
      readonly right: NamedResult;
    }
  | {
      readonly kind: "equivalence";
      readonly left: NamedResult;
      readonly right: NamedResult;
      /** How large a difference counts as none; positive, in the unit of the two values. */
      readonly within: number;
    }
  /** The verdict of another hypothesis, by its title. */
  | { readonly kind: "titled"; readonly title: string };

/** `hypothesis "…" expect …`. */
export type Hypothesis = Extract<Decision, { kind: "hypothesis" }>;

/** What a value is correlated with. */
export type CorrelatedWith =
  | { readonly kind: "value"; readonly value: NamedResult }
  /** The numbers of an axis or column that the value has: a trend. */
  | { readonly kind: "axis"; readonly axis: string }
  /** Every level of the axes with every other one: a matrix. */
  | { readonly kind: "levels"; readonly axes: readonly string[] };

export type Decision =
  | (Stated & {
      readonly kind: "compare";
      readonly value: NamedResult;
      readonly axis: string;
      /** Two or more coordinates of the axis, each pair of which is compared; null for all that it has. */
      readonly levels: readonly Coordinate[] | null;
      readonly by: readonly string[];
      readonly tests: readonly TestUse[];
      readonly correction: Correction | null;
    })
  | (Stated & {
      readonly kind: "correlate";
      readonly left: NamedResult;
      readonly right: CorrelatedWith;
      readonly by: readonly string[];
      readonly tests: readonly TestUse[];
      readonly correction: Correction | null;
    })
  | (Stated & {
      readonly kind: "hypothesis";
      readonly title: string;
      /** What is expected: one thing, or several. */
      readonly members: readonly Expectation[];
      /**
       * How many of the expectations, each counted in every group of `by`, must be confirmed; "all" where `all of` is
       * written. Null where nothing is: every group is then a question of its own.
       */
      readonly quantity: "all" | number | null;
      readonly by: readonly string[];
      /** Empty where every member is another hypothesis. */
      readonly tests: readonly TestUse[];
      /** Level of significance, between 0 and 1. */
      readonly alpha: number;
      /** `else not supported`: whatever is decided and not confirmed speaks against it. */
      readonly falsified: boolean;
    })
  | (Stated & {
      readonly kind: "find";
      readonly what: "changepoint" | "peak" | "dip";
      readonly value: NamedResult;
      readonly over: string;
      readonly by: readonly string[];
    })
  | (Stated & {
      readonly kind: "pca";
      readonly value: NamedResult;
      /** Its levels are the observations; every other axis is a feature. */
      readonly over: string;
      readonly components: number;
    })
  | (Stated & {
      readonly kind: "probe";
      /** What its answers are called as a result, whose type is among those of the protocol; null where nothing reads them. */
      readonly name: string | null;
      /** The column of the texts that is predicted: a field, or their group. */
      readonly field: string;
      readonly value: NamedResult;
      /** Places along these are the features. */
      readonly over: readonly string[];
      readonly by: readonly string[];
      /** Whether numbers are names of classes, too. */
      readonly classes: boolean;
      /** At least 2. */
      readonly folds: number;
      /** Texts with one value of this column stay in one fold; null where each text stands for itself. */
      readonly together: string | null;
      /** Above 0. */
      readonly penalty: number;
      /** Of the folds, and of the interval where it is drawn. */
      readonly seed: number;
      /** One at most: permutations. */
      readonly tests: readonly TestUse[];
    })
  | (Stated & {
      readonly kind: "fit";
      readonly curve: Curve;
      readonly value: NamedResult;
      /** An axis or a column of numbers. */
      readonly over: string;
      readonly by: readonly string[];
    })
  | (Stated & {
      readonly kind: "classify";
      readonly value: NamedResult;
      /** In rising order of `below`; the last may have no bound. A value belongs to the first class that it is below. */
      readonly classes: readonly { readonly name: string; readonly below: number | null }[];
    });
