/**
 * Makes one loop of two over the same entries, of which the later one computes what the earlier one does, too: as the loop that a
 * derivative rule makes of another. A loss and its gradient then go over the vocabulary once.
 */
import { bodyOf, int, subgraph } from "../onnx/attributes.js";
import { createGraphBuilder, type GraphBuilder } from "../onnx/builder.js";
import { appendNodes } from "../onnx/edit.js";
import type { Graph, OnnxNode } from "../onnx/graph.js";
import { integers } from "../onnx/lists.js";
import { inOrder } from "../onnx/order.js";
import { namesRead } from "../onnx/reads.js";

/** The graph with such loops merged, in topological order. */
export function mergeScans(graph: Graph): Graph {
  let merged = graph;
  for (;;) {
    const found = mergeable(merged.nodes);
    if (found === null) return merged;
    const { earlier, later, shaped } = found;
    const one = mergedScan(earlier, later);
    const [read, copies, constants] = shaped.length === 0 ? [merged.nodes, [], []] : likeResults(merged, found);
    const nodes = [...copies, ...read.filter((node) => node !== earlier).map((node) => (node === later ? one : node))];
    merged = appendNodes({ ...merged, nodes: inOrder(nodes) }, [], constants);
  }
}

interface Pair {
  readonly earlier: OnnxNode;
  readonly later: OnnxNode;
  /** The nodes before the later loop that read the shapes, and nothing else, of what the earlier one leads to. */
  readonly shaped: readonly OnnxNode[];
}

function mergeable(nodes: readonly OnnxNode[]): Pair | null {
  const scans = nodes.filter(({ op }) => op === "Scan");
  for (const [i, earlier] of scans.entries()) {
    for (const later of scans.slice(i + 1)) {
      const shaped = contains(later, earlier) ? readShapes(nodes, later, earlier) : null;
      if (shaped !== null) return { earlier, later, shaped };
    }
  }
  return null;
}

/** Whether a loop reads what another reads, first and in the same order, and what both compute is computed alike. */
function contains(later: OnnxNode, earlier: OnnxNode): boolean {
  const [whole, part] = [bodyOf(later), bodyOf(earlier)];
  if (whole === null || part === null) return false;
  const same = (own: readonly unknown[], other: readonly unknown[]): boolean =>
    JSON.stringify(own.slice(0, other.length)) === JSON.stringify(other);
  if (!same(later.inputs, earlier.inputs) || !same(whole.inputs, part.inputs)) return false;
  const known = new Map(whole.nodes.map((node) => [node.outputs[0], JSON.stringify(node)]));
  // What the later one does not need of the earlier one's, it does not compute.
  return part.nodes.every((node) => (known.get(node.outputs[0]) ?? JSON.stringify(node)) === JSON.stringify(node));
}

/** Operators whose results' shapes depend on values, and not on shapes alone. */
const shapedByValues: ReadonlySet<string> = new Set(["Compress", "NonZero", "Range", "Scan"]);

/** Null where the later loop needs values of the earlier one; otherwise the nodes that read shapes for it. */
function readShapes(nodes: readonly OnnxNode[], later: OnnxNode, earlier: OnnxNode): readonly OnnxNode[] | null {
  const reached = new Set(earlier.outputs);
  const shaped: OnnxNode[] = [];
  for (const node of nodes) {
    if (!namesRead(node).some((name) => reached.has(name))) continue;
    if (node === later) return null;
    if (node.op === "Shape") shaped.push(node);
    else for (const output of node.outputs) reached.add(output);
  }
  const needed = new Set(namesRead(later));
  for (const node of [...nodes].reverse()) {
    if (node.outputs.some((output) => needed.has(output))) for (const name of namesRead(node)) needed.add(name);
  }
  return shaped.filter(({ outputs }) => outputs.some((output) => needed.has(output)));
}

/**
 * The nodes with these shapes read from zeros as large as the results of the earlier loop, taken the same way: what is asked is known
 * before the loop is run.
 */
function likeResults(
  graph: Graph,
  { earlier, shaped }: Pair,
): readonly [read: readonly OnnxNode[], copies: readonly OnnxNode[], constants: Graph["initializers"]] {
  const reached = new Set(earlier.outputs);
  const behind = graph.nodes.filter((node) => {
    if (node === earlier || !namesRead(node).some((name) => reached.has(name))) return false;
    for (const output of node.outputs) reached.add(output);
    return true;
  });
  const needed = new Set(shaped.flatMap(namesRead));
  const copied: OnnxNode[] = [];
  for (const node of behind.reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    if (shapedByValues.has(node.op)) throw new RangeError(`mergeScans: the shape of a ${node.op} depends on values`);
    copied.push(node);
    for (const name of namesRead(node)) if (reached.has(name)) needed.add(name);
  }
  const prefix = `${earlier.outputs[0] ?? ""}/like/`;
  const like = (name: string): string => (reached.has(name) && needed.has(name) ? `${prefix}${name}` : name);
  const copies = copied.reverse().map((node) => ({
    ...node,
    inputs: node.inputs.map(like),
    outputs: node.outputs.map(like),
  }));
  const builder = createGraphBuilder(prefix);
  const scope = builder.scope(prefix);
  for (const [i, name] of earlier.outputs.entries()) {
    if (needed.has(name)) zerosLike(scope, earlier, i, like(name));
  }
  const zeros = builder.finish();
  const asked = new Set(shaped);
  const read = graph.nodes.map((node) => (asked.has(node) ? { ...node, inputs: node.inputs.map(like) } : node));
  return [read, [...zeros.nodes, ...copies], zeros.initializers];
}

/** Zeros of the shape of what a loop yields: as many as its entries, each as large as its body says. */
function zerosLike(builder: GraphBuilder, scan: OnnxNode, output: number, name: string): void {
  const body = bodyOf(scan);
  const lengths = new Map(
    body?.inputs.flatMap(({ shape }, i) => shape.map((size, axis) => [size, { i, axis: axis + 1 }] as const)),
  );
  const length = (i: number, axis: number): string =>
    builder.node("Shape", [scan.inputs[i] ?? ""], { start: int(axis), end: int(axis + 1) });
  const sizes = body?.outputs[output]?.shape.map((size) => {
    if (typeof size === "number") return integers(builder, size);
    const place = lengths.get(size);
    if (place === undefined) throw new RangeError(`mergeScans: nothing tells the length ${size}`);
    return length(place.i, place.axis);
  });
  const shape = builder.node("Concat", [length(0, 0), ...(sizes ?? [])], { axis: int(0) });
  builder.node("Expand", [builder.constant("float32", [], [0]), shape], {}, name);
}

function mergedScan(earlier: OnnxNode, later: OnnxNode): OnnxNode {
  const [whole, part] = [bodyOf(later), bodyOf(earlier)];
  if (whole === null || part === null) throw new RangeError("both are loops");
  const own = new Set(part.nodes.map(({ outputs: [name] }) => name));
  const nodes = [...part.nodes, ...whole.nodes.filter(({ outputs: [name] }) => !own.has(name))];
  const body = { ...whole, nodes, outputs: [...whole.outputs, ...part.outputs] };
  const attributes = { ...later.attributes, num_scan_inputs: int(later.inputs.length), body: subgraph(body) };
  return { ...later, outputs: [...later.outputs, ...earlier.outputs], attributes };
}
