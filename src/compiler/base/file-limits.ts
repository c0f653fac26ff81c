/** How large files may be: a host refuses those that are larger before it reads them. */
export const fileLimits = {
  /** Bytes of one protocol or imported file: about 20,000 lines. */
  protocolBytes: 2 ** 20,
  /** Tokens of one protocol or imported file: parsing takes some three kilobytes of memory for each. */
  protocolTokens: 200_000,
  /** Bytes of one file of prompts or of a corpus: 16 for each token that a corpus may have. */
  textBytes: 64 * 2 ** 20,
  /** Bytes of config.json, tokenizer.json and the other JSON files of a model; the largest tokenizers have 35 MB. */
  modelJsonBytes: 256 * 2 ** 20,
} as const;
