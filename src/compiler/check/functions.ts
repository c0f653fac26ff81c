/** Functions of the measurement language, beside the metrics. */

/** How the words of a call map to an operation's attributes. */
export type FunctionShape = "over" | "row" | "plain" | "offset";

/** Functions that a call may name. */
export const functions: ReadonlyMap<string, FunctionShape> = new Map<string, FunctionShape>([
  ["sum", "over"],
  ["mean", "over"],
  ["max", "over"],
  ["min", "over"],
  ["var", "over"],
  ["std", "over"],
  ["norm", "over"],
  ["softmax", "over"],
  ["log_softmax", "over"],
  ["dot", "over"],
  ["gram", "row"],
  ["exp", "plain"],
  ["log", "plain"],
  ["sqrt", "plain"],
  ["abs", "plain"],
  ["entr", "plain"],
  ["trace", "plain"],
  ["diagonal", "offset"],
]);

/** Functions of the language's design that this build does not have yet. */
export const futureFunctions: ReadonlySet<string> = new Set([
  "pearson",
  "spearman",
  "cosine",
  "kl",
  "top",
  "flatten",
  "grad",
  "argmax",
  "rank",
]);

/** Names that can be called, for suggestions and completion. */
export const functionNames: readonly string[] = [...functions.keys()];
