import { fileLimits } from "../base/file-limits.js";

/**
 * How much one protocol may ask for. A sweep is written in a few characters and can stand for more work than any
 * machine has; beyond these numbers checking says so (A3009) instead of filling the memory.
 */
export const limits = {
  ...fileLimits,
  /** Experiments of one protocol: each is planned by itself, a thousand in about a second. */
  experiments: 5_000,
  /** Conditions of one experiment. */
  conditions: 100_000,
  /** Conditions × prompts of one experiment. */
  rows: 1_000_000,
  /** Points of the sweep of one measured expression. */
  expressions: 4_096,
  /** Paths of one path patch: each is a copy of a norm and a projection in the graph, computed in every row. */
  paths: 2_000,
  /** Entries of one matrix whose singular values or eigenvalues are taken: a second's work if it is square, and 16 MB. */
  matrix: 1_048_576,
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
  /** Files that a protocol imports, directly or by way of others. */
  imports: 1_000,
  /** Instances of one declared model: sources × revisions × dtypes. Each is opened, and its graph is built. */
  models: 1_000,
  /** Prompts of one set. Each has a row in every condition, and every one of them costs about 2 kB. */
  prompts: 200_000,
  /** Records × fields of one file of prompts: each is a cell of the results. */
  fields: 1_000_000,
} as const;
