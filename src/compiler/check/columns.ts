/** Columns that every metric of an experiment has, and those that an intervention adds. */
export const plainColumns = ["value"] as const;
export const interventionColumns = ["value", "baseline", "impact", "relative"] as const;

/**
 * Axes that the language itself makes. A field of a prompt file that has one of these names gets another one as a
 * column, so that it cannot stand for the axis.
 */
export const languageAxes: ReadonlySet<string> = new Set([
  "model",
  "revision",
  "dtype",
  "prompts",
  "prompt",
  "layer",
  "head",
  "kv_head",
  "neuron",
  "position",
  "count",
  "pos",
  "query",
  "key",
  "pair",
  "component",
  "d_head",
  "d_model",
  "vocab",
]);
