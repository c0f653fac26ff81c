/**
 * A mixture of experts (Shazeer et al. 2017). Every expert is computed for every token and counts with its weight, which is 0
 * where it was not chosen: the numbers of a mixture that computes the chosen ones alone.
 */
import { integers } from "../../onnx/lists.js";
import { float, int, ints } from "../../onnx/attributes.js";
import type { GraphBuilder } from "../../onnx/builder.js";
import { applyActivation, type Activation } from "./activation.js";
import type { ExpertsPlan, SharedExpertPlan } from "./blueprint.js";
import { finishBranch, type BranchEnd } from "./branch.js";
import type { BuildContext } from "./context.js";
import { applyLinear } from "./linear.js";
import type { NamedWeights } from "./named-weights.js";

/** Makes router_logits, expert_out and mlp_out from the normed stream x [row, pos, d_model], and returns mlp_out. */
export function addExperts(
  context: BuildContext,
  named: NamedWeights,
  plan: ExpertsPlan,
  x: string,
  layer: number,
  activation: Activation,
  end: BranchEnd,
): string {
  const { experts, dModel } = context.signature;
  if (experts === null) throw new RangeError("addExperts: the signature has no experts");
  const builder = context.builder.scope(`layer.${layer}/mlp`);
  const router = named.linear(plan.router, dModel, experts.count, plan.routerBias);
  const logits = applyLinear(builder, x, router, context.site("router_logits", layer));
  const shares = routing(builder, logits, { ...experts, normalised: plan.normalised });
  const { weights } = plan;
  const outputs =
    weights.kind === "listed"
      ? listedExperts(context, builder, named, weights, x, activation)
      : stackedExperts(context, builder, named, weights, x);
  const weighted = [outputs, builder.node("Unsqueeze", [shares, integers(builder, 3)])];
  const expertOut = builder.node("Mul", weighted, {}, context.site("expert_out", layer));
  const sum = builder.node("ReduceSum", [expertOut, integers(builder, 2)], { keepdims: int(0) });
  const shared = plan.shared === null ? null : sharedExpert(context, builder, named, plan.shared, x, layer, activation);
  const total = shared === null ? sum : builder.node("Add", [sum, shared]);
  return finishBranch(context, builder, total, end, "mlp_out", layer);
}

/** The weight of each expert [row, pos, expert] from the router's logits: 0 where it is not among the `chosen` largest. */
function routing(
  builder: GraphBuilder,
  logits: string,
  { count, chosen, normalised }: { readonly count: number; readonly chosen: number; readonly normalised: boolean },
): string {
  const probabilities = builder.node("Softmax", [logits], { axis: int(-1) });
  const top = { axis: int(-1), largest: int(1), sorted: int(1) };
  const [values = "", indices = ""] = builder.nodeWithOutputs(
    "TopK",
    [probabilities, integers(builder, chosen)],
    ["top", "which"],
    top,
  );
  const total = builder.node("ReduceSum", [values, integers(builder, -1)], { keepdims: int(1) });
  const shares = normalised ? builder.node("Div", [values, total]) : values;
  // [row, pos, chosen, expert]: where an expert is the nth choice.
  const numbers = builder.constant(
    "int64",
    [count],
    Array.from({ length: count }, (_, expert) => expert),
  );
  const isChoice = builder.node("Equal", [builder.node("Unsqueeze", [indices, integers(builder, -1)]), numbers]);
  const zero = builder.constant("float32", [], [0]);
  const spread = builder.node("Where", [isChoice, builder.node("Unsqueeze", [shares, integers(builder, -1)]), zero]);
  return builder.node("ReduceSum", [spread, integers(builder, 2)], { keepdims: int(0) });
}

/** What each expert gives [row, pos, expert, d_model], from matrices of its own. */
function listedExperts(
  { signature: { neurons, dModel, experts } }: BuildContext,
  builder: GraphBuilder,
  named: NamedWeights,
  names: Extract<ExpertsPlan["weights"], { kind: "listed" }>,
  x: string,
  activation: Activation,
): string {
  const axis = builder.constant("int64", [1], [2]);
  const outputs = Array.from({ length: experts?.count ?? 0 }, (_, expert) => {
    const gate = applyLinear(builder, x, named.linear(names.gate(expert), dModel, neurons, false));
    const up = applyLinear(builder, x, named.linear(names.up(expert), dModel, neurons, false));
    const act = builder.node("Mul", [applyActivation(builder, gate, activation), up]);
    const output = applyLinear(builder, act, named.linear(names.down(expert), neurons, dModel, false));
    return builder.node("Unsqueeze", [output, axis]);
  });
  return builder.node("Concat", outputs, { axis: int(2) });
}

/** The same from stacked matrices [expert, in, out]: (up + 1) ∘ gate · σ(alpha · gate). */
function stackedExperts(
  { signature: { neurons, dModel, experts } }: BuildContext,
  builder: GraphBuilder,
  named: NamedWeights,
  { gateUp, down, limit, alpha }: Extract<ExpertsPlan["weights"], { kind: "stacked" }>,
  x: string,
): string {
  const count = experts?.count ?? 0;
  const number = (value: number): string => builder.constant("float32", [], [value]);
  // [row, expert, pos, width]
  const through = (value: string, name: string, from: number, to: number): string => {
    const product = builder.node("MatMul", [value, named.tensor(name, count, from, to)]);
    const bias = builder.node("Unsqueeze", [named.tensor(`${name}_bias`, count, to), integers(builder, 1)]);
    return builder.node("Add", [product, bias]);
  };
  const both = through(builder.node("Unsqueeze", [x, integers(builder, 1)]), gateUp, dModel, 2 * neurons);
  const pairs = builder.node("Reshape", [both, integers(builder, 0, 0, -1, neurons, 2)]);
  const halves = builder.nodeWithOutputs("Split", [pairs, integers(builder, 1, 1)], ["gate", "up"], { axis: int(-1) });
  const [gate = "", up = ""] = halves.map((half) => builder.node("Squeeze", [half, integers(builder, -1)]));
  const opened = builder.node("QuickGelu", [builder.node("Min", [gate, number(limit)])], { alpha: float(alpha) });
  const within = builder.node("Max", [builder.node("Min", [up, number(limit)]), number(-limit)]);
  const act = builder.node("Mul", [builder.node("Add", [within, number(1)]), opened]);
  return builder.node("Transpose", [through(act, down, neurons, dModel)], { perm: ints([0, 2, 1, 3]) });
}

/** The site shared_expert_out [row, pos, d_model]. */
function sharedExpert(
  context: BuildContext,
  builder: GraphBuilder,
  named: NamedWeights,
  { neurons, gate, up, down, opening }: SharedExpertPlan,
  x: string,
  layer: number,
  activation: Activation,
): string {
  const { dModel } = context.signature;
  const apply = (value: string, name: string, from: number, to: number): string =>
    applyLinear(builder, value, named.linear(name, from, to, false));
  const opened = applyActivation(builder, apply(x, gate, dModel, neurons), activation);
  const output = apply(builder.node("Mul", [opened, apply(x, up, dModel, neurons)]), down, neurons, dModel);
  const share = builder.node("Sigmoid", [apply(x, opening, dModel, 1)]);
  return builder.node("Mul", [output, share], {}, context.site("shared_expert_out", layer));
}
