/** The MLP of a layer: one hidden layer, of which another may gate the input. */
import { int } from "../../onnx/attributes.js";
import { applyActivation, type Activation } from "./activation.js";
import { endBranch, type BranchEnd } from "./branch.js";
import type { BuildContext } from "./context.js";
import { applyLinear, type Linear } from "./linear.js";

/** An MLP's matrices. */
export type MlpWeights =
  | { readonly kind: "plain"; readonly up: Linear; readonly down: Linear }
  /** down (f(gate x) ∘ up x) (Shazeer 2020). */
  | { readonly kind: "gated"; readonly gate: Linear; readonly up: Linear; readonly down: Linear }
  /** The same with one matrix whose first rows are those of the gate. */
  | { readonly kind: "gate-up"; readonly gateUp: Linear; readonly down: Linear };

/** Makes the sites mlp_pre, mlp_act and mlp_out from the normed stream x [row, pos, d_model], and returns mlp_out. */
export function mlp(
  context: BuildContext,
  x: string,
  layer: number,
  weights: MlpWeights,
  activation: Activation,
  end: BranchEnd,
): string {
  const builder = context.builder.scope(`layer.${layer}/mlp`);
  const { neurons } = context.signature;
  const actName = context.site("mlp_act", layer);
  const preName = context.site("mlp_pre", layer);
  const finish = (act: string): string => endBranch(context, builder, act, weights.down, end, "mlp_out", layer);
  switch (weights.kind) {
    case "plain": {
      const pre = applyLinear(builder, x, weights.up, preName);
      return finish(applyActivation(builder, pre, activation, actName));
    }
    case "gated": {
      const pre = applyLinear(builder, x, weights.gate, preName);
      const opened = applyActivation(builder, pre, activation);
      return finish(builder.node("Mul", [opened, applyLinear(builder, x, weights.up)], {}, actName));
    }
    case "gate-up": {
      const both = applyLinear(builder, x, weights.gateUp);
      const sizes = builder.constant("int64", [2], [neurons, neurons]);
      const [gate = "", up = ""] = builder.nodeWithOutputs("Split", [both, sizes], ["gate", "up"], { axis: int(-1) });
      const pre = builder.node("Identity", [gate], {}, preName);
      return finish(builder.node("Mul", [applyActivation(builder, pre, activation), up], {}, actName));
    }
  }
}
