/**
 * Axes that the language itself makes. Any other name in a result is a parameter of a metric or a field of a prompt
 * file; a field that has one of these names gets another one as a column, so that it cannot stand for the axis.
 */

/** Axes of models and texts, in the order in which tables show them, before the axes of the sweep. */
export const outerAxes: readonly string[] = ["model", "revision", "dtype", "prompts", "group", "prompt", "document"];

/** `group` is not among them: a field of that name may well be the group. */
export const languageAxes: ReadonlySet<string> = new Set([
  "model",
  "revision",
  "dtype",
  "prompts",
  "prompt",
  "document",
  "layer",
  "head",
  "kv_head",
  "neuron",
  "position",
  "count",
  "factor",
  "pos",
  "query",
  "key",
  "pair",
  "component",
  "d_head",
  "d_model",
  "vocab",
]);
