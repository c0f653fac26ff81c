/**
 * Log-probabilities of tokens from logits, precise for large vocabularies too. onnxruntime's LogSoftmax adds up a row in
 * f32 in a few running sums. Beside a likely token, such a sum is so large that what thousands of unlikely ones add is
 * rounded away, always downwards: losses over 50,000 tokens came out 1.3e-5 nats too low in the mean, and over 150,000
 * tokens 2.2e-5. So a long row is summed in blocks, and the blocks' sums are added up like a row of their own.
 */
import { int } from "../../onnx/attributes.js";
import type { GraphBuilder } from "../../onnx/builder.js";
import { integers } from "../../onnx/lists.js";

/** Tokens that one operator may sum: the error of a row of so many is below 1e-6 nats. */
const longestSum = 2048;

/** A row is not cut into shorter blocks than this; each block has costs of its own. */
const shortestBlock = 256;

/**
 * Tokens of each block of a vocabulary, the largest number that divides it, so that no logit is copied; a power of two,
 * with a rest, where none does. Null for a vocabulary that is summed at once.
 */
export function blockOfVocab(vocab: number): number | null {
  if (vocab <= longestSum) return null;
  for (let block = longestSum; block >= shortestBlock; block--) if (vocab % block === 0) return block;
  return longestSum / 2;
}

/** log Σ exp(logits) over the vocabulary, [.., 1], from logits [.., vocab] with `leading` axes before the vocabulary. */
export function logSumExp(builder: GraphBuilder, logits: string, vocab: number, leading: number): string {
  const block = blockOfVocab(vocab) ?? vocab;
  const whole = vocab - (vocab % block);
  const part = (value: string, start: number, end: number): string =>
    builder.node("Slice", [value, ...[start, end, -1].map((bound) => integers(builder, bound))]);
  // exp(x − log Σ exp x) is known for every entry, so the first one and its logit tell the sum.
  const sumOf = (values: string): string =>
    builder.node("Sub", [part(values, 0, 1), part(builder.node("LogSoftmax", [values], { axis: int(-1) }), 0, 1)]);
  const shape = integers(builder, ...Array.from({ length: leading }, () => 0), whole / block, block);
  const blocks = builder.node("Reshape", [whole === vocab ? logits : part(logits, 0, whole), shape]);
  const sums = builder.node("Squeeze", [sumOf(blocks), integers(builder, -1)]);
  if (whole === vocab) return sumOf(sums);
  return sumOf(builder.node("Concat", [sums, sumOf(part(logits, whole, vocab))], { axis: int(-1) }));
}

/** What {@link logProbabilityOf} reads. */
export interface Choice {
  /** [.., vocab], with `leading` axes before the vocabulary. */
  readonly logits: string;
  readonly vocab: number;
  readonly leading: number;
  /** int64 [.., 1]: the token of each place. */
  readonly indices: string;
  /** Whether there are no indices for the last place of the last leading axis, whose logits predict nothing here. */
  readonly dropsLast: boolean;
  /** Name for the log-probabilities of all tokens, [.., vocab], which come first. */
  readonly all?: string;
}

/** The log-probability of one token at each place, [.., 1], in nats. */
export function logProbabilityOf(builder: GraphBuilder, choice: Choice): string {
  const { logits, vocab, leading, indices, dropsLast, all } = choice;
  // GatherElements takes as many places as there are indices.
  const gather = (from: string): string => builder.node("GatherElements", [from, indices], { axis: int(-1) });
  if (blockOfVocab(vocab) === null) return gather(builder.node("LogSoftmax", [logits], { axis: int(-1) }, all));
  const sums = logSumExp(builder, logits, vocab, leading);
  if (all !== undefined) builder.node("Sub", [logits, sums], {}, all);
  const scored = dropsLast
    ? builder.node("Slice", [sums, ...[0, -1, leading - 1].map((bound) => integers(builder, bound))])
    : sums;
  return builder.node("Sub", [gather(logits), scored]);
}
