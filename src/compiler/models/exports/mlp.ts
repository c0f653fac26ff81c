/** MLPs, found by what is done between their matrices. */
import type { Activation } from "../parts/activation.js";
import { activationOf, gatedActivationOf } from "./functions.js";
import type { Walk } from "./interpret.js";
import { isElementwise } from "./kernels.js";
import { linearOf, type FoundLinear } from "./linears.js";
import { regionOf } from "./regions.js";
import { stop } from "./stop.js";
import { plain, traceOf } from "./trace.js";

/** Columns of a product. */
export interface FoundColumns {
  readonly linear: FoundLinear;
  readonly source: string;
  readonly columns: readonly number[];
}

export interface FoundMlp {
  readonly activation: Activation;
  /** What the activation reads. */
  readonly pre: FoundColumns;
  /** What the activation is multiplied by; null where there is nothing. */
  readonly up: FoundColumns | null;
}

/** The MLP before its last matrix, whose input a value is. */
export function mlpOf(walk: Walk, act: string): FoundMlp {
  const { leaves } = regionOf(walk, act, (node, name) => isElementwise(node) && linearOf(walk, name) === null);
  const [first, second, ...more] = leaves;
  if (first === undefined || more.length > 0) {
    return stop(
      act,
      `what the last matrix of a part reads follows from ${leaves.length} values, and not from one or two products`,
    );
  }
  if (second === undefined) {
    const activation = activationOf(walk, act, first);
    if (activation === null) return stop(act, "its activation is none of gelu, gelu_tanh, silu and relu");
    return { activation, pre: columnsOf(walk, first), up: null };
  }
  const found = gatedActivationOf(walk, act, [first, second]);
  if (found === null) return stop(act, "it is no gated MLP with gelu, gelu_tanh, silu or relu");
  return { activation: found.activation, pre: columnsOf(walk, found.gate), up: columnsOf(walk, found.up) };
}

function columnsOf(walk: Walk, leaf: string): FoundColumns {
  const { source, shape, terms } = traceOf(walk, leaf);
  const linear = linearOf(walk, source);
  const [term, ...more] = terms;
  if (linear === null || term === undefined || more.length > 0 || term.factors.some((factor) => factor !== 1)) {
    return stop(leaf, "what an activation reads is no product with a matrix");
  }
  return { linear, source: plain(walk, source), columns: Array.from(term.entries.slice(0, shape.at(-1) ?? 0)) };
}
