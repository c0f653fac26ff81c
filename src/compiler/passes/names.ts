/** The optimisations of plans by name, in the order in which they are applied. Each can be left out (`--no-opt=NAME`). */
export const passNames = [
  "drop-unaffected",
  "share-evaluations",
  "resume-from-prefix",
  "stop-after-last-need",
  "restrict-positions",
  "chunk-attention",
  "stream-loss",
  "batch-rows",
  "cut-segments",
] as const;

export type PassName = (typeof passNames)[number];
