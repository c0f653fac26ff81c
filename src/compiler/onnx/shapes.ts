/** The lengths of the axes of every value of a graph, as far as the operators that atlasc emits tell them. */
import { bodyOf, dimensionOf, integerAttribute } from "./attributes.js";
import type { Dimension, Graph, OnnxNode } from "./graph.js";
import { broadcastOperators, valueRanks } from "./ranks.js";
import { lengthList, numbers, type LengthList } from "./shape-lists.js";

type Shape = readonly Dimension[];

/**
 * Name → shape. Lengths that only a run tells have names, and equal names are equal lengths; a value whose number of axes is
 * unknown ({@link valueRanks}) is left out.
 */
export function valueShapes(graph: Graph): ReadonlyMap<string, Shape> {
  const ranks = valueRanks(graph, true);
  const shapes = new Map<string, Shape>();
  for (const { name, shape } of [...graph.inputs, ...graph.initializers]) shapes.set(name, shape);
  const lists = new Map<string, LengthList>(
    graph.initializers.flatMap(({ name, type, shape, data }) =>
      data.kind === "inline" && type === "int64" && shape.length < 2 ? [[name, data.values] as const] : [],
    ),
  );
  for (const node of graph.nodes) {
    node.outputs.forEach((output, i) => {
      const rank = ranks.get(output);
      if (rank === undefined) return;
      const unknown: Shape = Array.from({ length: rank }, (_, axis) => `${output}.${axis}`);
      const inputs = node.inputs.map((input) => shapes.get(input));
      const list = (input: number): LengthList | undefined => lists.get(node.inputs[input] ?? "");
      const told = shapeOf({ node, output: i, inputs, unknown, list, constant: (input) => numbers(lists.get(input)) });
      shapes.set(output, told?.length === rank ? told : unknown);
    });
    const [only] = node.outputs;
    const list = lengthList(node, {
      shape: (input) => shapes.get(node.inputs[input] ?? ""),
      list: (input) => lists.get(node.inputs[input] ?? ""),
    });
    if (only !== undefined && list !== undefined) lists.set(only, list);
  }
  return shapes;
}

interface Question {
  readonly node: OnnxNode;
  readonly output: number;
  readonly inputs: readonly (Shape | undefined)[];
  /** A shape of which only the number of axes is known. */
  readonly unknown: Shape;
  readonly list: (input: number) => LengthList | undefined;
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
    case "Expand":
      return expandedShape(question, first);
    case "Range":
      return rangeShape(question);
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
      return first.map((size, axis) => cutLength(question, axes, size, axis, first.length));
    }
    case "Scan":
      return scannedShape(question, first);
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

/** The length that a Slice leaves. Without its first or last entry, a list is one shorter either way. */
function cutLength(
  { node, unknown, list }: Question,
  axes: readonly number[],
  size: Dimension,
  axis: number,
  rank: number,
): Dimension {
  const place = axes.findIndex((cut) => dimensionOf(cut, rank) === axis);
  if (place < 0) return size;
  const own = unknown[axis] ?? size;
  if (node.inputs.length > 4) return own;
  const [start, end] = [list(1)?.[place], list(2)?.[place]];
  if (typeof start !== "number" || typeof end !== "number") return own;
  if (typeof size === "number") return Array.from({ length: size }).slice(start, end).length;
  const dropsOne = (start === 1 && end >= toTheEnd) || (start === 0 && end === -1);
  return dropsOne ? oneLess.name(size) : own;
}

/** Names of lengths that are one less than others, or 0 where these are. */
export const oneLess = {
  name: (length: string): string => `${length} less 1`,
  /** Than which it is one less; null for another name. */
  of: (name: string): string | null => (name.endsWith(" less 1") ? name.slice(0, -" less 1".length) : null),
} as const;

/** Ends from here on mean the end of any list. */
const toTheEnd = 2 ** 31 - 1;

/** 0 keeps a length unless the node says that it means nothing; a named length could be 0, too. −1 is not known. */
function reshapedShape({ node, unknown, list }: Question, first: Shape): Shape | undefined {
  const keeps = integerAttribute(node, "allowzero", 0) === 0;
  const told = list(1)?.map((size, axis) => {
    const own = unknown[axis] ?? 1;
    if (typeof size !== "number") return keeps && size !== first[axis] ? own : (size ?? own);
    if (size === 0 && keeps) return first[axis] ?? 1;
    return size < 0 ? null : size;
  });
  return told?.map((size, axis) => size ?? lengthLeft(first, told) ?? unknown[axis] ?? 1);
}

/**
 * The length of the one axis that a reshape works out: what the other axes leave of all entries. A multiple of a length with
 * a name has one too, so that heads in groups and apart again have the length that they had. Null where that is no whole
 * multiple of one length.
 */
function lengthLeft(all: Shape, others: readonly (Dimension | null)[]): Dimension | undefined {
  if (others.filter((size) => size === null).length !== 1) return undefined;
  let factor = 1;
  const names: string[] = [];
  for (const size of all) {
    const { times, name } = multipleOf(size);
    factor *= times;
    if (name !== null) names.push(name);
  }
  for (const size of others) {
    if (size === null) continue;
    const { times, name } = multipleOf(size);
    factor /= times;
    if (name === null) continue;
    const at = names.indexOf(name);
    if (at < 0) return undefined;
    names.splice(at, 1);
  }
  if (names.length > 1 || !Number.isInteger(factor) || factor < 1) return undefined;
  const [name] = names;
  return name === undefined ? factor : factor === 1 ? name : `${factor} × ${name}`;
}

function multipleOf(size: Dimension): { readonly times: number; readonly name: string | null } {
  if (typeof size === "number") return { times: size, name: null };
  const [, times = "1", name = size] = /^(\d+) × (.*)$/.exec(size) ?? [];
  return { times: Number(times), name };
}

function expandedShape({ unknown, list }: Question, first: Shape): Shape | undefined {
  const target = list(1)?.map((size, axis, all) => size ?? unknown[axis + unknown.length - all.length] ?? 1);
  return target === undefined ? undefined : broadcastShape([first, target], unknown);
}

/** What a body without states yields, once for each of its inputs' entries; its names of lengths are told by what it is given. */
function scannedShape({ node, inputs, output, unknown }: Question, [steps = 1]: Shape): Shape | undefined {
  const body = bodyOf(node);
  if (body === null) return undefined;
  const lengths = new Map(
    body.inputs.flatMap(({ shape }, i) =>
      shape.flatMap((size, axis) => {
        const given = inputs[i]?.[axis + 1];
        return typeof size === "string" && given !== undefined ? [[size, given] as const] : [];
      }),
    ),
  );
  const own = body.outputs[output]?.shape.map((size, axis) =>
    typeof size === "number" ? size : (lengths.get(size) ?? unknown[axis + 1] ?? size),
  );
  return own === undefined ? undefined : [steps, ...own];
}

/** 0, 1, … up to a length. */
function rangeShape({ unknown, list }: Question): Shape | undefined {
  const [start, end, step] = [0, 1, 2].map((input) => list(input)?.[0]);
  return start === 0 && step === 1 ? [end ?? unknown[0] ?? 1] : undefined;
}

/** What changes along one axis keeps the others. */
function partShape({ node, inputs, unknown, output, list, constant }: Question, first: Shape): Shape | undefined {
  const axis = dimensionOf(integerAttribute(node, "axis", 0), first.length);
  const along = (size: Dimension | undefined): Shape => first.map((own, i) => (i === axis ? (size ?? own) : own));
  if (node.op === "Compress") return along(unknown[axis]);
  if (node.op === "Split") {
    return along(list(1)?.[output] ?? unknown[axis]);
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
