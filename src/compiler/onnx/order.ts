import type { OnnxNode } from "./graph.js";
import { namesRead } from "./reads.js";

/**
 * Nodes so that each stands behind what it reads; otherwise they keep their order.
 *
 * @throws RangeError when nodes depend on each other (a fault of ours)
 */
export function inOrder(nodes: readonly OnnxNode[]): readonly OnnxNode[] {
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const there = new Set<string>();
  const ordered: OnnxNode[] = [];
  let waiting = nodes;
  while (waiting.length > 0) {
    const left = waiting.filter((node) => {
      if (namesRead(node).some((name) => made.has(name) && !there.has(name))) return true;
      ordered.push(node);
      for (const output of node.outputs) there.add(output);
      return false;
    });
    if (left.length === waiting.length) throw new RangeError("inOrder: nodes depend on each other");
    waiting = left;
  }
  return ordered;
}
