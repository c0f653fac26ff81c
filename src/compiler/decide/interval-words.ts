/** What a reader has to know of intervals, in words. */
import type { IntervalRequest } from "../ir/outputs.js";
import { countOf } from "../results/describe.js";
import { notFinite, type Intervals } from "./intervals.js";

/** Below so many texts the draws are too much alike: BCa intervals of a normal mean hold it in 90% of cases at n = 10, not in 95%. */
const fewTexts = 10;

export interface IntervalWords {
  /**
   * `95% CI, BCa bootstrap over 12 documents, 2,000 draws, seed 0`, with what to beware of; or why there are none at all.
   */
  readonly text: string;
  /** Which of several values have no interval, and why; null where all have one, or none has. */
  readonly lacking: string | null;
}

/** null where nothing is shown. */
export function intervalWords(
  all: readonly Intervals[],
  { level, count, seed }: IntervalRequest,
): IntervalWords | null {
  const cells = all.flatMap((one) => one.cells);
  if (cells.length === 0) return null;
  const name = `${Math.round(level * 1e4) / 100}% CI`;
  const made = cells.filter(({ reason }) => reason === null);
  // What is NaN itself has its own reason, which is said with it.
  const without = cells.filter(({ reason }) => reason !== null && (reason !== notFinite || made.length === 0));
  const why = [...new Set(without.map(({ reason }) => reason ?? ""))].join("; ");
  if (made.length === 0) return { text: `no ${name}: ${why}`, lacking: null };
  const units = [...new Set(all.map(({ unit }) => unit).filter((unit) => unit !== ""))].join(" or ");
  const least = made.reduce((low, { n }) => Math.min(low, n), Infinity);
  const most = made.reduce((high, { n }) => Math.max(high, n), 0);
  const plain = made.filter(({ method }) => method === "percentile").length;
  const method = plain === made.length ? "percentile" : "BCa";
  const over = countOf(least === most ? most : `${least}–${most}`, units);
  const some =
    plain === 0 || plain === made.length ? "" : ` (${plain} by percentiles: their jackknife gives no acceleration)`;
  const few = least < fewTexts ? `; too narrow for fewer than ${fewTexts} ${units}s` : "";
  return {
    text: `${name}, ${method} bootstrap over ${over}, ${thousands(count)} draws, seed ${seed}${some}${few}`,
    lacking: without.length === 0 ? null : `${countOf(without.length, "value")} without an interval: ${why}`,
  };
}

function thousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
