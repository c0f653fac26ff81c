import type { Graph, OnnxNode } from "./graph.js";

/** Names of every value that a node reads: its inputs, and what its body takes from the graph around it. */
export function namesRead(node: OnnxNode): readonly string[] {
  const taken = Object.values(node.attributes).flatMap((attribute) =>
    attribute.kind === "graph" ? takenFromOutside(attribute.value) : [],
  );
  return taken.length === 0 ? node.inputs : [...new Set([...node.inputs, ...taken])];
}

/** Names of every value that the nodes of a graph read and that it does not have itself: what a body takes from around it. */
export function takenFromOutside(body: Graph): readonly string[] {
  const own = new Set([
    ...[...body.inputs, ...body.initializers].map(({ name }) => name),
    ...body.nodes.flatMap((node) => node.outputs),
  ]);
  return body.nodes.flatMap(namesRead).filter((name) => name !== "" && !own.has(name));
}
