/** Digests of graphs that tell apart what computes otherwise, and nothing else. */
import { digestOf } from "../../src/compiler/base/digest.js";
import type { Attribute, Graph, Initializer } from "../../src/compiler/onnx/graph.js";

/**
 * Digest of what a graph computes. Its inputs and outputs keep their names, by which it is fed and its results are stored;
 * values inside are called by their places and constants by their contents, so that another name changes nothing.
 */
export function graphDigest(graph: Graph): string {
  return digestOf(graphContent(graph, new Map()));
}

function graphContent(graph: Graph, outside: ReadonlyMap<string, string>): unknown {
  const names = new Map(outside);
  for (const { name } of graph.inputs) names.set(name, `input ${name}`);
  for (const initializer of graph.initializers) names.set(initializer.name, constantKey(initializer));
  const nameOf = (value: string): string => {
    const found = names.get(value);
    // ONNX writes an optional input that is left out as "".
    if (found === undefined && value !== "") throw new RangeError(`graphDigest: nothing makes ${value}`);
    return found ?? "";
  };
  const place = outside.size;
  const nodes = graph.nodes.map(({ op, domain, inputs, outputs, attributes }, i) => {
    const read = inputs.map(nameOf);
    const own = Object.entries(attributes).map(([name, attribute]) => [name, attributeKey(attribute, names)]);
    for (const [j, output] of outputs.entries()) names.set(output, `value ${place} ${i} ${j}`);
    return [op, domain, read, outputs.length, own.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))];
  });
  return {
    opset: graph.opset,
    inputs: graph.inputs.map(({ name, type }) => [name, type]),
    nodes,
    outputs: graph.outputs.map(({ name, type }) => [name, type, nameOf(name)]),
  };
}

function attributeKey(attribute: Attribute, names: ReadonlyMap<string, string>): unknown {
  if (attribute.kind === "graph") return graphContent(attribute.value, names);
  return attribute.kind === "float" ? ["float", exact(attribute.value)] : [attribute.kind, attribute.value];
}

function constantKey({ type, shape, data }: Initializer): string {
  const content = data.kind === "inline" ? data.values.map(exact) : { ...data };
  return `constant ${digestOf([type, [...shape], content])}`;
}

/** JSON knows one zero only. */
function exact(value: number): number | string {
  return Object.is(value, -0) ? "-0" : value;
}
