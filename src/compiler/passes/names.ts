/** Optimisations of plans that can be left out (`--no-opt`), by name. */
export const passNames = ["resume-from-prefix"] as const;

export type PassName = (typeof passNames)[number];
