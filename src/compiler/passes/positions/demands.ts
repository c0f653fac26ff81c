/** Which positions of every value the readers need, from the outputs of a graph back to its inputs. */
import type { Graph, OnnxNode } from "../../onnx/graph.js";
import { dimensionOf, integerAttribute } from "../../onnx/attributes.js";
import { isCuttable, isPositional, isPositionalList, sliceOf, type Layout, type Layouts } from "./layout.js";
import { namesRead } from "../../onnx/reads.js";
import { mergeDemands, rangeOfSlice, samePart, type Demand, type Part } from "./range.js";
import { needsOf, type Need } from "./rules.js";

/** A node that computes only a part of its outputs, and what it reads for that. */
export interface RestrictedNode {
  readonly part: Part;
  readonly needs: readonly Need[];
}

/** By their index in the graph, the nodes that compute fewer positions. */
export function restrictedNodes(graph: Graph, layouts: Layouts): ReadonlyMap<number, RestrictedNode> {
  const whole = new Set<number>();
  for (;;) {
    const found = demandedNodes(graph, layouts, whole);
    const parts = partsOf(graph, found);
    // Positions can be cut out of most tensors, but a list that says how many there are is the one or the other, and so
    // are queries of stacked heads.
    const torn = [...found].filter(([index, { needs }]) =>
      needs.some((need) => {
        const name = graph.nodes[index]?.inputs[need.input] ?? "";
        return !canCut(layouts.get(name), need) && !samePart(parts.get(name), need);
      }),
    );
    if (torn.length === 0) return found;
    for (const [index] of torn) whole.add(index);
  }
}

function canCut(layout: Layout | undefined, { dimension }: Part): boolean {
  return !isPositionalList(layout) && isCuttable(layout?.dimensions[dimension]);
}

/** The part that is computed of each value of which not everything is. */
export function partsOf(graph: Graph, nodes: ReadonlyMap<number, RestrictedNode>): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>();
  for (const [index, { part }] of nodes) {
    for (const output of graph.nodes[index]?.outputs ?? []) parts.set(output, part);
  }
  return parts;
}

/** One walk from the outputs to the inputs; the nodes in `whole` compute everything. */
function demandedNodes(graph: Graph, layouts: Layouts, whole: ReadonlySet<number>): Map<number, RestrictedNode> {
  const demands = new Map<string, Demand>(graph.outputs.map((output) => [output.name, "all"]));
  const demand = (name: string, wanted: Demand): void => {
    const merged = mergeDemands(demands.get(name), wanted);
    if (merged !== undefined) demands.set(name, merged);
  };
  const restricted = new Map<number, RestrictedNode>();
  for (let index = graph.nodes.length - 1; index >= 0; index--) {
    const node = graph.nodes[index];
    if (node === undefined) continue;
    const wanted = node.outputs.map((name) => demands.get(name)).reduce(mergeDemands, undefined);
    const part = wanted === undefined || wanted === "all" || whole.has(index) ? null : wanted;
    const needs = part === null ? null : needsOf(node, part, layouts);
    if (part !== null && needs !== null) restricted.set(index, { part, needs });
    // What a body takes from the graph around it is read as a whole.
    for (const name of namesRead(node)) if (!node.inputs.includes(name)) demand(name, "all");
    node.inputs.forEach((name, input) => {
      const own = needs?.filter((need) => need.input === input) ?? [];
      for (const need of own) demand(name, { dimension: need.dimension, range: need.range });
      if (own.length > 0 || isIndifferent(node, input, layouts)) return;
      demand(name, (needs === null ? takenBySlice(node, input, layouts) : null) ?? "all");
    });
  }
  return restricted;
}

/** The positions that a Slice takes of its input. */
function takenBySlice(node: OnnxNode, input: number, layouts: Layouts): Part | null {
  const taken = input === 0 ? sliceOf(node, layouts) : null;
  if (taken === null) return null;
  const { dimension, start, end } = taken;
  const range = rangeOfSlice(start, end);
  const length = layouts.get(node.inputs[0] ?? "")?.dimensions[dimension];
  return range !== null && isCuttable(length) ? { dimension, range } : null;
}

/** Whether a node reads the sizes of an input only, and none that depends on positions. */
function isIndifferent(node: OnnxNode, input: number, layouts: Layouts): boolean {
  const layout = layouts.get(node.inputs[input] ?? "");
  if (layout === undefined) return false;
  if (node.op === "Shape") {
    const rank = layout.dimensions.length;
    const [start, end] = [integerAttribute(node, "start", 0), integerAttribute(node, "end", rank)];
    return !layout.dimensions.slice(dimensionOf(start, rank), dimensionOf(end, rank)).some(isPositional);
  }
  const result = layouts.get(node.outputs[0] ?? "")?.list;
  if (node.op !== "Gather" || input !== 0 || !isPositionalList(layout) || result === undefined) return false;
  return result?.every((entry) => !isPositional(entry.length)) ?? false;
}
