import type { Linear } from "./linear.js";
import type { Norm } from "./norm.js";
import type { WeightSource } from "./weights.js";

/** How a family spells and stores the weights of its norms and linear layers. */
export interface WeightConvention {
  /** What stands before every name, `gpt_neox.` for instance. */
  readonly prefix: string;
  readonly dModel: number;
  readonly norm: Norm["kind"];
  readonly epsilon: number;
  readonly layout: Linear["layout"];
}

/** Norms and linear layers of a checkpoint by their names, `NAME.weight` and `NAME.bias`. */
export interface NamedWeights {
  /** Over d_model; an RMSNorm has no bias. */
  readonly norm: (name: string) => Norm;
  readonly linear: (name: string, from: number, to: number, bias: boolean) => Linear;
}

export function namedWeights(weights: WeightSource, convention: WeightConvention): NamedWeights {
  const { prefix, dModel, epsilon, layout } = convention;
  const tensor = (name: string, ...shape: number[]): string => weights.float32(prefix + name, shape);
  return {
    norm: (name) => ({
      kind: convention.norm,
      weight: tensor(`${name}.weight`, dModel),
      bias: convention.norm === "rms" ? null : tensor(`${name}.bias`, dModel),
      epsilon,
    }),
    linear: (name, from, to, bias) => ({
      weight: layout === "in-out" ? tensor(`${name}.weight`, from, to) : tensor(`${name}.weight`, to, from),
      layout,
      bias: bias ? tensor(`${name}.bias`, to) : null,
    }),
  };
}
