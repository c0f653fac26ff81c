/** Derivative rules of operators that move entries or choose among them, and change none. */
import { dimensionOf, int, integerAttribute, ints, text } from "../../onnx/attributes.js";
import type { OnnxNode } from "../../onnx/graph.js";
import { integers } from "../../onnx/lists.js";
import { reshapeLike, shapeOf, sumToShape, zerosLike } from "../emit.js";
import {
  gradientOfOutput,
  inputOf,
  outputOf,
  type GradientPart,
  type GradientRule,
  type RuleContext,
} from "../rule.js";

/** The same entries in the same order under another shape. */
const reshaped: GradientRule = (context) => [
  reshapeLike(context, gradientOfOutput(context), inputOf(context, 0)),
  ...context.node.inputs.slice(1).map(() => null),
];

const transpose: GradientRule = (context) => {
  const { builder, node, shape } = context;
  const rank = shape(inputOf(context, 0)).length;
  const { perm } = node.attributes;
  const order = perm?.kind === "ints" ? perm.value : Array.from({ length: rank }, (_, i) => rank - 1 - i);
  const inverse = order.map((_, axis) => order.indexOf(axis));
  return [builder.node("Transpose", [gradientOfOutput(context)], { perm: ints(inverse) })];
};

const expand: GradientRule = (context) => [
  sumToShape(context, gradientOfOutput(context), inputOf(context, 0), outputOf(context, 0)),
  null,
];

/** Each part's gradient is its part of the gradient. */
const concat: GradientRule = (context) => {
  const { builder, node, shape } = context;
  const gradient = gradientOfOutput(context);
  const axis = dimensionOf(integerAttribute(context.node, "axis", 0), shape(outputOf(context, 0)).length);
  const [only] = node.inputs;
  if (node.inputs.length === 1 && only !== undefined) return [gradient];
  const lengths = node.inputs.map((part) => lengthOf(context, part, axis));
  const sizes = builder.node("Concat", lengths, { axis: int(0) });
  return builder.nodeWithOutputs(
    "Split",
    [gradient, sizes],
    node.inputs.map(() => "Split"),
    { axis: int(axis) },
  );
};

/** The length of an axis of a value, as a list of one. */
function lengthOf({ builder }: RuleContext, value: string, axis: number): string {
  return builder.node("Shape", [value], { start: int(axis), end: int(axis + 1) });
}

const split: GradientRule = (context) => {
  const { builder, node, gradientOf } = context;
  const parts = node.outputs.map((output, i) => gradientOf(i) ?? zerosLike(context, output));
  return [builder.node("Concat", parts, { axis: int(integerAttribute(context.node, "axis", 0)) }), null];
};

/** Adds updates to the gradient of the node's input, along an axis at places [..] that are counted from the front. */
function scatterAlong(context: RuleContext, axis: number, places: string, updates: string): GradientPart {
  const { builder, shape } = context;
  const x = inputOf(context, 0);
  const before = integers(builder, ...shape(x).flatMap((_, i) => (i === axis ? [] : [i])));
  const column = shape(x).length === 1 ? places : builder.node("Unsqueeze", [places, before]);
  const indices = builder.node("Expand", [column, shapeOf(builder, updates)]);
  return scattered(context, axis, indices, updates);
}

/** Adds updates to the gradient of the node's input at the places that GatherElements would take. */
function scattered(context: RuleContext, axis: number, places: string, updates: string): GradientPart {
  const attributes = { axis: int(axis), reduction: text("add") };
  return {
    onto: (sum) => {
      const data = sum ?? zerosLike(context, inputOf(context, 0));
      return context.builder.node("ScatterElements", [data, places, updates], attributes);
    },
  };
}

/** The places 0, 1, … along an axis of the node's input, int64 [..]. */
function placesAlong(context: RuleContext, axis: number): string {
  const { builder } = context;
  const number = (value: number): string => builder.constant("int64", [], [value]);
  const length = builder.node("Squeeze", [lengthOf(context, inputOf(context, 0), axis)]);
  return builder.node("Range", [number(0), length, number(1)]);
}

/** What was taken from a place goes back to it, and adds up where it was taken several times. */
const gather: GradientRule = (context) => {
  const { builder, shape } = context;
  const [x, indices] = [inputOf(context, 0), inputOf(context, 1)];
  const axis = dimensionOf(integerAttribute(context.node, "axis", 0), shape(x).length);
  const gradient = gradientOfOutput(context);
  const flat = shape(indices).length === 1 ? indices : builder.node("Reshape", [indices, integers(builder, -1)]);
  if (shape(indices).length === 1) return [scatterAlong(context, axis, flat, gradient), null];
  // The axes of the indices stand where the axis was: they become one again.
  const lengths = (from: number, to: number): string => builder.node("Shape", [x], { start: int(from), end: int(to) });
  const merged = builder.node("Shape", [flat]);
  const joined = builder.node("Concat", [lengths(0, axis), merged, lengths(axis + 1, shape(x).length)], {
    axis: int(0),
  });
  const updates = builder.node("Reshape", [gradient, joined], { allowzero: int(1) });
  return [scatterAlong(context, axis, flat, updates), null];
};

const gatherElements: GradientRule = (context) => {
  const axis = integerAttribute(context.node, "axis", 0);
  return [scattered(context, axis, inputOf(context, 1), gradientOfOutput(context)), null];
};

/** Only additions are emitted: the data pass, and updates come from their places. */
const scatterElements: GradientRule = (context) => {
  const { builder, node } = context;
  const { reduction } = node.attributes;
  if (reduction?.kind !== "string" || reduction.value !== "add")
    throw new RangeError("only scattered sums have a rule");
  const gradient = gradientOfOutput(context);
  const axis = int(integerAttribute(context.node, "axis", 0));
  return [gradient, null, builder.node("GatherElements", [gradient, inputOf(context, 1)], { axis })];
};

/** The axes that a node's input names, counted from the front; `absent` where it has no such input. */
function namedAxes(
  { node, constant, shape }: RuleContext,
  input: number,
  absent: readonly number[],
): readonly number[] {
  const name = node.inputs[input] ?? "";
  const axes = name === "" ? absent : constant(name);
  if (axes === null) throw new RangeError(`${node.op} along axes that are computed has no rule`);
  return axes.map((axis) => dimensionOf(axis, shape(node.inputs[0] ?? "").length));
}

function rest({ inputs }: OnnxNode): readonly null[] {
  return inputs.slice(1).map(() => null);
}

/** The gradient of a part, between zeros for what lies before and after it. */
const slice: GradientRule = (context) => {
  const { builder, node, shape } = context;
  const steps = node.inputs[4];
  const [x, y, start] = [inputOf(context, 0), outputOf(context, 0), inputOf(context, 1)];
  const axes = namedAxes(
    context,
    3,
    shape(x).map((_, axis) => axis),
  );
  if (steps !== undefined) {
    const [axis] = axes;
    if (axis === undefined || axes.length > 1)
      throw new RangeError("a Slice with steps along several axes has no rule");
    const bounds = [start, inputOf(context, 2), integers(builder, 0), steps];
    const taken = builder.node("Slice", [placesAlong(context, axis), ...bounds]);
    return [scatterAlong(context, axis, taken, gradientOfOutput(context)), ...rest(node)];
  }
  const along = integers(builder, ...axes);
  const lengths = (value: string): string => builder.node("Gather", [shapeOf(builder, value), along]);
  // A place before the first or behind the last one means the end that it lies beyond.
  const all = lengths(x);
  const fromFront = builder.node("Where", [
    builder.node("Less", [start, integers(builder, 0)]),
    builder.node("Add", [start, all]),
    start,
  ]);
  const before = builder.node("Min", [builder.node("Max", [fromFront, integers(builder, 0)]), all]);
  const after = builder.node("Sub", [builder.node("Sub", [all, before]), lengths(y)]);
  const pads = builder.node("Concat", [before, after], { axis: int(0) });
  // Only the graph's own arithmetic says that it is as long as x again; the Reshape copies nothing, and tells it.
  return [reshapeLike(context, builder.node("Pad", [gradientOfOutput(context), pads, "", along]), x), ...rest(node)];
};

/** The entries between the padding. */
const pad: GradientRule = (context) => {
  const { builder, node, shape } = context;
  const x = inputOf(context, 0);
  const axes = namedAxes(
    context,
    3,
    shape(x).map((_, axis) => axis),
  );
  const along = integers(builder, ...axes);
  const starts = builder.node("Slice", [inputOf(context, 1), integers(builder, 0), integers(builder, axes.length)]);
  const lengths = builder.node("Gather", [shapeOf(builder, x), along]);
  const ends = builder.node("Add", [starts, lengths]);
  return [builder.node("Slice", [gradientOfOutput(context), starts, ends, along]), ...rest(node)];
};

const compress: GradientRule = (context) => {
  const { builder, shape } = context;
  const x = inputOf(context, 0);
  const axis = dimensionOf(integerAttribute(context.node, "axis", 0), shape(x).length);
  const taken = builder.node("Compress", [placesAlong(context, axis), inputOf(context, 1)], { axis: int(0) });
  return [scatterAlong(context, axis, taken, gradientOfOutput(context)), null];
};

export const entryRules: Readonly<Record<string, GradientRule>> = {
  Compress: compress,
  Concat: concat,
  Expand: expand,
  Gather: gather,
  GatherElements: gatherElements,
  Pad: pad,
  Reshape: reshaped,
  ScatterElements: scatterElements,
  Slice: slice,
  Split: split,
  Squeeze: reshaped,
  Transpose: transpose,
  Unsqueeze: reshaped,
};
