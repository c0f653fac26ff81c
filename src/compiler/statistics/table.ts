/** The tests that a protocol may name after `using`. */
import { pearson, spearman } from "./correlation.js";
import { cohensD, hedgesG, pairedCohensD, pairedHedgesG, type EffectSize } from "./effect-sizes.js";
import { undecided, type Alternative, type TestOutcome, type Undecided } from "./outcome.js";
import { permuteGroups, permutePairs, permuteSigns, type Draws } from "./permutation.js";
import { mannWhitney, wilcoxon } from "./rank-tests.js";
import type { Sample } from "./samples.js";
import { oneSampleT, pairedT, pooledT, welchT } from "./t-tests.js";

export type TestedBy = "compare" | "correlate" | "hypothesis";

/** What is tested: one sample against a number, two samples in pairs, or two independent samples. */
export type Samples =
  | { readonly kind: "one"; readonly sample: Sample; readonly expected: number }
  | { readonly kind: "paired"; readonly left: Sample; readonly right: Sample }
  | { readonly kind: "independent"; readonly left: Sample; readonly right: Sample };

export interface StatisticalTest {
  readonly name: string;
  /** What it is, for the documentation: what it compares and what it assumes. */
  readonly meaning: string;
  /** The symbol of its statistic. */
  readonly symbol: string;
  /** Statements that may use it. */
  readonly in: readonly TestedBy[];
  /** True when it draws at random: then it says how often, in parentheses. */
  readonly draws: boolean;
  /**
   * The test of these samples, or null for samples that it is not made for. Absent for what is no test: effect sizes and
   * the bootstrap, which `compare`, `correlate` and `hypothesis` handle by themselves.
   */
  readonly run?: (samples: Samples, alternative: Alternative, draws: Draws) => TestOutcome | null;
}

const differences = ["compare", "hypothesis"] as const;
const everywhere = ["compare", "correlate", "hypothesis"] as const;

/** In the order of the reference. */
export const statisticalTests: readonly StatisticalTest[] = [
  {
    name: "t_test",
    meaning:
      "Student's t-test: one sample against a number (ttest_1samp), or two independent samples with equal variances (ttest_ind).",
    symbol: "t",
    in: differences,
    draws: false,
    run: (samples, alternative) => {
      if (samples.kind === "one") return oneSampleT(samples.sample, samples.expected, alternative);
      return samples.kind === "independent" ? pooledT(samples.left, samples.right, alternative) : null;
    },
  },
  {
    name: "welch_t",
    meaning: "Welch's t-test: two independent samples, whatever their variances (ttest_ind with equal_var=False).",
    symbol: "t",
    in: differences,
    draws: false,
    run: (samples, alternative) =>
      samples.kind === "independent" ? welchT(samples.left, samples.right, alternative) : null,
  },
  {
    name: "paired_t",
    meaning: "The t-test of pairs (ttest_rel).",
    symbol: "t",
    in: differences,
    draws: false,
    run: (samples, alternative) =>
      samples.kind === "paired" ? pairedT(samples.left, samples.right, alternative) : null,
  },
  {
    name: "mann_whitney",
    meaning: "Mann–Whitney U: whether values of one of two independent samples tend to be larger (mannwhitneyu).",
    symbol: "U",
    in: differences,
    draws: false,
    run: (samples, alternative) =>
      samples.kind === "independent" ? mannWhitney(samples.left, samples.right, alternative) : null,
  },
  {
    name: "wilcoxon",
    meaning: "Wilcoxon's signed-rank test of pairs, or of one sample against a number (wilcoxon).",
    symbol: "W",
    in: differences,
    draws: false,
    run: (samples, alternative) => {
      if (samples.kind === "independent") return null;
      if (samples.kind === "paired") return wilcoxon(samples.left, samples.right, alternative);
      return wilcoxon(
        samples.sample.map((value) => value - samples.expected),
        null,
        alternative,
      );
    },
  },
  {
    name: "permutation",
    meaning:
      "Exchanges labels (signs of pairs, members of groups) N times: permutation(N) seed S. Exact where N suffices.",
    symbol: "difference",
    in: everywhere,
    draws: true,
    run: (samples, alternative, draws) => {
      if (samples.kind === "independent") return permuteGroups(samples.left, samples.right, alternative, draws);
      if (samples.kind === "paired") return permuteSigns(samples.left, samples.right, alternative, draws);
      const shifted = samples.sample.map((value) => value - samples.expected);
      return permuteSigns(shifted, null, alternative, draws);
    },
  },
  {
    name: "bootstrap",
    meaning: "Draws units with replacement N times: bootstrap(N) seed S. An interval (BCa), for any statistic.",
    symbol: "difference",
    in: everywhere,
    draws: true,
  },
  {
    name: "cohens_d",
    meaning: "Effect size: difference of means over the pooled standard deviation.",
    symbol: "d",
    in: ["compare"],
    draws: false,
  },
  {
    name: "hedges_g",
    meaning: "Cohen's d without its bias in small samples.",
    symbol: "g",
    in: ["compare"],
    draws: false,
  },
  {
    name: "pearson",
    meaning: "Pearson's r: whether two values rise together along a line.",
    symbol: "r",
    in: ["correlate"],
    draws: false,
  },
  {
    name: "spearman",
    meaning: "Spearman's ρ: whether two values rise together in any monotone way.",
    symbol: "ρ",
    in: ["correlate"],
    draws: false,
  },
];

const byName = new Map(statisticalTests.map((test) => [test.name, test]));

/** The test of that name. @throws RangeError (a fault of ours) for a name that was not checked. */
export function statisticalTest(name: string): StatisticalTest {
  const test = byName.get(name);
  if (test === undefined) throw new RangeError(`there is no test ${name}`);
  return test;
}

/** An effect size by name, of two samples; null for what is no effect size. */
export function effectSize(name: string, samples: Samples): EffectSize | Undecided | null {
  if (name !== "cohens_d" && name !== "hedges_g") return null;
  if (samples.kind === "one") return undecided("an effect size compares two samples");
  if (name === "hedges_g") {
    return samples.kind === "paired"
      ? pairedHedgesG(samples.left, samples.right)
      : hedgesG(samples.left, samples.right);
  }
  return samples.kind === "paired" ? pairedCohensD(samples.left, samples.right) : cohensD(samples.left, samples.right);
}

/** A correlation by name, of pairs; `permutation` exchanges the pairs. Null for what is none. */
export function correlationTest(
  name: string,
  left: Sample,
  right: Sample,
  alternative: Alternative,
  draws: Draws,
): TestOutcome | null {
  if (name === "pearson") return pearson(left, right, alternative);
  if (name === "spearman") return spearman(left, right, alternative);
  return name === "permutation" ? permutePairs(left, right, alternative, draws) : null;
}
