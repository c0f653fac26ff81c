/** Ranges of numbers, `0..10` and `0..2 step 0.25`, as the numbers that they stand for. */
import type { Span } from "../base/span.js";
import type { NumberRange } from "../syntax/ast.js";
import { reportError, tooMany } from "./faults.js";
import type { limits } from "./limits.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";

interface Context {
  readonly report: (d: Diagnostic) => void;
  readonly sourceOf: (span: Span) => string;
}

/** How many numbers a range may stand for, and what messages call it. */
export interface RangeLimit {
  readonly limit: keyof typeof limits;
  readonly most: number;
  readonly what: string;
  readonly things: string;
  readonly hint: string;
}

/** How far, in steps, the end may lie from a number of the range: decimal fractions are no binary ones. */
const tolerance = 1e-9;

/**
 * The numbers of a range, both ends among them; null after an error (A3004, A3005, A3009, A3012). Without `step` they are
 * whole numbers. Each is first + i · step, rounded to 15 digits, so that `0..1 step 0.1` has the 0.3 that one writes and
 * no rounding adds up; the last one is the end as it is written.
 */
export function rangeValues(
  cx: Context,
  range: Pick<NumberRange, "first" | "last" | "step" | "span">,
  { limit, most, what, things, hint }: RangeLimit,
): readonly number[] | null {
  const { first, last, span } = range;
  const step = range.step ?? 1;
  if (range.step === null && !(Number.isInteger(first) && Number.isInteger(last))) {
    const details = {
      hint: `write how far apart the numbers are: ${first}..${last} step ${Number(((last - first) / 4).toPrecision(12)) || 0.25}`,
    };
    const expected = "a range of whole numbers, or `step` after it";
    reportError(cx, "A3004", span, { expected, found: cx.sourceOf(span) }, details);
    return null;
  }
  if (!(step > 0)) {
    const details = { hint: "a range goes upwards; the order of its numbers changes no result" };
    reportError(cx, "A3005", span, { value: `step ${step}`, expected: "a step above 0" }, details);
    return null;
  }
  if (first > last) {
    reportError(cx, "A3012", span, { range: cx.sourceOf(span) }, { hint: "write the smaller number first" });
    return null;
  }
  const steps = Math.round((last - first) / step);
  if (steps + 1 > most) {
    tooMany(cx, span, limit, steps + 1, what, things, hint);
    return null;
  }
  if (Math.abs((last - first) / step - steps) > tolerance) {
    const before = numberAt(first, step, Math.floor((last - first) / step));
    const after = numberAt(first, step, Math.floor((last - first) / step) + 1);
    const found = `${cx.sourceOf(span)}, which goes from ${before} to ${after}`;
    const details = { hint: `both ends belong to a range: end it at ${before} or ${after}, or change the step` };
    reportError(cx, "A3004", span, { expected: `steps of ${step} that reach ${last}`, found }, details);
    return null;
  }
  return Array.from({ length: steps + 1 }, (_, i) => (i === steps ? last : numberAt(first, step, i)));
}

/** Exact as a decimal: no sum has more decimals than its parts. */
function numberAt(first: number, step: number, i: number): number {
  const sum = first + i * step;
  const places = Math.max(decimals(first), decimals(step));
  return places > mostDecimals ? sum : Number(sum.toFixed(places));
}

/** As many as `toFixed` takes. */
const mostDecimals = 100;

/** Decimals of a number as it is written: 2 of 0.25, 7 of 1e-7. */
function decimals(value: number): number {
  const [, fraction = "", exponent = "0"] = /^-?\d+(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  return Math.max(0, fraction.length - Number(exponent));
}
