/**
 * How much one protocol may ask for. A sweep is written in a few characters and can stand for more work than any
 * machine has; beyond these numbers checking says so (A3009) instead of filling the memory.
 */
export const limits = {
  /** Conditions of one experiment. */
  conditions: 100_000,
  /** Conditions × prompts of one experiment. */
  rows: 1_000_000,
  /** Points of the sweep of one measured expression. */
  expressions: 4_096,
  /** Metrics unfolded in one measured expression, results unfolded in one statement. */
  unfolded: 4_096,
  /** Expressions inside one another, across definitions. */
  depth: 600,
  /** Tokens of one random prompt set. */
  randomTokens: 1_000_000,
  /** Tokens in all windows of one corpus together. */
  corpusTokens: 4_000_000,
  /** Numbers of a range that is written out. */
  listed: 100_000,
  /** Bytes of one protocol: parsing takes about 400 bytes of memory for each, and 1 MB are 20,000 lines. */
  protocolBytes: 2 ** 20,
  /** Bytes of one file of prompts, or of a corpus: 16 times the tokens that a corpus may have. */
  textBytes: 64 * 2 ** 20,
} as const;
