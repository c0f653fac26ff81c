/** Prompts of two sets beside one another: as many on both sides and, where positions must agree, equally long. */
import type { Span } from "../../base/span.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { TokenizedTexts } from "../../ir/protocol.js";
import { reportError } from "../faults.js";

interface Reporter {
  readonly report: (d: Diagnostic) => void;
}

/** Reports A4303 unless the sets have equally many prompts, which are then paired by their order. */
export function checkCounts(cx: Reporter, from: TokenizedTexts, into: TokenizedTexts, span: Span): boolean {
  const [count, other] = [from.prompts.length, into.prompts.length];
  if (count === other) return true;
  const hint = "prompts are paired one by one, in their order";
  reportError(cx, "A4303", span, { from: from.name, count, into: into.name, other }, { hint });
  return false;
}

/** Reports A4304 for the first pair of prompts with different numbers of tokens. */
export function checkEqualLengths(
  cx: Reporter,
  from: TokenizedTexts,
  into: TokenizedTexts,
  span: Span,
  hint: string,
): boolean {
  for (const [i, prompt] of into.prompts.entries()) {
    const partner = from.prompts[i];
    if (partner === undefined || partner.ids.length === prompt.ids.length) continue;
    const [length, other] = [prompt.ids.length, partner.ids.length];
    const [first, second] = [prompt.index, partner.index];
    reportError(cx, "A4304", span, { first, into: into.name, length, second, from: from.name, other }, { hint });
    return false;
  }
  return true;
}

/** Reports A4304 unless every prompt of both sets has the same number of tokens. */
export function checkOneLength(
  cx: Reporter,
  from: TokenizedTexts,
  into: TokenizedTexts,
  span: Span,
  hint: string,
): boolean {
  const [prompt] = into.prompts;
  if (prompt === undefined) return true;
  for (const set of [into, from]) {
    const odd = set.prompts.find((p) => p.ids.length !== prompt.ids.length);
    if (odd === undefined) continue;
    const [length, other] = [prompt.ids.length, odd.ids.length];
    const parameters = { first: prompt.index, into: into.name, length, second: odd.index, from: set.name, other };
    reportError(cx, "A4304", span, parameters, { hint });
    return false;
  }
  return true;
}
