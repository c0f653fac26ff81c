import type { Graph, OnnxNode } from "./graph.js";
import { operators } from "./operators.js";

/**
 * Faults of a graph, one sentence each; an empty list means that the graph is well formed: every name is defined once
 * and before its uses (nodes are in topological order), outputs exist, operators are known with the right number of
 * inputs and outputs, and no value is both input and initializer (onnxruntime-node would silently ignore its feed).
 * Bodies of nodes are verified too: they may read what is defined before their node, and define none of it again.
 * A fault is ours, never the user's, so callers may throw.
 */
export function verifyGraph(graph: Graph): readonly string[] {
  return faultsOf(graph, new Set());
}

/** Faults of a graph inside which the names `around` are known. */
function faultsOf(graph: Graph, around: ReadonlySet<string>): readonly string[] {
  const faults: string[] = [];
  const defined = new Set<string>(around);
  const define = (name: string, what: string): void => {
    if (name === "") faults.push(`${what} has no name`);
    if (defined.has(name)) faults.push(`${what} "${name}" is defined more than once`);
    defined.add(name);
  };
  for (const initializer of graph.initializers) {
    define(initializer.name, "initializer");
    const size = initializer.shape.reduce((product, dimension) => product * dimension, 1);
    if (initializer.data.kind === "inline" && initializer.data.values.length !== size) {
      faults.push(`initializer "${initializer.name}" has ${initializer.data.values.length} values for ${size} places`);
    }
  }
  for (const input of graph.inputs) {
    if (graph.initializers.some((initializer) => initializer.name === input.name)) {
      faults.push(`"${input.name}" is both an input and an initializer`);
    } else {
      define(input.name, "input");
    }
  }
  for (const node of graph.nodes) {
    for (const name of node.inputs) {
      if (name !== "" && !defined.has(name)) faults.push(`${describe(node)} reads "${name}", which is not defined yet`);
    }
    for (const attribute of Object.values(node.attributes)) {
      if (attribute.kind === "graph") faults.push(...faultsOf(attribute.value, defined));
    }
    for (const name of node.outputs) if (name !== "") define(name, "value");
    faults.push(...operatorFaults(node));
  }
  const outputs = new Set<string>();
  for (const output of graph.outputs) {
    if (!defined.has(output.name)) faults.push(`output "${output.name}" does not exist`);
    if (outputs.has(output.name)) faults.push(`output "${output.name}" is listed more than once`);
    outputs.add(output.name);
  }
  return faults;
}

function describe(node: OnnxNode): string {
  return `${node.op} "${node.outputs[0] ?? ""}"`;
}

function operatorFaults(node: OnnxNode): readonly string[] {
  const description = operators[node.op];
  if (description === undefined) return [`${describe(node)}: unknown operator`];
  const faults: string[] = [];
  const check = (what: string, count: number, [minimum, maximum]: readonly [number, number]): void => {
    if (count < minimum || count > maximum) faults.push(`${describe(node)} has ${count} ${what}`);
  };
  check("inputs", node.inputs.length, description.inputs);
  check("outputs", node.outputs.length, description.outputs);
  if (description.domain !== node.domain) faults.push(`${describe(node)} is in the domain "${node.domain}"`);
  for (const name of Object.keys(node.attributes)) {
    if (!description.attributes.includes(name)) faults.push(`${describe(node)} has no attribute ${name}`);
  }
  return faults;
}

/** The graph itself when it is well formed. @throws Error that lists the faults: a fault of ours. */
export function assertGraph(graph: Graph): Graph {
  const faults = verifyGraph(graph);
  if (faults.length > 0) throw new Error(`graph "${graph.name}" is not well formed:\n  ${faults.join("\n  ")}`);
  return graph;
}
