/** From parts with p-values to the verdict of a hypothesis. */
import type { TestedPart, Verdict } from "../ir/decision-outcome.js";
import type { Hypothesis } from "../ir/decisions.js";

/** Of one test: significant as expected, significant the other way, or neither. */
export function verdictOf(expected: TestedPart, opposite: TestedPart | undefined, alpha: number): Verdict {
  const p = (part: TestedPart | undefined): number => part?.adjusted ?? part?.pValue ?? Number.NaN;
  if (expected.reason !== null || Number.isNaN(p(expected))) return "UNDECIDED";
  if (p(expected) < alpha) return "CONFIRMED";
  return p(opposite) < alpha ? "REJECTED" : "NOT SIGNIFICANT";
}

/**
 * Of several verdicts, of which `needed` must be CONFIRMED. UNDECIDED where those that are undecided could still make the
 * difference; PARTIAL where some are confirmed and too few; REJECTED where so many are rejected that too few are left.
 */
export function verdictOfSeveral(verdicts: readonly Verdict[], needed: number): Verdict {
  const count = (verdict: Verdict): number => verdicts.filter((one) => one === verdict).length;
  const confirmed = count("CONFIRMED");
  if (needed > verdicts.length) return "UNDECIDED";
  if (confirmed >= needed) return "CONFIRMED";
  if (confirmed + count("UNDECIDED") >= needed) return "UNDECIDED";
  if (confirmed > 0 || count("PARTIAL") > 0) return "PARTIAL";
  return count("REJECTED") > verdicts.length - needed ? "REJECTED" : "NOT SIGNIFICANT";
}

/** What one expectation came to in one group: one part for each test, all of which must confirm it. */
export interface Claim {
  readonly parts: readonly TestedPart[];
  readonly verdict: Verdict;
}

export function claimOf(parts: readonly TestedPart[]): Claim {
  const verdicts = parts.map(({ verdict }) => verdict ?? "UNDECIDED");
  return { parts, verdict: verdictOfSeveral(verdicts, verdicts.length) };
}

/** The smallest level at which as many claims as are needed would be CONFIRMED; NaN where one of these has no p. */
export function confirmingP(claims: readonly Claim[], quantity: Hypothesis["quantity"]): number {
  const needed = typeof quantity === "number" ? quantity : claims.length;
  const levels = claims.map(({ parts }) =>
    parts.reduce((most, { adjusted, pValue }) => Math.max(most, adjusted ?? pValue ?? Number.NaN), 0),
  );
  // Those without a p come last.
  const inOrder = levels.map((p) => (Number.isNaN(p) ? Infinity : p)).sort((a, b) => a - b);
  const last = inOrder[needed - 1] ?? Infinity;
  return Number.isFinite(last) ? last : Number.NaN;
}

/** The verdict over all claims, and why: the end of a sentence that begins with it. */
export function overall(
  claims: readonly Claim[],
  quantity: Hypothesis["quantity"],
): { readonly verdict: Verdict; readonly reason: string } {
  if (claims.length === 0) return { verdict: "UNDECIDED", reason: "there are no values" };
  const needed = typeof quantity === "number" ? quantity : claims.length;
  const verdict = verdictOfSeveral(
    claims.map((claim) => claim.verdict),
    needed,
  );
  return { verdict, reason: reasonOf(verdict, claims, quantity, needed) };
}

const told = ["CONFIRMED", "PARTIAL", "REJECTED", "NOT SIGNIFICANT", "NOT SUPPORTED", "UNDECIDED"] as const;

function reasonOf(
  verdict: Verdict,
  claims: readonly Claim[],
  quantity: Hypothesis["quantity"],
  needed: number,
): string {
  const parts = claims.flatMap((claim) => claim.parts);
  const undecided = [...new Set(parts.flatMap(({ reason }) => (reason === null ? [] : [reason])))];
  const why = verdict === "UNDECIDED" ? undecided.slice(0, 2).join("; ") : "";
  if (needed > claims.length) return `${needed} are needed, and there are only ${claims.length}`;
  if (parts.length === 1) return why;
  const counted = claims.length > 1 ? claims.map((claim) => claim.verdict) : parts.map((part) => part.verdict);
  const counts = told
    .map((which) => ({ which, times: counted.filter((one) => one === which).length }))
    .filter(({ times }) => times > 0)
    .map(({ which, times }) => `${times} ${which}`);
  const wanted = typeof quantity === "number" ? `, where ${needed} ${needed === 1 ? "is" : "are"} enough` : "";
  const kind = claims.length === 1 ? "tests" : quantity === null ? "groups" : "expectations";
  const of = `of ${counted.length} ${kind} ${counts.join(", ")}${wanted}`;
  return why === "" ? of : `${of}: ${why}`;
}

/** `else not supported`: an outcome that is decided and does not confirm speaks against the hypothesis. */
export function falsified(verdict: Verdict): Verdict {
  return verdict === "CONFIRMED" || verdict === "UNDECIDED" ? verdict : "NOT SUPPORTED";
}
