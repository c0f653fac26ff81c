/** Conditions of graphs. */
import { canonicalJson } from "../base/digest.js";
import { eliminateDeadNodes, gateNames } from "../onnx/edit.js";
import type { Graph, ValueInfo } from "../onnx/graph.js";
import { verifyGraph } from "../onnx/verify.js";
import type { Condition } from "./condition.js";
import type { GraphSubject } from "./pass.js";

/** Names of the values that the nodes of a graph compute. */
export function computedValues(graph: Graph): ReadonlySet<string> {
  return new Set(graph.nodes.flatMap(({ outputs }) => outputs));
}

export const isWellFormed: Condition<GraphSubject> = {
  name: "is-well-formed",
  says: "the graph verifies",
  violations: ({ graph }) => verifyGraph(graph),
};

export const hasNoDeadNodes: Condition<GraphSubject> = {
  name: "has-no-dead-nodes",
  says: "the outputs need each node, initializer and input",
  violations({ graph }) {
    const lean = eliminateDeadNodes(graph);
    const needed = new Set([
      ...computedValues(lean),
      ...[...lean.initializers, ...lean.inputs].map(({ name }) => name),
    ]);
    const there = [
      ...graph.nodes.map(({ outputs }) => outputs),
      ...[...graph.initializers, ...graph.inputs].map(({ name }) => [name]),
    ];
    return there.flatMap((names) => (names.some((name) => needed.has(name)) ? [] : [`nothing needs ${names.join()}`]));
  },
};

export const keepsInterface: Condition<GraphSubject> = {
  name: "keeps-interface",
  says: "inputs and outputs are those of the graph before any pass",
  violations({ graph, lowered }) {
    const missing = (some: readonly ValueInfo[], others: readonly ValueInfo[], what: string): readonly string[] => {
      const known = new Set(others.map((info) => canonicalJson({ ...info })));
      return some.flatMap((info) => (known.has(canonicalJson({ ...info })) ? [] : [`${info.name} is ${what}`]));
    };
    return [
      ...missing(lowered.inputs, graph.inputs, "no input any more"),
      ...missing(graph.inputs, lowered.inputs, "a new input"),
      ...missing(lowered.outputs, graph.outputs, "no output any more"),
      ...missing(graph.outputs, lowered.outputs, "a new output"),
    ];
  },
};

/** What holds of every graph. */
export const ofEveryGraph: readonly Condition<GraphSubject>[] = [isWellFormed, hasNoDeadNodes, keepsInterface];

export const hasNoBodies: Condition<GraphSubject> = {
  name: "has-no-bodies",
  says: "no node runs a graph of its own",
  violations: ({ graph }) =>
    graph.nodes
      .filter(({ attributes }) => Object.values(attributes).some(({ kind }) => kind === "graph"))
      .map(({ op, outputs }) => `${op} "${outputs.join()}" has a body`),
};

export const restrictedAreComputed: Condition<GraphSubject> = {
  name: "restricted-are-computed",
  says: "the values known to have fewer positions are values of the graph",
  violations({ graph, restricted }) {
    const computed = computedValues(graph);
    return [...restricted.keys()].flatMap((name) => (computed.has(name) ? [] : [`${name} is not computed`]));
  },
};

export const gatesSeeAllPositions: Condition<GraphSubject> = {
  name: "gates-see-all-positions",
  says: "a value with a gate has all positions, before the gate and after it",
  violations({ graph, model, restricted }) {
    const computed = computedValues(graph);
    return Object.values(model.values).flatMap((value) => {
      const { gated } = gateNames(value, "");
      if (!computed.has(gated)) return [];
      return [value, gated].flatMap((name) => (restricted.has(name) ? [`${name} has fewer positions`] : []));
    });
  },
};

/** What lowering ensures of a graph before any pass. */
export const ofLoweredGraph: readonly Condition<GraphSubject>[] = [
  ...ofEveryGraph,
  hasNoBodies,
  restrictedAreComputed,
  gatesSeeAllPositions,
];
