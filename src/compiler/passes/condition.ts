/** What passes rely on and guarantee, as facts that can be checked. */

/** A fact about drafts, graphs or plans. */
export interface Condition<Subject> {
  /** Unique among the conditions of a subject: `begins-with-tokens`. */
  readonly name: string;
  /** The fact, as a clause without a full stop. */
  readonly says: string;
  /** What contradicts it, a sentence each; empty when it holds. */
  readonly violations: (subject: Subject) => readonly string[];
}

/**
 * Throws when a condition does not hold.
 *
 * @param who what relies on the conditions or guarantees them: `the pass x requires`
 * @throws Error that names `who` and the condition: a fault of ours
 */
export function assertConditions<Subject>(
  who: string,
  conditions: readonly Condition<Subject>[],
  subject: Subject,
): void {
  for (const { name, says, violations } of conditions) {
    const [first, ...others] = violations(subject);
    if (first === undefined) continue;
    const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
    throw new Error(`${who} ${name} (${says}), which does not hold: ${first}${more}`);
  }
}
