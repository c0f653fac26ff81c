/** Comparisons and decisions over results (§8 of the language), already checked. */
import type { Span } from "../base/span.js";
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

export type Decision =
  | (Stated & {
      readonly kind: "compare";
      readonly value: NamedResult;
      readonly axis: string;
      /** Two or more coordinates of the axis: each pair is compared. */
      readonly levels: readonly Coordinate[];
      readonly tests: readonly TestUse[];
      readonly correction: "holm" | "bh" | "bonferroni" | null;
    })
  | (Stated & {
      readonly kind: "correlate";
      readonly left: NamedResult;
      readonly right: NamedResult;
      readonly by: readonly string[];
      readonly tests: readonly TestUse[];
    })
  | (Stated & {
      readonly kind: "hypothesis";
      readonly title: string;
      readonly left: NamedResult;
      readonly operation: "<" | ">" | "<=" | ">=";
      readonly right: NamedResult;
      readonly by: readonly string[];
      readonly tests: readonly TestUse[];
      /** Level of significance, between 0 and 1. */
      readonly alpha: number;
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
      readonly kind: "classify";
      readonly value: NamedResult;
      /** In rising order of `below`; the last may have no bound. A value belongs to the first class that it is below. */
      readonly classes: readonly { readonly name: string; readonly below: number | null }[];
    });
