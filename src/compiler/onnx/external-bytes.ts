import type { Graph } from "./graph.js";

/** Bytes of a graph's weights that stay in their files and are mapped when it is opened; inline constants do not count. */
export function externalBytes(graph: Graph): number {
  return graph.initializers.reduce((sum, { data }) => sum + (data.kind === "external" ? data.length : 0), 0);
}
