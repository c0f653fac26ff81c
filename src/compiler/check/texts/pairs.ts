/** Prompts of two sets beside one another: as many on both sides and, where positions must agree, equally long. */
import type { Fix } from "../../diagnostics/diagnostic.js";
import type { Span } from "../../base/span.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { declaredName, type TokenizedTexts } from "../../ir/protocol.js";
import { reportError } from "../faults.js";

interface Reporter {
  readonly report: (d: Diagnostic) => void;
}

/**
 * Reports A4122 for values that are put position by position beside a set of which either has more tokens behind its
 * prompts than the other: positions counted from the end would not be the same. True after the report.
 */
export function besideContinuations(
  cx: Reporter & { readonly texts: TokenizedTexts | null },
  other: TokenizedTexts | null,
  span: Span,
  what: string,
): boolean {
  const longer = [cx.texts, other].find((set) => (set?.continuation ?? 0) > 0);
  if (cx.texts === null || other === null || cx.texts.continuation === other.continuation) return false;
  const hint = "take values at one position, a mean over positions, or the set's own `clean` and `corrupt`";
  reportError(cx, "A4122", span, { what, texts: declaredName(longer?.name ?? "") }, { hint });
  return true;
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
  fixes: readonly Fix[] = [],
): boolean {
  const [prompt] = into.prompts;
  if (prompt === undefined) return true;
  for (const set of [into, from]) {
    const odd = set.prompts.find((p) => p.ids.length !== prompt.ids.length);
    if (odd === undefined) continue;
    const [length, other] = [prompt.ids.length, odd.ids.length];
    const parameters = { first: prompt.index, into: into.name, length, second: odd.index, from: set.name, other };
    reportError(cx, "A4304", span, parameters, { hint, fixes });
    return false;
  }
  return true;
}
