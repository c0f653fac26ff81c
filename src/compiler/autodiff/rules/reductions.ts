/** Derivative rules of operators that put the entries along axes together. */
import { dimensionOf, int, integerAttribute, text } from "../../onnx/attributes.js";
import { integers } from "../../onnx/lists.js";
import { cast } from "../../operations/lowering.js";
import { multiply, numberLike, realType, shapeOf, sumOver } from "../emit.js";
import { gradientOfOutput, inputOf, outputOf, type GradientRule, type RuleContext } from "../rule.js";

/** A reduced value, or its gradient, with the reduced axes back as axes of one entry. */
function withReducedAxes(context: RuleContext, value: string): string {
  const { builder, node, shape } = context;
  if (integerAttribute(context.node, "keepdims", 1) === 1) return value;
  const axes = node.inputs[1];
  if (axes !== undefined && axes !== "") return builder.node("Unsqueeze", [value, axes]);
  const ones = integers(builder, ...shape(inputOf(context, 0)).map(() => 1));
  return builder.node("Reshape", [value, ones]);
}

/** Whether the node passes its input on, because it has no axes to reduce. */
function isIdentity(context: RuleContext): boolean {
  return integerAttribute(context.node, "noop_with_empty_axes", 0) === 1 && (context.node.inputs[1] ?? "") === "";
}

/** Every entry of the input counts once. */
function spread(context: RuleContext, gradient: string): string {
  const { builder } = context;
  return builder.node("Expand", [withReducedAxes(context, gradient), shapeOf(builder, inputOf(context, 0))]);
}

const sum: GradientRule = (context) => [
  isIdentity(context) ? gradientOfOutput(context) : spread(context, gradientOfOutput(context)),
  null,
];

/** How many entries each result is made of, as a number of the input's type: known where the reduced axes' lengths are. */
function entriesOf(context: RuleContext): string {
  const { builder, type, node, shape, constant } = context;
  const lengths = shape(inputOf(context, 0));
  const named = node.inputs[1];
  const axes = named === undefined || named === "" ? [...lengths.keys()] : constant(named);
  const reduced = axes?.map((axis) => lengths.at(axis));
  if (reduced?.every((length) => typeof length === "number") === true) {
    return numberLike(
      context,
      reduced.reduce((product, length) => product * length, 1),
      inputOf(context, 0),
    );
  }
  const entries = (value: string): string =>
    builder.node("ReduceProd", [shapeOf(builder, value)], { keepdims: int(0) });
  const x = inputOf(context, 0);
  const count = builder.node("Div", [entries(x), entries(outputOf(context, 0))]);
  return cast(builder, count, realType(type(x)));
}

const mean: GradientRule = (context) => {
  const { builder } = context;
  return [spread(context, builder.node("Div", [gradientOfOutput(context), entriesOf(context)])), null];
};

/** The extreme entries share the gradient, as in torch.amax. */
const extreme: GradientRule = (context) => {
  const { builder, node, type } = context;
  const x = inputOf(context, 0);
  const largest = withReducedAxes(context, outputOf(context, 0));
  const found = cast(builder, builder.node("Equal", [x, largest]), realType(type(x)));
  const axes = node.inputs[1];
  const count = builder.node("ReduceSum", axes === undefined ? [found] : [found, axes], { keepdims: int(1) });
  const share = builder.node("Div", [withReducedAxes(context, gradientOfOutput(context)), count]);
  return [multiply(context, found, share), null];
};

/** y (g − Σ g y) along the axis. */
const softmax: GradientRule = (context) => {
  const { builder } = context;
  const [gradient, y] = [gradientOfOutput(context), outputOf(context, 0)];
  const weighted = multiply(context, gradient, y);
  return [builder.node("Sub", [weighted, multiply(context, y, sumAlong(context, weighted))])];
};

/** g − e^y Σ g along the axis. */
const logSoftmax: GradientRule = (context) => {
  const { builder } = context;
  const gradient = gradientOfOutput(context);
  const probabilities = builder.node("Exp", [outputOf(context, 0)]);
  return [builder.node("Sub", [gradient, multiply(context, probabilities, sumAlong(context, gradient))])];
};

/** The sum along the node's own axis, which keeps one entry. */
function sumAlong(context: RuleContext, value: string): string {
  const axis = dimensionOf(integerAttribute(context.node, "axis", -1), context.shape(outputOf(context, 0)).length);
  return sumOver(context.builder, value, [axis], true);
}

/** The largest entries and where they stand: each value's gradient goes to its place. */
const top: GradientRule = (context) => {
  const { builder } = context;
  const x = inputOf(context, 0);
  const axis = dimensionOf(integerAttribute(context.node, "axis", -1), context.shape(x).length);
  const nothing = builder.node("Expand", [numberLike(context, 0, x), shapeOf(builder, x)]);
  const inputs = [nothing, outputOf(context, 1), gradientOfOutput(context)];
  return [builder.node("ScatterElements", inputs, { axis: int(axis), reduction: text("add") }), null];
};

export const reductionRules: Readonly<Record<string, GradientRule>> = {
  LogSoftmax: logSoftmax,
  ReduceMax: extreme,
  ReduceMean: mean,
  ReduceMin: extreme,
  ReduceSum: sum,
  Softmax: softmax,
  TopK: top,
};
