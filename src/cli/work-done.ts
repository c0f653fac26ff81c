/** What a run did and how long it took, in a line. */
import { flopsText, rateText, secondsText } from "../compiler/lower/quantity-text.js";
import type { RecordedEstimate, RunRecord } from "../runtime/store/record.js";
import type { ExecutionSummary } from "../runtime/execution.js";
import { counted } from "../compiler/base/counted.js";

/** How much was computed and in what time; beside it the time that was expected, where a whole run can be compared. */
export function workDone(summary: ExecutionSummary, estimate: RecordedEstimate | null): string {
  const { total, computed, reused, failed, skipped } = summary.units;
  if (computed === 0 && reused === total) {
    return total === 1
      ? "Nothing to compute: its only unit was finished before."
      : `Nothing to compute: all ${total} units were finished before.`;
  }
  const parts = [
    `${counted(computed, "unit")} computed (${counted(summary.rowsComputed, "row")})`,
    `${reused} reused`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(skipped === 0 ? [] : [`${skipped} skipped`]),
  ];
  const expected = estimate === null || summary.status !== "finished" ? "" : ` (estimated ${estimateText(estimate)})`;
  return `${parts.join(", ")} in ${summary.seconds.toFixed(1)} s${expected}.`;
}

/** `15.2 s: 2.58 TFLOP at 170 GFLOP/s`. */
function estimateText({ seconds, flops, matrixRate }: RecordedEstimate): string {
  return `${secondsText(seconds)}: ${flopsText(flops)} at ${rateText(matrixRate)}`;
}

/**
 * How long a protocol took when it was computed last, as far as its record tells: `16.9 s for 2.58 TFLOP: 153 GFLOP/s`;
 * and whether it was run again since.
 */
export function lastRunText(record: RunRecord): string {
  const last = record.runs.at(-1);
  const again = record.counts.computed > 0 && last?.status === "finished" && last.counts?.computed === 0;
  return `${computingText(record)}${again ? ", and nothing to compute since" : ""}`;
}

function computingText({ status, counts, plan }: RunRecord): string {
  const { computed, reused, failed, skipped, seconds } = counts;
  if (status !== "finished") return `${status === "asked" ? "not begun" : status} after ${secondsText(seconds)}`;
  if (computed === 0) return "nothing to compute: what it needs was there before";
  const whole = reused + failed + skipped === 0 && plan !== null;
  // The record has the arithmetic of the whole plan, and no rate can be told from a part of it.
  if (!whole) return `${secondsText(seconds)} for ${counted(computed, "unit")}, ${reused} reused`;
  const { flops } = plan.cost;
  return `${secondsText(seconds)} for ${flopsText(flops)}: ${rateText(flops / Math.max(seconds, 1e-9))}`;
}
