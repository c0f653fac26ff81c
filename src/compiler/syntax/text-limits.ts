/**
 * How large one text of the language may be. Parsing takes some three kilobytes of memory for each token, and a protocol
 * written by hand has thousands of them.
 */
export const textLimits = {
  /** Bytes of one file: about 20,000 lines. */
  bytes: 2 ** 20,
  /** Tokens of one file. */
  tokens: 200_000,
} as const;
