/** Columns that every metric of an experiment has, and those that an intervention adds. */
export const plainColumns = ["value"] as const;
export const interventionColumns = ["value", "baseline", "impact", "relative"] as const;
