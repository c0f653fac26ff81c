/** Every optimisation of plans: what it is called, what it does in a sentence, and how. */
import type { GraphSettings } from "../ir/plan.js";
import type { Draft, PassContext } from "./draft.js";
import { dropUnaffected } from "./drop-unaffected.js";
import { passNames, type PassName } from "./names.js";
import { resumeFromPrefix } from "./resume-from-prefix.js";
import { shareEvaluations } from "./share-evaluations.js";

export interface Pass {
  /** For `atlasc explain`: what it does, as the end of the sentence "this pass …". */
  readonly does: string;
  readonly apply: (draft: Draft, context: PassContext) => Draft;
}

const setting =
  (change: Partial<GraphSettings>) =>
  (draft: Draft): Draft => ({ ...draft, graphs: { ...draft.graphs, ...change } });

/**
 * Passes that choose how graphs and batches are made set a mark in the draft, and lowering does as it says:
 * `restrict-positions`, `chunk-attention` and `stream-loss` are rewritings of graphs (in the files of their names), `stop-after-last-need`
 * leaves to the removal of dead nodes whatever no output needs, `batch-rows` is `lower/batches.ts` and `cut-segments`
 * `lower/cuts.ts`.
 */
export const passes: Readonly<Record<PassName, Pass>> = {
  "drop-unaffected": { does: "answers from the baseline what cannot depend on a condition", apply: dropUnaffected },
  "share-evaluations": { does: "computes once what several experiments ask for", apply: shareEvaluations },
  "resume-from-prefix": {
    does: "takes over from the unmodified run what lies before a change",
    apply: resumeFromPrefix,
  },
  "stop-after-last-need": { does: "computes nothing after the last measured site", apply: setting({ whole: false }) },
  "restrict-positions": {
    does: "computes values only at the positions that are read",
    apply: setting({ restrictPositions: true }),
  },
  "chunk-attention": {
    does: "computes attention of long texts without the keys that are masked",
    apply: setting({ chunkAttention: true }),
  },
  "stream-loss": { does: "keeps no logits of all positions for a loss", apply: setting({ streamLoss: true }) },
  "batch-rows": {
    does: "puts rows of several conditions into one batch",
    apply: (d) => ({ ...d, mixedBatches: true }),
  },
  "cut-segments": { does: "shares sessions between graphs, layer by layer", apply: (d) => ({ ...d, segments: true }) },
};

/** Applies the chosen passes, always in the same order. */
export function applyPasses(draft: Draft, chosen: ReadonlySet<PassName>, context: PassContext): Draft {
  return passNames
    .filter((name) => chosen.has(name))
    .reduce((improved, name) => passes[name].apply(improved, context), draft);
}
