/**
 * Memory of a graph's activations, from the graph itself: each value lives from the node that makes it to the last one that reads it,
 * in the order of the nodes. Where a formula would have to know what derivative rules emit, this follows what they emitted.
 */
import { bodyOf, integerAttribute } from "../onnx/attributes.js";
import { elementTypes } from "../onnx/element-types.js";
import type { Dimension, ElementType, Graph, OnnxNode, ValueInfo } from "../onnx/graph.js";
import { namesRead, takenFromOutside } from "../onnx/reads.js";
import { oneLess, valueShapes } from "../onnx/shapes.js";

/** Bytes of activations at the fullest moment of a batch of so many rows of so many positions. */
export type PeakBytes = (rows: number, positions: number) => number;

const typeBytes: Readonly<Record<ElementType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  bool: 1,
};

/** A size: a number of bytes times so many powers of rows, of positions, and of the places of a chunk. */
interface Size {
  readonly bytes: number;
  readonly rows: number;
  readonly positions: number;
  readonly places: number;
}

/** What happens at a node: bytes that come, those that a body has beside them, and bytes that go afterwards. */
interface Step {
  readonly come: readonly Size[];
  readonly body: readonly Step[];
  readonly go: readonly Size[];
  /** Whether what comes may lie where what goes lay. */
  readonly inPlace: boolean;
}

/**
 * What a graph holds. `places`: how many positions a chunk of a loop has, at most. Nothing of the graph is kept.
 */
export function peakBytesOf(graph: Graph, places: number): PeakBytes {
  const steps = stepsOf(graph);
  return (rows, positions) => {
    const chunk = Math.min(places, rows * positions);
    const of = ({ bytes, rows: r, positions: p, places: c }: Size): number =>
      bytes * rows ** r * positions ** p * chunk ** c;
    return peakOf(steps, of);
  };
}

function peakOf(steps: readonly Step[], of: (size: Size) => number): number {
  let live = 0;
  let most = 0;
  const sum = (sizes: readonly Size[]): number => sizes.reduce((total, size) => total + of(size), 0);
  for (const { come, body, go, inPlace } of steps) {
    const [added, freed] = [sum(come), sum(go)];
    const reused = inPlace ? Math.min(added, freed) : 0;
    most = Math.max(most, live + added - reused + (body.length === 0 ? 0 : peakOf(body, of)));
    live += added - freed;
  }
  return most;
}

/** Operators that write each entry of their result where an entry of an input was, if nothing else reads that. */
const entryByEntry: ReadonlySet<string> = new Set([
  ...["Abs", "Add", "Cos", "Div", "Erf", "Exp", "Log", "LogSoftmax", "Max", "Min", "Mul", "Neg", "Pow", "Relu"],
  ...["ScatterElements", "Sigmoid", "Sin", "Softmax", "Sqrt", "Sub", "Tanh", "Where"],
]);

/** Operators whose result lies where their first input lies. */
const aliases: ReadonlySet<string> = new Set(["Identity", "Reshape", "Squeeze", "Unsqueeze"]);

function stepsOf(inner: Graph, around: Around = nothing): readonly Step[] {
  const graph = withSurroundings(inner, around);
  const shapes = valueShapes(graph);
  const types = elementTypes(graph);
  const sizes = sizesOf(graph, types, shapes);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const root = new Map<string, string>();
  const rootOf = (name: string): string => root.get(name) ?? name;
  for (const { op, inputs, outputs: made } of graph.nodes)
    if (aliases.has(op)) for (const output of made) root.set(output, rootOf(inputs[0] ?? ""));
  const last = new Map<string, number>();
  graph.nodes.forEach((node, at) => {
    for (const name of [...namesRead(node), ...node.outputs]) last.set(rootOf(name), at);
  });
  for (const name of outputs) last.set(rootOf(name), Infinity);
  const going = new Map<number, Size[]>();
  for (const [name, at] of last) {
    const size = sizes.get(name);
    if (size !== undefined) going.set(at, [...(going.get(at) ?? []), size]);
  }
  return graph.nodes.map((node, at) => ({
    come: node.outputs.flatMap((output) => (root.has(output) ? [] : (sizes.get(output) ?? []))),
    body: bodySteps(node, { types, shapes }),
    go: going.get(at) ?? [],
    inPlace: entryByEntry.has(node.op),
  }));
}

/** What is known of the values of the graph around a body. */
interface Around {
  readonly types: ReadonlyMap<string, ElementType>;
  readonly shapes: ReadonlyMap<string, readonly Dimension[]>;
}

const nothing: Around = { types: new Map(), shapes: new Map() };

function bodySteps(node: OnnxNode, around: Around): readonly Step[] {
  const body = bodyOf(node);
  return body === null ? [] : stepsOf(body, around);
}

/**
 * Floating-point operations of a graph's matrix products, 2 for each multiply-add, for a batch of so many rows of so many positions. A
 * loop over chunks counts with all its places.
 */
export function productFlopsOf(graph: Graph): (rows: number, positions: number) => number {
  const products = productsOf(graph, nothing);
  return (rows, positions) =>
    products.reduce((sum, { bytes, rows: r, positions: p, places: c }) => {
      return sum + 2 * bytes * rows ** r * positions ** p * (rows * positions) ** c;
    }, 0);
}

/** The multiply-adds of each product, as sizes. */
function productsOf(inner: Graph, around: Around): readonly Size[] {
  const graph = withSurroundings(inner, around);
  const [shapes, types] = [valueShapes(graph), elementTypes(graph)];
  return graph.nodes.flatMap((node): readonly Size[] => {
    const body = bodyOf(node);
    if (body !== null) return productsOf(body, { types, shapes });
    if (node.op !== "MatMul" && node.op !== "FusedMatMul") return [];
    const [a = ""] = node.inputs;
    const [y = ""] = node.outputs;
    const inside = shapes.get(a)?.at(integerAttribute(node, "transA", 0) === 1 ? -2 : -1);
    const size = sizeOf([...(shapes.get(y) ?? []), inside ?? 1], 1);
    return size === undefined ? [] : [size];
  });
}

/** A body with what it takes from the graph around it as inputs of its own. */
function withSurroundings(graph: Graph, { types, shapes }: Around): Graph {
  const taken = [...new Set(takenFromOutside(graph))].flatMap((name): readonly ValueInfo[] => {
    const [type, shape] = [types.get(name), shapes.get(name)];
    return type === undefined || shape === undefined ? [] : [{ name, type, shape }];
  });
  return { ...graph, inputs: [...graph.inputs, ...taken] };
}

/** The sizes of what the nodes of a graph make. Where nothing tells one, it is that of the largest input. */
function sizesOf(graph: Graph, types: Around["types"], shapes: Around["shapes"]): ReadonlyMap<string, Size> {
  const sizes = new Map<string, Size>();
  for (const node of graph.nodes) {
    const [first] = node.inputs;
    for (const output of node.outputs) {
      const told = sizeOf(shapes.get(output), typeBytes[types.get(output) ?? "float32"]);
      const kept = aliases.has(node.op) ? sizes.get(first ?? "") : undefined;
      const known = told ?? kept ?? largest(node.inputs.flatMap((input) => sizes.get(input) ?? []));
      if (known !== undefined) sizes.set(output, known);
    }
  }
  return sizes;
}

function sizeOf(shape: readonly Dimension[] | undefined, bytes: number): Size | undefined {
  let size: Size = { bytes, rows: 0, positions: 0, places: 0 };
  for (const length of shape ?? ["unknown"]) {
    if (typeof length === "number") size = { ...size, bytes: size.bytes * length };
    else if (length === "row") size = { ...size, rows: size.rows + 1 };
    else if ((oneLess.of(length) ?? length) === "pos") size = { ...size, positions: size.positions + 1 };
    else if (length.endsWith(".place")) size = { ...size, places: size.places + 1 };
    else return undefined;
  }
  return size;
}

/** The one of most axes that a run decides, and of most bytes among these. */
function largest(sizes: readonly Size[]): Size | undefined {
  const order = ({ rows, positions, places, bytes }: Size): number => (rows + positions + places) * 2 ** 40 + bytes;
  return sizes.reduce<Size | undefined>(
    (most, size) => (most === undefined || order(size) > order(most) ? size : most),
    undefined,
  );
}
