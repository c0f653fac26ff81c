/**
 * Less memory for the way back: of the way there only some values are kept, and what lies between two of them is computed again when
 * the gradient comes to it (Griewank & Walther 2000, "Revolve"; Chen et al. 2016). Everything stays one graph. The operators
 * and their order are those of the way there, from a copy of the kept value, so that the bits are the same.
 *
 * The copy waits for the gradient of the next kept value: it is the kept value and no row of that gradient, put together. Without
 * that, onnxruntime would find that both ways compute the same, and do it once; and it could do it early.
 */
import { bodyOf, int } from "../onnx/attributes.js";
import { createGraphBuilder } from "../onnx/builder.js";
import { appendNodes } from "../onnx/edit.js";
import type { Graph, OnnxNode } from "../onnx/graph.js";
import { integers } from "../onnx/lists.js";
import { inOrder } from "../onnx/order.js";
import { ancestors, descendants } from "../onnx/reachability.js";
import { namesRead } from "../onnx/reads.js";

export interface Checkpoints {
  /** Values that are kept, in the graph's order, each computed from the one before it. */
  readonly checkpoints: readonly string[];
  /** Their gradients; where one has none, what lies before it is not differentiated. */
  readonly gradients: ReadonlyMap<string, string>;
  /** Values of the way back. */
  readonly late: ReadonlySet<string>;
  /** Of the names of what is computed again, which no value of the graph has. */
  readonly prefix: string;
}

/**
 * The graph in which the way back, and what follows it, reads values computed again. What lies behind the last checkpoint is kept:
 * the way back begins there.
 */
export function computedAgain(graph: Graph, { checkpoints, gradients, late, prefix }: Checkpoints): Graph {
  const behind = descendants(graph, late);
  const segments = segmentsOf(graph, checkpoints, behind);
  const builder = createGraphBuilder("again");
  const copies: OnnxNode[] = [];
  let nodes = graph.nodes;
  checkpoints.slice(0, -1).forEach((kept, i) => {
    const gradient = gradients.get(checkpoints[i + 1] ?? "");
    if (gradient === undefined) return;
    const inside = (name: string): boolean => segments.get(name) === i && name !== checkpoints[i + 1];
    const before = ancestors(graph, [gradient]);
    const readers = new Set(
      graph.nodes.filter(
        ({ inputs, outputs }) =>
          behind.has(outputs[0] ?? "") && !outputs.some((output) => before.has(output)) && inputs.some(inside),
      ),
    );
    const needed = new Set([...readers].flatMap(({ inputs }) => inputs.filter(inside)));
    const again: OnnxNode[] = [];
    for (const node of [...graph.nodes].reverse()) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      again.push(node);
      for (const name of namesRead(node)) if (inside(name)) needed.add(name);
    }
    if (again.length === 0 || again.some((node) => bodyOf(node) !== null)) return;
    const scope = builder.scope(`${prefix}/${i}`);
    const none = scope.node("Slice", [gradient, integers(scope, 0), integers(scope, 0), integers(scope, 0)]);
    const copy = scope.node("Concat", [kept, none], { axis: int(0) });
    const made = new Set(again.flatMap(({ outputs }) => outputs));
    const renamed = (name: string): string => (made.has(name) ? `${prefix}/${i}/${name}` : name);
    const read = (name: string): string => (name === kept ? copy : renamed(name));
    for (const node of again.reverse())
      copies.push({ ...node, inputs: node.inputs.map(read), outputs: node.outputs.map(renamed) });
    const outputs = new Set([...readers].map((node) => node.outputs[0]));
    nodes = nodes.map((node) => (outputs.has(node.outputs[0]) ? { ...node, inputs: node.inputs.map(renamed) } : node));
  });
  if (copies.length === 0) return graph;
  const made = builder.finish();
  const whole = inOrder([...nodes, ...made.nodes, ...copies]);
  return appendNodes({ ...graph, nodes: whole }, [], made.initializers);
}

/** Value of the way there → the number of the last checkpoint that it is computed from. */
function segmentsOf(
  graph: Graph,
  checkpoints: readonly string[],
  behind: ReadonlySet<string>,
): ReadonlyMap<string, number> {
  const numbers = new Map(checkpoints.map((name, i) => [name, i]));
  const segments = new Map<string, number>();
  for (const node of graph.nodes) {
    if (node.outputs.some((output) => behind.has(output))) continue;
    const own = Math.max(-1, ...namesRead(node).map((name) => numbers.get(name) ?? segments.get(name) ?? -1));
    for (const output of node.outputs) segments.set(output, own);
  }
  return segments;
}
