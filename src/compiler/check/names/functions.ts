/** Names of the measurement language that are there without a declaration: functions, and quantities of texts. */

/**
 * How the words of a call map to an operation's attributes. `over`: consumed axes, all when none is named; `row`: one
 * axis; `plain`: none; `offset`, `seed`: a named number; `pair`: two tensors over axes, or one with `between`; `count`:
 * a second argument that is a count; `select`: an axis and the number of its entry; `rename`: axes and
 * their new names; `unembedding`: a vector or a token, and
 * `scale`.
 */
export type FunctionShape =
  "over" | "row" | "plain" | "offset" | "seed" | "pair" | "count" | "select" | "rename" | "unembedding";

/** Functions that a call may name. */
export const functions: ReadonlyMap<string, FunctionShape> = new Map<string, FunctionShape>([
  ["sum", "over"],
  ["mean", "over"],
  ["max", "over"],
  ["min", "over"],
  ["var", "over"],
  ["std", "over"],
  ["norm", "over"],
  ["argmax", "over"],
  ["top", "count"],
  ["softmax", "over"],
  ["log_softmax", "over"],
  ["dot", "over"],
  ["kl", "over"],
  ["pearson", "pair"],
  ["cosine", "pair"],
  ["gram", "row"],
  ["exp", "plain"],
  ["log", "plain"],
  ["sqrt", "plain"],
  ["abs", "plain"],
  ["entr", "plain"],
  ["bits", "plain"],
  ["nats", "plain"],
  ["trace", "plain"],
  ["diagonal", "offset"],
  ["causal", "plain"],
  ["flatten", "over"],
  ["select", "select"],
  ["rename", "rename"],
  ["random_direction", "seed"],
  ["final_norm", "unembedding"],
  ["unembed", "unembedding"],
  ["unembedding", "unembedding"],
]);

/** Functions of the language's design that this build does not have yet. */
export const futureFunctions: ReadonlySet<string> = new Set(["grad"]);

/** Functions that work on results only, with what to write instead of a call. */
export const resultFunctions: ReadonlyMap<string, string> = new Map([
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
