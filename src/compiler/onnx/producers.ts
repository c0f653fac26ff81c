import { perObject } from "../base/per-object.js";
import type { Graph, OnnxNode } from "./graph.js";

/** The nodes of a graph by the values that they compute. Made once for each graph, which is asked again and again. */
export const producersIn = perObject(
  (graph: Graph): ReadonlyMap<string, OnnxNode> =>
    new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const))),
);
