/**
 * The optimisations, in the order in which they are applied: drafts of plans are rewritten, choices mark the draft, each graph
 * is rewritten when it is lowered. This list is all that knows them: names, options, identities of graphs and the table of
 * `atlasc explain` follow from it.
 */
import { batchRowsPass } from "./batch-rows.js";
import { chunkAttentionPass } from "./chunk-attention.js";
import { cutSegmentsPass } from "./cut-segments.js";
import { dropUnaffectedPass } from "./drop-unaffected.js";
import type { Pass } from "./pass.js";
import { restrictPositionsPass } from "./restrict-positions.js";
import { resumeFromPrefixPass } from "./resume-from-prefix.js";
import { shareEvaluationsPass } from "./share-evaluations.js";
import { stopAfterLastNeedPass } from "./stop-after-last-need.js";
import { streamLossPass } from "./stream-loss.js";

export const pipeline = [
  dropUnaffectedPass,
  shareEvaluationsPass,
  resumeFromPrefixPass,
  stopAfterLastNeedPass,
  restrictPositionsPass,
  chunkAttentionPass,
  streamLossPass,
  batchRowsPass,
  cutSegmentsPass,
] as const satisfies readonly Pass[];
