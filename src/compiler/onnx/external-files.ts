import type { Graph } from "./graph.js";

/** The files that a graph's weights lie in, by the names that its external data gives them. */
export function externalFiles(graph: Graph): ReadonlySet<string> {
  return new Set(graph.initializers.flatMap(({ data }) => (data.kind === "external" ? [data.file] : [])));
}
