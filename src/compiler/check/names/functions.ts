/** Names of the measurement language that are there without a declaration: functions, and quantities of texts. */
import { functions } from "../../operations/written.js";

/** Functions that work on results only, with what to write instead of a call. */
export const resultFunctions: ReadonlyMap<string, string> = new Map([
  [
    "count",
    "count counts results, as in `let hard = count(e.nll > 3 over position)`; inside the model sum counts truth values",
  ],
  ["median", "median is taken of results: `let typical = median(e.loss over prompt)`"],
  ["quantile", "quantile is taken of results: `let high = quantile(e.loss, 0.9 over prompt)`"],
  ["spearman", "spearman compares results: `correlate … with … using spearman`; inside the model there is pearson"],
]);

/** Names that can be called, for suggestions and completion. */
export const functionNames: readonly string[] = [...functions.keys()];

/**
 * What an expression may name beside sites: quantities of the texts, of which `answer`, `distractor` and `target` are
 * tokens, and the unembedding matrix `W_U` [d_model, vocab].
 */
export const quantityNames = ["period", "tokens", "bytes", "words", "answer", "distractor", "target", "W_U"] as const;

export type QuantityName = (typeof quantityNames)[number];

export function isQuantity(name: string): name is QuantityName {
  return (quantityNames as readonly string[]).includes(name);
}

/** How `of` calls the run that is not changed, on the experiment's own texts: no prompt set has this name. */
export const baselineName = "baseline";
