/** What a plan may rely on of whatever computes it. The compiler decides by this data and never by a device's name. */

/** Whether something holds of what computes, and a sentence that says why. */
export interface Capability {
  readonly holds: boolean;
  readonly because: string;
}

/** Everything that plans and runs ask of what computes. Two of equal {@link Numerics} have equal capabilities. */
export interface Capabilities {
  /** Attention of long texts is worth computing a chunk of queries at a time. */
  readonly chunkedAttention: Capability;
  /** A graph may run as several sessions, one after the other: what one passes to the next stays where it is. */
  readonly segments: Capability;
  /** The bits of a row depend neither on the rows beside it in a batch nor on what else its graph yields. */
  readonly rowsIndependent: Capability;
  /** Sessions can rearrange their weights for matrix products, which can change the last bits. */
  readonly prepacking: Capability;
  /** Sessions that do not rearrange their weights read them where they are mapped, and hold none of their own. */
  readonly mappedWeights: Capability;
  /** The number of threads decides how fast work is done. */
  readonly threads: Capability;
  /** Floating-point operations that one unit holds at most: about a second of work. */
  readonly unitFlops: number;
}

/** Why what does not hold does not, a sentence each. */
export function limitsOf(capabilities: Capabilities): readonly string[] {
  const { unitFlops: _unitFlops, ...answers } = capabilities;
  const all = Object.values(answers) as readonly Capability[];
  return all.filter(({ holds }) => !holds).map(({ because }) => because);
}
