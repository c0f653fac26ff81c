/** Names of the measurement language that are neither sites nor functions, for `atlasc doc`. */

export interface Description {
  readonly name: string;
  readonly form: string;
  readonly meaning: string;
  /** Axes of the value. */
  readonly axes: string;
}

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
