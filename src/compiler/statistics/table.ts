/** The tests that a protocol may name after `using`. */

export type TestedBy = "compare" | "correlate" | "hypothesis" | "probe";

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
  },
  {
    name: "welch_t",
    meaning: "Welch's t-test: two independent samples, whatever their variances (ttest_ind with equal_var=False).",
    symbol: "t",
    in: differences,
    draws: false,
  },
  {
    name: "paired_t",
    meaning: "The t-test of pairs (ttest_rel).",
    symbol: "t",
    in: differences,
    draws: false,
  },
  {
    name: "mann_whitney",
    meaning: "Mann–Whitney U: whether values of one of two independent samples tend to be larger (mannwhitneyu).",
    symbol: "U",
    in: differences,
    draws: false,
  },
  {
    name: "wilcoxon",
    meaning: "Wilcoxon's signed-rank test of pairs, or of one sample against a number (wilcoxon).",
    symbol: "W",
    in: differences,
    draws: false,
  },
  {
    name: "permutation",
    meaning:
      "Exchanges labels (signs of pairs, members of groups) N times: permutation(N) seed S. Exact where N suffices.",
    symbol: "difference",
    in: [...everywhere, "probe"],
    draws: true,
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
