/** A part of the model once more, from another value of the residual stream: what a path patch puts into its receiver. */
import type { Graph, OnnxNode } from "../onnx/graph.js";
import { namesRead } from "../onnx/reads.js";

/** The graph with what is made of weights alone, such as their casts, at its front, so that a copy may read it anywhere. */
export function weightsFirst(graph: Graph): Graph {
  const known = new Set(graph.initializers.map(({ name }) => name));
  const isOfWeights = (node: OnnxNode): boolean => namesRead(node).every((name) => name === "" || known.has(name));
  const first = graph.nodes.filter((node) => {
    if (!isOfWeights(node)) return false;
    for (const output of node.outputs) known.add(output);
    return true;
  });
  const moved = new Set(first);
  return { ...graph, nodes: [...first, ...graph.nodes.filter((node) => !moved.has(node))] };
}

/**
 * The nodes that compute `target` from `source` in a model's graph, copied so that they read `value` instead of `source`.
 * What they read beside it, weights and constants, is that of the graph. The operators are the model's own, in its order,
 * so that the same stream gives the same bits.
 *
 * @param prefix of the names of the copies.
 * @returns the nodes, and the name of the copy of `target`.
 * @throws RangeError when `target` does not depend on `source` (a fault of ours)
 */
export function recompute(
  graph: Graph,
  { source, target, value, prefix }: { readonly source: string; readonly target: string; readonly value: string; readonly prefix: string }, // prettier-ignore
): { readonly nodes: readonly OnnxNode[]; readonly value: string } {
  const behind = new Set([source]);
  const between: OnnxNode[] = [];
  for (const node of graph.nodes) {
    if (!namesRead(node).some((name) => behind.has(name))) continue;
    between.push(node);
    for (const output of node.outputs) behind.add(output);
  }
  if (!behind.has(target)) throw new RangeError(`recompute: "${target}" does not depend on "${source}"`);
  const needed = new Set([target]);
  const kept: OnnxNode[] = [];
  for (const node of between.reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    kept.push(node);
    for (const name of namesRead(node)) if (name !== source && behind.has(name)) needed.add(name);
  }
  const own = new Set(kept.flatMap(({ outputs }) => outputs));
  const renamed = (name: string): string => (name === source ? value : own.has(name) ? `${prefix}/${name}` : name);
  const nodes = kept.reverse().map((node) => ({
    ...node,
    inputs: node.inputs.map(renamed),
    outputs: node.outputs.map(renamed),
  }));
  return { nodes, value: renamed(target) };
}
