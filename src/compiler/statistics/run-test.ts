/** The tests of the table, made: apart from it, because whoever only asks for their names needs no distribution functions. */
import { pearson, spearman } from "./correlation.js";
import { cohensD, hedgesG, pairedCohensD, pairedHedgesG, type EffectSize } from "./effect-sizes.js";
import { undecided, type Alternative, type TestOutcome, type Undecided } from "./outcome.js";
import { permuteGroups, permutePairs, permuteSigns, type Draws } from "./permutation.js";
import { mannWhitney, wilcoxon } from "./rank-tests.js";
import type { Sample } from "./samples.js";
import { oneSampleT, pairedT, pooledT, welchT } from "./t-tests.js";

/** What is tested: one sample against a number, two samples in pairs, or two independent samples. */
export type Samples =
  | { readonly kind: "one"; readonly sample: Sample; readonly expected: number }
  | { readonly kind: "paired"; readonly left: Sample; readonly right: Sample }
  | { readonly kind: "independent"; readonly left: Sample; readonly right: Sample };

type Run = (samples: Samples, alternative: Alternative, draws: Draws) => TestOutcome | null;

const runs: ReadonlyMap<string, Run> = new Map<string, Run>([
  [
    "t_test",
    (samples, alternative) => {
      if (samples.kind === "one") return oneSampleT(samples.sample, samples.expected, alternative);
      return samples.kind === "independent" ? pooledT(samples.left, samples.right, alternative) : null;
    },
  ],
  [
    "welch_t",
    (samples, alternative) =>
      samples.kind === "independent" ? welchT(samples.left, samples.right, alternative) : null,
  ],
  [
    "paired_t",
    (samples, alternative) => (samples.kind === "paired" ? pairedT(samples.left, samples.right, alternative) : null),
  ],
  [
    "mann_whitney",
    (samples, alternative) =>
      samples.kind === "independent" ? mannWhitney(samples.left, samples.right, alternative) : null,
  ],
  [
    "wilcoxon",
    (samples, alternative) => {
      if (samples.kind === "independent") return null;
      if (samples.kind === "paired") return wilcoxon(samples.left, samples.right, alternative);
      return wilcoxon(
        samples.sample.map((value) => value - samples.expected),
        null,
        alternative,
      );
    },
  ],
  [
    "permutation",
    (samples, alternative, draws) => {
      if (samples.kind === "independent") return permuteGroups(samples.left, samples.right, alternative, draws);
      if (samples.kind === "paired") return permuteSigns(samples.left, samples.right, alternative, draws);
      const shifted = samples.sample.map((value) => value - samples.expected);
      return permuteSigns(shifted, null, alternative, draws);
    },
  ],
]);

/**
 * The test of these samples; null for samples that it is not made for, and for what is no test: effect sizes and the
 * bootstrap.
 */
export function runTest(name: string, samples: Samples, alternative: Alternative, draws: Draws): TestOutcome | null {
  return runs.get(name)?.(samples, alternative, draws) ?? null;
}

/** The samples whose difference is less by `shift`. */
export function shifted(samples: Samples, shift: number): Samples {
  if (samples.kind === "one") return { ...samples, expected: samples.expected + shift };
  return { ...samples, right: samples.right.map((value) => value + shift) };
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
