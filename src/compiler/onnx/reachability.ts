/** Which values of a graph are computed from which. */
import type { Graph } from "./graph.js";
import { producersIn } from "./producers.js";
import { namesRead } from "./reads.js";

/** Names of every value that at least one of `values` is computed from, themselves included. */
export function ancestors(graph: Graph, values: Iterable<string>): ReadonlySet<string> {
  const producers = producersIn(graph);
  const found = new Set<string>();
  const waiting = [...values];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    const node = producers.get(name);
    if (node !== undefined) waiting.push(...namesRead(node));
  }
  return found;
}

/** Names of every value that is computed from at least one of `values`, themselves included. */
export function descendants(graph: Graph, values: Iterable<string>): ReadonlySet<string> {
  const found = new Set(values);
  for (const node of graph.nodes)
    if (namesRead(node).some((name) => found.has(name))) for (const output of node.outputs) found.add(output);
  return found;
}
