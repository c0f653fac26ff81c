/** How a long text is cut into windows, so that each of its tokens is predicted once. */

/** Tokens [begin, end) of a text, of which the last `scored` are scored. */
export interface Window {
  readonly begin: number;
  readonly end: number;
  readonly scored: number;
}

/**
 * Windows over `tokens` tokens, each of at most `window` ids, BOS among them where there is one. They advance by
 * `stride`, and each scores what the ones before it have not: of the first every token that is predicted (the first
 * token of the text only after BOS), of a later one the last `stride`. A prediction needs a token before it, so windows
 * advance by `window - 1` at most: with a stride as long as the window, neighbours share that one token, or each has
 * BOS in its place.
 *
 * @source Hugging Face, "Perplexity of fixed-length models": the same windows for strides below the window. There a
 * stride as long as the window leaves the first token of every window without a score.
 */
export function cutWindows(tokens: number, window: number, stride: number, bos: boolean): readonly Window[] {
  const size = bos ? window - 1 : window;
  const advance = Math.min(stride, window - 1);
  const windows: Window[] = [];
  let done = firstScored(bos);
  for (let begin = 0; done < tokens; begin += advance) {
    const end = Math.min(begin + size, tokens);
    windows.push({ begin, end, scored: end - done });
    done = end;
  }
  return windows;
}

/** Tokens in all windows that {@link cutWindows} makes, BOS not counted, without making them. */
export function tokensInWindows(tokens: number, window: number, stride: number, bos: boolean): number {
  const size = bos ? window - 1 : window;
  if (tokens <= firstScored(bos)) return 0;
  const advance = Math.min(stride, window - 1);
  const count = 1 + Math.max(0, Math.ceil((tokens - size) / advance));
  return (count - 1) * size + (tokens - (count - 1) * advance);
}

/** The first token of a text that is predicted: nothing predicts a text's first token but BOS. */
export function firstScored(bos: boolean): number {
  return bos ? 0 : 1;
}
