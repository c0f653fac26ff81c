/** What operations do with numbers that are not finite, and whether they make some: what `causes.ts` and `tail.ts` go by. */
import type { MeasureNode } from "../ir/expression.js";

export interface RangeRule {
  /**
   * `view`: it takes entries of its first input and leaves them as they are. `transparent`: the result is not finite where
   * an input is not; for inputs that vanish see below. `growing`: the result can be beyond float32's range, and need not
   * show an input that is. `bounded`: the result is finite where the inputs are, and it may hide an input that is not: it
   * compares, chooses, or brings numbers to a common scale.
   */
  readonly kind: "view" | "transparent" | "growing" | "bounded";
  /** True when the operation can leave float32's range in one step, so that a sentence about its result is exact. */
  readonly alone?: true;
  /** Inputs of which an infinite entry would become 0 and pass for a number: divisors, and what is raised to a power. */
  readonly vanishing?: readonly number[];
  /**
   * Inputs that matter only where a condition, another input, holds (true) or does not: what is wrong elsewhere in them is
   * not told.
   */
  readonly chooses?: { readonly condition: number; readonly where: Readonly<Record<number, boolean>> };
  /** Whether an infinite result may be right: an exponential can be too large to matter, as in 1 / (1 + exp(-x)). */
  readonly honest?: (inputs: readonly (MeasureNode | undefined)[]) => boolean;
  /**
   * How the operation can be part of an expression's end that is computed again in float64: place by place, or putting a
   * few entries together. Absent: never.
   */
  readonly tail?: "places" | "entries";
  /**
   * Whether it can take ordinary numbers out of float32's range, which makes such an end worth computing again. `sizes`
   * are the absolute values of inputs that are constants, null for others. Absent: never.
   */
  readonly grows?: (sizes: readonly (number | null)[]) => boolean;
}

/** Exponents and factors up to which a result is not expected to leave float32's range. */
export const ordinary = { exponent: 4, factor: 1e6 } as const;
