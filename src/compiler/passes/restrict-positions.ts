/**
 * Restrict positions: what is read at the last positions of a text only (a logit difference, a window of values) is
 * computed at these only, back to where attention mixes positions; the unembedding, the last norm, the last layer's MLP
 * and output projection and its queries are not computed for the others.
 *
 * The outputs are the same for every text, those that are too short for what is measured included. Intermediate values
 * keep their names and have fewer positions.
 *
 * A value with a gate, and the value after the gate, keep all positions, because the gate reports its change over all.
 *
 * The numbers: every position that is left is computed by the same operators from the same numbers, in matrix products
 * of fewer rows, but of two at least (see `rangeOfSlice`). onnxruntime's float32 products add the terms of an element in
 * an order that does not depend on the number of rows where there are two or more, and two or more columns; its sums
 * along rows of a whole number of cache lines (16 numbers) do not either. So the bits are the same for such widths on a
 * processor. For other widths, and on devices that choose a product's code by its shape, the order in which the n terms
 * of a sum are added may change, and with it the sum by at most n · 2⁻²³ · Σ|terms|.
 */
import type { ModelGraph } from "../models/model.js";
import { inlineConstant } from "../onnx/constants.js";
import { appendNodes } from "../onnx/edit.js";
import type { Graph, Initializer, OnnxNode } from "../onnx/graph.js";
import { domainOf } from "../onnx/operators.js";
import { toTheEnd } from "../operations/lowering.js";
import { gatesSeeAllPositions, hasNoBodies, restrictedAreComputed } from "./graph-conditions.js";
import type { GraphPass, KnownGraph } from "./pass.js";
import { partsOf, restrictedNodes } from "./positions/demands.js";
import { isPositionalList } from "./positions/layout.js";
import { layoutsOf } from "./positions/layouts.js";
import { samePart, type Part, type PositionRange } from "./positions/range.js";

export const restrictPositionsPass = {
  kind: "graph",
  name: "restrict-positions",
  does: "computes values only at the positions that are read",
  setting: "restrictPositions",
  requires: [hasNoBodies],
  ensures: [restrictedAreComputed, gatesSeeAllPositions],
  invalidates: [],
  apply: (known, model) => ({ ...known, ...restrictPositions(known.graph, model) }),
} as const satisfies GraphPass;

/** A graph that computes fewer positions, and the values of which it computes fewer, by name and in graph order. */
export type RestrictedGraph = Pick<KnownGraph, "graph" | "restricted">;

/** Leaves out the positions that nothing reads; the graph itself when there are none. `model`: where its sites are. */
export function restrictPositions(graph: Graph, model: ModelGraph): RestrictedGraph {
  const layouts = layoutsOf(graph, model);
  const restricted = restrictedNodes(graph, layouts);
  if (restricted.size === 0) return { graph, restricted: new Map() };
  const parts = partsOf(graph, restricted);
  const nodes: OnnxNode[] = [];
  const constants: Initializer[] = [];
  const taken = new Map<string, string>();

  /** A part of a value: itself where just that is computed, otherwise a Slice of it. */
  function take(value: string, part: Part): string {
    if (samePart(parts.get(value), part)) return value;
    const name = `${value}/${part.range.side} ${part.range.count} of ${part.dimension}`;
    const known = taken.get(name);
    if (known !== undefined) return known;
    const { side, count } = part.range;
    const bounds = [side === "last" ? -count : 0, side === "last" ? toTheEnd : count, part.dimension];
    const numbers = bounds.map((bound) => inlineConstant("int64", [1], [bound]));
    constants.push(...numbers);
    const inputs = [value, ...numbers.map((constant) => constant.name)];
    nodes.push({ op: "Slice", domain: domainOf("Slice"), inputs, outputs: [name], attributes: {} });
    taken.set(name, name);
    return name;
  }

  graph.nodes.forEach((node, index) => {
    const needs = restricted.get(index)?.needs ?? [];
    const inputs = node.inputs.map((name, input) => {
      const need = needs.find((candidate) => candidate.input === input);
      return need === undefined ? name : take(name, need);
    });
    nodes.push({ ...node, inputs });
  });
  const fewer = graph.nodes.flatMap(({ outputs }) =>
    outputs.flatMap((name): readonly (readonly [string, PositionRange])[] => {
      const part = parts.get(name);
      return part === undefined || isPositionalList(layouts.get(name)) ? [] : [[name, part.range]];
    }),
  );
  return { graph: appendNodes({ ...graph, nodes }, [], constants), restricted: new Map(fewer) };
}
