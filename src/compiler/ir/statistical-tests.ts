/** The tests that comparisons, correlations and hypotheses may use. */

export type TestedBy = "compare" | "correlate" | "hypothesis";

export interface TestKind {
  /** The statements that may use it. */
  readonly in: readonly TestedBy[];
  /** True where it draws random numbers: then it says how often, in parentheses. */
  readonly draws: boolean;
  /** What it is, and its name in SciPy. */
  readonly meaning: string;
}

const ofDifferences = ["compare", "hypothesis"] as const;
const ofAll = ["compare", "correlate", "hypothesis"] as const;

/** Every test by its name. */
export const statisticalTests: ReadonlyMap<string, TestKind> = new Map<string, TestKind>([
  [
    "t_test",
    {
      in: ofDifferences,
      draws: false,
      meaning: "Student's t-test: ttest_1samp against a number, else ttest_ind with equal variances.",
    },
  ],
  ["welch_t", { in: ofDifferences, draws: false, meaning: "Welch's t-test: ttest_ind with unequal variances." }],
  ["paired_t", { in: ofDifferences, draws: false, meaning: "The t-test of pairs: ttest_rel." }],
  ["mann_whitney", { in: ofDifferences, draws: false, meaning: "The rank-sum test: mannwhitneyu." }],
  ["wilcoxon", { in: ofDifferences, draws: false, meaning: "The signed-rank test of pairs: wilcoxon." }],
  [
    "cohens_d",
    {
      in: ["compare"],
      draws: false,
      meaning: "Cohen's d: the difference of means over the pooled standard deviation.",
    },
  ],
  [
    "bootstrap",
    { in: ofAll, draws: true, meaning: "Resamples at random, as often as it says; `seed` is 0 if not written." },
  ],
  [
    "permutation",
    { in: ofAll, draws: true, meaning: "Exchanges labels at random, as often as it says; `seed` is 0 if not written." },
  ],
  ["pearson", { in: ["correlate"], draws: false, meaning: "Pearson's correlation: pearsonr." }],
  ["spearman", { in: ["correlate"], draws: false, meaning: "Spearman's rank correlation: spearmanr." }],
]);
