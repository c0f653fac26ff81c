import type { GraphBuilder } from "../../onnx/builder.js";
import type { NormStyle } from "./blueprint.js";
import type { Linear } from "./linear.js";
import type { Norm } from "./norm.js";
import type { WeightSource } from "./weights.js";

/** How a family spells and stores the weights of its norms and linear layers. */
export interface WeightConvention {
  /** What stands before every name, `gpt_neox.` for instance. */
  readonly prefix: string;
  readonly dModel: number;
  readonly style: NormStyle;
  readonly layout: Linear["layout"];
}

/** Norms and linear layers of a checkpoint by their names, `NAME.weight` and `NAME.bias`. */
export interface NamedWeights {
  /** Over d_model, in the model's style. */
  readonly norm: (name: string) => Norm;
  readonly normOrNone: (name: string | null) => Norm | null;
  /** With weights of another shape, in a style of its own. */
  readonly normOf: (name: string, style: NormStyle, shape: readonly number[]) => Norm;
  readonly linear: (name: string, from: number, to: number, bias: boolean) => Linear;
  /** Any tensor under its whole name. */
  readonly tensor: (name: string, ...shape: number[]) => string;
}

export function namedWeights(weights: WeightSource, builder: GraphBuilder, convention: WeightConvention): NamedWeights {
  const { prefix, dModel, style, layout } = convention;
  const tensor = (name: string, ...shape: number[]): string => weights.float32(prefix + name, shape);

  function normOf(name: string, { kind, epsilon, weight, bias }: NormStyle, shape: readonly number[]): Norm {
    const stored = weight === "none" ? null : tensor(`${name}.weight`, ...shape);
    const one = (): string => builder.constant("float32", [], [1]);
    return {
      kind,
      weight: weight === "plus-one" && stored !== null ? builder.scope(name).node("Add", [stored, one()]) : stored,
      bias: bias ? tensor(`${name}.bias`, ...shape) : null,
      epsilon,
    };
  }

  const norm = (name: string): Norm => normOf(name, style, [dModel]);
  return {
    norm,
    normOrNone: (name) => (name === null ? null : norm(name)),
    normOf,
    linear: (name, from, to, bias) => ({
      weight: layout === "in-out" ? tensor(`${name}.weight`, from, to) : tensor(`${name}.weight`, to, from),
      layout,
      bias: bias ? tensor(`${name}.bias`, to) : null,
    }),
    tensor,
  };
}
