/**
 * Resume from prefix: a condition that changes nothing before some layer sees there what the unmodified model sees, so
 * its rows can begin with the residual stream of one clean run instead of the tokens.
 *
 * Precondition: for each condition, the first layer that it changes or whose computation differs from the clean run.
 * Postcondition: a start for each condition, at most that layer; the work estimated for these starts, what they cost
 * themselves included, is the least of all choices of starts, and not more than without them.
 */

/** What the pass weighs. Work is in floating-point operations. */
export interface PrefixWork {
  /** For each condition the first layer that it changes; `end` for one that changes nothing. */
  readonly first: readonly number[];
  /** One past the last layer that is needed. */
  readonly end: number;
  /** Work of one layer for one condition, over all its rows. */
  readonly layer: number;
  /** Work that opening one more graph is worth. */
  readonly graph: number;
}

/** The layer at which the rows of each condition begin; 0 is the tokens. */
export function resumeFromPrefix({ first, end, layer, graph }: PrefixWork): readonly number[] {
  // A condition that changes nothing measured, such as the baseline, begins as late as the latest of the others.
  const changing = first.filter((at) => at < end);
  const candidates = [...new Set([0, ...changing])].sort((a, b) => a - b);
  const latest = candidates.at(-1) ?? 0;
  const wanted = first.map((at) => Math.min(at, latest));
  const rowsBetween = (from: number, to: number): number => wanted.filter((at) => at >= from && at < to).length;

  /** For each candidate: the least work of all conditions before it, and the start that the ones just before it take. */
  const best: { readonly work: number; readonly previous: number }[] = [{ work: 0, previous: -1 }];
  const bounds = [...candidates, end + 1];
  for (let upper = 1; upper < bounds.length; upper++) {
    let chosen = { work: Infinity, previous: -1 };
    for (let lower = 0; lower < upper; lower++) {
      const from = bounds[lower] ?? 0;
      const rows = rowsBetween(from, bounds[upper] ?? end);
      const own = rows === 0 ? 0 : rows * (end - from) * layer + graph;
      const work = (best[lower]?.work ?? Infinity) + own;
      if (work < chosen.work) chosen = { work, previous: lower };
    }
    best.push(chosen);
  }
  const starts: number[] = [];
  for (let at = best.length - 1; at > 0; at = best[at]?.previous ?? 0)
    starts.push(bounds[best[at]?.previous ?? 0] ?? 0);
  const found = wanted.map((at) => Math.max(0, ...starts.filter((start) => start <= at)));
  const last = Math.max(0, ...found);
  // The clean run goes as far as the last start, once for every prompt, through a graph of its own.
  const clean = last * layer + graph;
  const work = (best.at(-1)?.work ?? 0) + clean;
  const without = wanted.length * end * layer + graph;
  return last === 0 || work >= without ? first.map(() => 0) : found;
}
