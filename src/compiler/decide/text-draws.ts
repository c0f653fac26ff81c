/** Draws of texts as counts: how often each text is in each resample. Which one is drawn when does not matter to a value. */
import { seededIntegers } from "../base/random.js";
import type { Draws } from "../statistics/permutation.js";

export interface TextDraws {
  /** How many resamples. */
  readonly count: number;
  /** How many texts, numbered stratum by stratum. */
  readonly texts: number;
  /** How often the text of that number is in each resample. */
  readonly counts: readonly Uint16Array[];
}

/**
 * The resamples of {@link bootstrap} with the same seed: in each as many texts of every stratum as it has, with replacement.
 * @param sizes how many texts each stratum has.
 */
export function drawTexts(sizes: readonly number[], { count, seed }: Draws): TextDraws {
  const texts = sizes.reduce((sum, size) => sum + size, 0);
  const counts = Array.from({ length: texts }, () => new Uint16Array(count));
  const next = seededIntegers(seed);
  for (let draw = 0; draw < count; draw++) {
    let first = 0;
    for (const size of sizes) {
      for (let i = 0; i < size; i++) {
        const own = counts[first + next(size)];
        if (own !== undefined) own[draw] = (own[draw] ?? 0) + 1;
      }
      first += size;
    }
  }
  return { count, texts, counts };
}
