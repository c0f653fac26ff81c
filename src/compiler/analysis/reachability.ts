/** Which values of a graph others are computed from. */
import type { Graph } from "../onnx/graph.js";
import { producersIn } from "../onnx/producers.js";

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
