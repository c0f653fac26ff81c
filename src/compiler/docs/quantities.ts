/** Names of the measurement language that are neither sites nor single operations, for `atlasc doc`. */

export interface Description {
  readonly name: string;
  readonly form: string;
  readonly meaning: string;
  /** Axes of the value. */
  readonly axes: string;
}

/** Functions that stand for several operations on weights of the model. */
export const compoundFunctions: readonly Description[] = [
  {
    name: "final_norm",
    form: "final_norm(x), final_norm(x, scale: y)",
    meaning:
      "The model's final norm of a vector of the residual stream. With `scale: y` its linear part alone, divided by the scale " +
      "that y has: what a summand x of y contributes.",
    axes: "those of x, among them d_model",
  },
  {
    name: "unembed",
    form: "unembed(x), unembed(x, scale: y)",
    meaning: "Logits of a vector of the residual stream: final_norm, with `scale` as there, times the unembedding.",
    axes: "those of x with vocab in place of d_model",
  },
];

/** What is known of the text at hand, and of the model's unembedding. */
export const quantities: readonly Description[] = [
  {
    name: "period",
    form: "period",
    meaning: "Length of the repeated sequence of a set `random tokens … repeat`.",
    axes: "none",
  },
  { name: "tokens", form: "tokens", meaning: "Number of predicted tokens of the text.", axes: "none" },
  { name: "bytes", form: "bytes", meaning: "Length of the text in bytes of UTF-8.", axes: "none" },
  {
    name: "words",
    form: "words",
    meaning: "Number of words of the text: runs of what is not white space.",
    axes: "none",
  },
  {
    name: "answer",
    form: "logits[answer]",
    meaning: "First token of the text's answer, as `prompts … answer` declares it; a token.",
    axes: "none",
  },
  {
    name: "distractor",
    form: "logits[distractor]",
    meaning: "First token of the text's distractor, as `prompts … distractor` declares it; a token.",
    axes: "none",
  },
  {
    name: "target",
    form: "logprobs[target]",
    meaning: "The token that comes next at each position but the last; a token.",
    axes: "pos, one position fewer than the text",
  },
  { name: "W_U", form: "W_U", meaning: "The unembedding matrix, as the model has it.", axes: "d_model, vocab" },
];
