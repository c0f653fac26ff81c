/** What a reader has to know of intervals, in words. */
import type { IntervalRequest } from "../ir/outputs.js";
import { countOf } from "../results/describe.js";
import type { Intervals } from "./intervals.js";

/**
 * `95% CI, BCa bootstrap over 12 documents, 2,000 draws, seed 0`, with what has no interval and why; or why there are none at
 * all. null where nothing is shown.
 */
export function intervalsText(all: readonly Intervals[], { level, count, seed }: IntervalRequest): string | null {
  const cells = all.flatMap((one) => one.cells);
  if (cells.length === 0) return null;
  const name = `${Math.round(level * 1e4) / 100}% CI`;
  const made = cells.filter(({ reason }) => reason === null);
  const lacking = cells.filter(({ reason }) => reason !== null);
  const why = [...new Set(lacking.map(({ reason }) => reason ?? ""))].join("; ");
  if (made.length === 0) return `no ${name}: ${why}`;
  const units = [...new Set(all.map(({ unit }) => unit).filter((unit) => unit !== ""))].join(" or ");
  const least = made.reduce((low, { n }) => Math.min(low, n), Infinity);
  const most = made.reduce((high, { n }) => Math.max(high, n), 0);
  const plain = made.filter(({ method }) => method === "percentile").length;
  const method = plain === made.length ? "percentile" : "BCa";
  const over = countOf(least === most ? most : `${least}–${most}`, units);
  const some =
    plain === 0 || plain === made.length
      ? ""
      : `, ${countOf(plain, "interval")} by percentiles (the jackknife gives no acceleration)`;
  const none = lacking.length === 0 ? "" : `; ${countOf(lacking.length, "value")} without: ${why}`;
  return `${name}, ${method} bootstrap over ${over}, ${thousands(count)} draws, seed ${seed}${some}${none}`;
}

function thousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
