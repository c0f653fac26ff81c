/** The lengths of the axes of every value of a graph, as far as the operators that atlasc emits tell them. */
import { dimensionOf, integerAttribute } from "./attributes.js";
import type { Dimension, Graph, OnnxNode } from "./graph.js";
import { broadcastOperators, valueRanks } from "./ranks.js";

type Shape = readonly Dimension[];

/**
 * Name → shape. Lengths that only a run tells have names, and equal names are equal lengths; a value whose number of axes is
 * unknown ({@link valueRanks}) is left out.
 */
export function valueShapes(graph: Graph): ReadonlyMap<string, Shape> {
  const ranks = valueRanks(graph);
  const shapes = new Map<string, Shape>();
  for (const { name, shape } of [...graph.inputs, ...graph.initializers]) shapes.set(name, shape);
  const constants = new Map(
    graph.initializers.flatMap(({ name, data }) => (data.kind === "inline" ? [[name, data.values] as const] : [])),
  );
  for (const node of graph.nodes) {
    node.outputs.forEach((output, i) => {
      const rank = ranks.get(output);
      if (rank === undefined) return;
      const unknown: Shape = Array.from({ length: rank }, (_, axis) => `${output}.${axis}`);
      const inputs = node.inputs.map((input) => shapes.get(input));
      const told = shapeOf({ node, output: i, inputs, unknown, constant: (input) => constants.get(input) });
      shapes.set(output, told?.length === rank ? told : unknown);
    });
  }
  return shapes;
}

interface Question {
  readonly node: OnnxNode;
  readonly output: number;
  readonly inputs: readonly (Shape | undefined)[];
  /** A shape of which only the number of axes is known. */
  readonly unknown: Shape;
  readonly constant: (name: string) => readonly number[] | undefined;
}

/** Operators whose result is as large as their first input. */
const likeFirst: ReadonlySet<string> = new Set([
  ...["Abs", "Cast", "Cos", "Erf", "Exp", "FastGelu", "Floor", "Gelu", "Identity", "IsInf", "IsNaN", "Log"],
  ...["LogSoftmax", "Neg", "Not", "QuickGelu", "Relu", "ScatterElements", "Sigmoid", "Sign", "Sin", "Softmax"],
  ...["Sqrt", "Tanh"],
]);

function shapeOf(question: Question): Shape | undefined {
  const { node, inputs, unknown } = question;
  const [first] = inputs;
  if (likeFirst.has(node.op)) return first;
  if (broadcastOperators.has(node.op)) return broadcastShape(inputs, unknown);
  if (first === undefined) return undefined;
  if (node.op.startsWith("Reduce")) return reducedShape(question, first);
  switch (node.op) {
    case "FusedMatMul":
    case "MatMul":
      return productShape(question);
    case "GatherElements":
      return inputs[1];
    case "Gather": {
      const axis = dimensionOf(integerAttribute(node, "axis", 0), first.length);
      return inputs[1] === undefined ? undefined : [...first.slice(0, axis), ...inputs[1], ...first.slice(axis + 1)];
    }
    case "Reshape":
      return reshapedShape(question, first);
    case "Transpose": {
      const { perm } = node.attributes;
      return perm?.kind === "ints" ? perm.value.map((axis) => first[axis] ?? 1) : [...first].reverse();
    }
    case "Unsqueeze": {
      const axes = axesOf(question, unknown.length);
      const kept = [...first];
      return axes === undefined ? undefined : unknown.map((_, axis) => (axes.includes(axis) ? 1 : (kept.shift() ?? 1)));
    }
    case "Squeeze": {
      const axes = axesOf(question, first.length);
      return axes === undefined ? undefined : first.filter((_, axis) => !axes.includes(axis));
    }
    case "Slice": {
      const axes = node.inputs[3] === undefined ? undefined : question.constant(node.inputs[3]);
      if (axes === undefined) return undefined;
      const cut = axes.map((axis) => dimensionOf(axis, first.length));
      return first.map((size, axis) => (cut.includes(axis) ? (unknown[axis] ?? size) : size));
    }
    case "Split":
    case "Concat":
    case "Compress":
    case "Pad":
      return partShape(question, first);
    default:
      return undefined;
  }
}

/** Equal lengths stay; a length beside 1 stays; a number beside a name wins, since the name can only be 1 or that number. */
function broadcastShape(inputs: readonly (Shape | undefined)[], unknown: Shape): Shape | undefined {
  if (inputs.some((shape) => shape === undefined)) return undefined;
  return unknown.map((own, axis) => {
    const sizes = inputs.flatMap((shape = []) => {
      const at = axis - (unknown.length - shape.length);
      return at < 0 ? [] : [shape[at] ?? 1];
    });
    const others = [...new Set(sizes)].filter((size) => size !== 1);
    const [only = 1] = others;
    if (others.length <= 1) return only;
    return others.find((size) => typeof size === "number") ?? own;
  });
}

function reducedShape(question: Question, first: Shape): Shape | undefined {
  const { node } = question;
  const keep = integerAttribute(node, "keepdims", 1) === 1;
  const axes = (node.inputs[1] ?? "") === "" ? first.map((_, axis) => axis) : axesOf(question, first.length);
  if (axes === undefined) return undefined;
  return keep ? first.map((size, axis) => (axes.includes(axis) ? 1 : size)) : first.filter((_, i) => !axes.includes(i));
}

function productShape({ node, inputs: [a, b], unknown }: Question): Shape | undefined {
  if (a === undefined || b === undefined || a.length < 2 || b.length < 2) return undefined;
  const sides = (shape: Shape, transposed: boolean): Shape => {
    const last = shape.slice(-2);
    return transposed ? last.reverse() : last;
  };
  const [rows = 1] = sides(a, integerAttribute(node, "transA", 0) === 1);
  const [, columns = 1] = sides(b, integerAttribute(node, "transB", 0) === 1);
  const batches = broadcastShape([a.slice(0, -2), b.slice(0, -2)], unknown.slice(0, -2));
  return batches === undefined ? undefined : [...batches, rows, columns];
}

/** 0 keeps a length unless the node says that it means nothing; −1 is known where every other length is. */
function reshapedShape({ node, unknown, constant }: Question, first: Shape): Shape | undefined {
  const target = constant(node.inputs[1] ?? "");
  if (target === undefined) return undefined;
  const keeps = integerAttribute(node, "allowzero", 0) === 0;
  return target.map((size, axis) => {
    if (size === 0 && keeps) return first[axis] ?? 1;
    return size < 0 ? (unknown[axis] ?? 1) : size;
  });
}

/** What changes along one axis keeps the others. */
function partShape({ node, inputs, unknown, output, constant }: Question, first: Shape): Shape | undefined {
  const axis = dimensionOf(integerAttribute(node, "axis", 0), first.length);
  const along = (size: Dimension | undefined): Shape => first.map((own, i) => (i === axis ? (size ?? own) : own));
  if (node.op === "Compress") return along(unknown[axis]);
  if (node.op === "Split") {
    const sizes = constant(node.inputs[1] ?? "");
    return along(sizes?.[output] ?? unknown[axis]);
  }
  if (node.op === "Concat") {
    const sizes = inputs.map((shape) => shape?.[axis]);
    const total = sizes.reduce<number | null>(
      (sum, size) => (sum === null || typeof size !== "number" ? null : sum + size),
      0,
    );
    return along(sizes.length === 1 ? sizes[0] : (total ?? unknown[axis]));
  }
  const axes = constant(node.inputs[3] ?? "");
  const padded = axes?.map((one) => dimensionOf(one, first.length));
  return padded === undefined ? undefined : first.map((own, i) => (padded.includes(i) ? (unknown[i] ?? own) : own));
}

function axesOf({ node, constant }: Question, rank: number): readonly number[] | undefined {
  return constant(node.inputs[1] ?? "")?.map((axis) => dimensionOf(axis, rank));
}
