/** Which values of a graph others are computed from. */
import type { Graph, OnnxNode } from "../onnx/graph.js";

/** Nodes by what they compute, of graphs that were asked about before: a protocol asks once for each experiment. */
const known = new WeakMap<Graph, ReadonlyMap<string, OnnxNode>>();

function producersIn(graph: Graph): ReadonlyMap<string, OnnxNode> {
  const before = known.get(graph);
  if (before !== undefined) return before;
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  known.set(graph, producers);
  return producers;
}

/** Names of every value that at least one of `values` is computed from, themselves included. */
export function ancestors(graph: Graph, values: Iterable<string>): ReadonlySet<string> {
  const producers = producersIn(graph);
  const found = new Set<string>();
  const waiting = [...values];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    waiting.push(...(producers.get(name)?.inputs ?? []));
  }
  return found;
}
